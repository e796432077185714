// A caller without an offer, whose call rings at several phones: each makes an offer in a reliable
// provisional response, which its PRACK has to answer (RFC 3262 §5). The caller has one dialog and
// so can answer one; the others wait with nothing to hear (RFC 3264 §6).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob 1 1 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view mobile_sdp = "v=0\r\no=mob 1 1 IN IP4 h\r\nm=audio 6000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol 1 1 IN IP4 h\r\nm=audio 7000 RTP/AVP 0\r\n";

struct Asked {
    Asked()
    {
        alice.supported = OptionTag::reliable;
        alice.sends(INVITE, "102", "");
        to_bob = bob.receives(INVITE).without_body();
        to_mobile = mobile.receives(INVITE).without_body();
        bob.replies_reliably(183, 7, bob_sdp);
        alice.receives(183U).reliable().with(bob_sdp);
    }

    void alice_answers_bob(std::string_view sdp = alice_sdp)
    {
        alice.sends(PRACK, session_payload(std::string{sdp}));
        bob.replies_to(bob.receives(PRACK).with(sdp), 200);
        alice.receives(200U);
    }

    void mobile_offers(std::string_view sdp = mobile_sdp)
    {
        mobile.replies_reliably(183, 9, sdp);
        alice.receives(183U).reliable().without_body();
        alice.sends(PRACK);
        auto asked = mobile.receives(PRACK);
        CHECK(asked.body().find("m=audio 9 ") != std::string::npos);
        CHECK(asked.body().find("a=inactive") != std::string::npos);
        mobile.replies_to(asked, 200);
        alice.receives(200U);
    }

    /// `phone` has answered, and its offer is the caller's now.
    void is_joined(Phone& phone, std::string_view sdp)
    {
        phone.receives(INVITE).without_body();
        phone.replies(200, sdp);
        alice.receives(INVITE).with(sdp);
        alice.replies(200, alice_sdp);
        alice.receives(ACK);
        phone.receives(ACK).with(alice_sdp);
    }

    void ends(Phone& other)
    {
        for (const auto& leg : pbx.view().calls.at(0).legs) CHECK_FALSE(leg.held);
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    Scenario pbx{{group("sales", {"102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& mobile = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Arrived to_bob, to_mobile;
};

}  // namespace

TEST_CASE("the first of several early offers is the caller's: its phone answers the call")
{
    Asked call;
    call.alice_answers_bob();
    call.mobile_offers();
    SUBCASE("and says no more of its session")
    {
        call.bob.replies_to(call.to_bob, 200);
        call.alice.receives(200U).without_body();
    }
    SUBCASE("and repeats its session")
    {
        call.bob.replies_to(call.to_bob, 200, bob_sdp);
        call.alice.receives(200U).with(bob_sdp);
    }
    call.mobile.receives(CANCEL);
    call.bob.receives(ACK).without_body();
    call.ends(call.bob);
}

namespace {

void mobile_answers_the_call(Asked& call)
{
    const auto says = [&](std::string_view sdp) {
        call.mobile.replies_to(call.to_mobile, 200, sdp);
        call.alice.receives(200U).without_body();
        call.bob.receives(CANCEL);
        call.mobile.receives(ACK).without_body();
        call.is_joined(call.mobile, mobile_sdp);
        call.ends(call.mobile);
    };
    SUBCASE("with its session")
    {
        says(mobile_sdp);
    }
    SUBCASE("without")
    {
        says({});
    }
}

}  // namespace

TEST_CASE("another of several early offers is that of the phone that answers")
{
    Asked call;
    SUBCASE("the caller has answered the first one")
    {
        call.alice_answers_bob();
        call.mobile_offers();
        mobile_answers_the_call(call);
    }
    SUBCASE("the caller answers both at once")
    {
        call.mobile.replies_reliably(183, 9, mobile_sdp);
        call.alice.receives(183U).reliable().without_body();
        call.alice_answers_bob();
        call.alice.sends(PRACK);
        auto asked = call.mobile.receives(PRACK);
        CHECK(asked.body().find("a=inactive") != std::string::npos);
        call.mobile.replies_to(asked, 200);
        call.alice.receives(200U);
        mobile_answers_the_call(call);
    }
}

TEST_CASE("who was answered with nothing to hear is joined anew, though it wants the same media")
{
    Asked call;
    call.alice_answers_bob();
    call.mobile_offers(bob_sdp);
    call.mobile.replies_to(call.to_mobile, 200, bob_sdp);
    call.alice.receives(200U).without_body();
    call.bob.receives(CANCEL);
    call.mobile.receives(ACK).without_body();
    call.is_joined(call.mobile, mobile_sdp);
    call.ends(call.mobile);
}

TEST_CASE("an early offer that the caller cannot answer reliably is answered with nothing to hear")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.sends(INVITE, "102", "");
    bob.receives(INVITE).without_body();
    bob.replies_reliably(183, 7, bob_sdp);
    CHECK_FALSE(alice.receives(183U).is_reliable);
    auto asked = bob.receives(PRACK);
    CHECK(asked.body().find("a=inactive") != std::string::npos);
    bob.replies_to(asked, 200);
    alice.cancels();
    bob.receives(CANCEL);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a phone offers in its 200 what the caller cannot answer any more: the ACK does")
{
    Asked call;
    call.alice_answers_bob();
    call.mobile.replies_to(call.to_mobile, 200, mobile_sdp);
    call.alice.receives(200U).without_body();
    call.bob.receives(CANCEL);
    CHECK(call.mobile.receives(ACK).body().find("a=inactive") != std::string::npos);
    call.is_joined(call.mobile, mobile_sdp);
    call.ends(call.mobile);
}

TEST_CASE("the phone whose offer the caller has answered is out: the next one is joined anew")
{
    Asked call;
    call.alice_answers_bob();
    call.bob.replies_to(call.to_bob, 486);
    call.mobile_offers();
    call.mobile.replies_to(call.to_mobile, 200);
    call.alice.receives(200U).without_body();
    call.mobile.receives(ACK).without_body();
    call.is_joined(call.mobile, mobile_sdp);
    call.ends(call.mobile);
}

TEST_CASE("who has answered an early offer is on hold, if it said so")
{
    Asked call;
    call.alice_answers_bob(
        "v=0\r\no=alice 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n");
    CHECK(call.pbx.view().calls.at(0).legs.at(0).held);
    call.alice.cancels();
    call.bob.receives(CANCEL);
    call.mobile.receives(CANCEL);
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("who picks up where the caller has answered an early offer gets the caller by a new one")
{
    Asked call;
    call.carol.sends(INVITE, "**102", carol_sdp);  // not while the caller answers
    call.carol.receives(491U).header(
        "Warning", "399 office.test \"The caller is answering another phone's offer just now\"");
    call.alice_answers_bob();
    call.carol.sends(INVITE, "**102", carol_sdp);
    CHECK(call.carol.receives(200U).body().find("m=audio 4000 ") != std::string::npos);
    call.alice.receives(200U).without_body();
    call.bob.receives(CANCEL);
    call.mobile.receives(CANCEL);
    call.is_joined(call.carol, carol_sdp);
    call.ends(call.carol);
}
