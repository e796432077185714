// Early media with reliable provisional responses: once the caller has its answer, no later
// response says another one (RFC 3261 §13.2.1, RFC 3262 §5, RFC 6337 §2.2).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_early = "v=0\r\no=bob 1 1 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view bob_later = "v=0\r\no=bob 1 2 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view bob_moved = "v=0\r\no=bob 1 2 IN IP4 h\r\nm=audio 5002 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol 1 1 IN IP4 h\r\nm=audio 6000 RTP/AVP 0\r\n";

PayloadRef sdp(std::string_view text)
{
    return session_payload(std::string{text});
}

}  // namespace

TEST_CASE("the 200 after an early answer says the same answer, or none")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102", alice_sdp);
    const auto invite = bob.receives(INVITE);
    bob.replies_reliably(183, 7, bob_early);
    alice.receives(183U).reliable().with(bob_early);
    alice.sends(PRACK);
    bob.replies_to(bob.receives(PRACK), 200);
    alice.receives(200U);
    const auto is_told = [&](std::string_view session, std::string_view told) {
        bob.replies_to(invite, 200, session);
        alice.receives(200U).with(told);
        bob.receives(ACK);
    };
    const auto renews = [&](unsigned status) {
        bob.receives(INVITE).without_body();
        bob.replies(200, bob_moved);
        alice.receives(INVITE).with(bob_moved);
        alice.replies(status, status == 200 ? alice_sdp : "");
        if (status == 200) alice.receives(ACK);
        bob.receives(ACK).with(alice_sdp);
    };
    SUBCASE("the same")
    {
        is_told(bob_early, bob_early);
    }
    SUBCASE("none")
    {
        is_told("", "");
    }
    SUBCASE("a later version of the same")
    {
        is_told(bob_later, "");
    }
    SUBCASE("another one: the phones are brought together by a new offer")
    {
        is_told(bob_moved, "");
        renews(200);
        CHECK_FALSE(pbx.view().calls.at(0).legs.at(0).held);
    }
    SUBCASE("another one, and the caller refuses the new offer: nothing is on hold for that")
    {
        is_told(bob_moved, "");
        renews(488);
        CHECK_FALSE(pbx.view().calls.at(0).legs.at(1).held);
    }
    SUBCASE("another one after the session was changed by an UPDATE: the change holds")
    {
        alice.sends(UPDATE, sdp(alice_sdp));
        bob.replies_to(bob.receives(UPDATE), 200, bob_moved);
        alice.receives(200U).with(bob_moved);
        is_told(bob_early, "");
    }
    bob.sends(BYE);
    bob.receives(200U);
    alice.receives(BYE);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    pbx.stays_silent_for(41s);
}

TEST_CASE("several phones: only the first early answer is told, and who answers brings a new offer")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    const auto invite = mobile.receives(INVITE);
    bob.replies_reliably(183, 7, bob_early);
    alice.receives(183U).reliable().with(bob_early);
    alice.sends(PRACK);
    bob.replies_to(bob.receives(PRACK), 200);
    alice.receives(200U);
    mobile.replies_reliably(183, 9, carol_sdp);
    alice.receives(183U).reliable().without_body();
    alice.sends(PRACK);
    mobile.replies_to(mobile.receives(PRACK), 200);
    alice.receives(200U);
    mobile.replies_to(invite, 200, carol_sdp);
    alice.receives(200U).without_body();
    bob.receives(CANCEL);
    mobile.receives(ACK);
    mobile.receives(INVITE).without_body();
    mobile.replies(200, carol_sdp);
    alice.receives(INVITE).with(carol_sdp);
    alice.replies(200, alice_sdp);
    alice.receives(ACK);
    mobile.receives(ACK).with(alice_sdp);
    alice.sends(BYE);
    alice.receives(200U);
    mobile.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("whose session the caller has is known, whichever phone has changed it before the answer")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    const auto invite = mobile.receives(INVITE);
    bob.replies_reliably(183, 7, bob_early);
    alice.receives(183U);
    alice.sends(PRACK);
    bob.replies_to(bob.receives(PRACK), 200);
    alice.receives(200U);
    mobile.replies(180);
    alice.receives(180U);
    const auto changes = [&](Phone& phone, std::string_view session) {
        phone.sends(UPDATE, sdp(session));
        alice.receives(UPDATE).with(session);
        alice.replies(200, alice_sdp);
        phone.receives(200U).with(alice_sdp);
    };
    const auto mobile_answers = [&](std::string_view session) {
        mobile.replies_to(invite, 200, session);
        alice.receives(200U).without_body();
        bob.receives(CANCEL);
        mobile.receives(ACK);
    };
    SUBCASE("the one that does not answer the call: the other one offers anew")
    {
        changes(bob, bob_moved);
        mobile_answers(carol_sdp);
        mobile.receives(INVITE).without_body();
        mobile.replies(200, carol_sdp);
        alice.receives(INVITE).with(carol_sdp);
        alice.replies(200, alice_sdp);
        alice.receives(ACK);
        mobile.receives(ACK).with(alice_sdp);
    }
    SUBCASE("the one that answers the call: there is no more to offer")
    {
        changes(mobile, carol_sdp);
        mobile_answers("");
    }
    alice.sends(BYE);
    alice.receives(200U);
    mobile.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a session that was told early only is known to a third party's hold")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102", alice_sdp);
    const auto invite = bob.receives(INVITE);
    bob.replies_reliably(183, 7, bob_early);
    alice.receives(183U);
    alice.sends(PRACK);
    bob.replies_to(bob.receives(PRACK), 200);
    alice.receives(200U);
    bob.replies_to(invite, 200);
    alice.receives(200U).without_body();
    bob.receives(ACK);
    pbx.orders({.action = CallAction::hold});
    CHECK(alice.receives(INVITE).body().find("m=audio 5000 ") != std::string::npos);
    alice.replies(488);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("who picks up a call with early media gets the caller by a new offer")
{
    Scenario pbx{{group("sales", {"102", "103"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies_reliably(183, 7, bob_early);
    alice.receives(183U).reliable().with(bob_early);
    alice.sends(PRACK);
    bob.replies_to(bob.receives(PRACK), 200);
    alice.receives(200U);
    carol.sends(INVITE, "**102", carol_sdp);
    carol.receives(200U);
    alice.receives(200U).without_body();
    bob.receives(CANCEL);
    pbx.passes(500ms);
    carol.receives(INVITE).without_body();
    carol.replies(200, carol_sdp);
    alice.receives(INVITE).with(carol_sdp);
    alice.replies(200, alice_sdp);
    alice.receives(ACK);
    carol.receives(ACK).with(alice_sdp);
    alice.sends(BYE);
    alice.receives(200U);
    carol.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("who picks up without an offer gets the caller by a new one, too")
{
    Scenario pbx{{group("sales", {"102", "103"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies_reliably(183, 7, bob_early);
    alice.receives(183U).reliable().with(bob_early);
    alice.sends(PRACK);
    bob.replies_to(bob.receives(PRACK), 200);
    alice.receives(200U);
    carol.acknowledges = false;
    carol.sends(INVITE, "**102", "");
    const auto offered = carol.receives(200U).with(alice_sdp);
    carol.acknowledges = true;
    carol.acknowledge(offered, carol_sdp);
    alice.receives(200U).without_body();
    bob.receives(CANCEL);
    carol.receives(INVITE).without_body();
    carol.replies(200, carol_sdp);
    alice.receives(INVITE).with(carol_sdp);
    alice.replies(200, alice_sdp);
    alice.receives(ACK);
    carol.receives(ACK).with(alice_sdp);
    alice.sends(BYE);
    alice.receives(200U);
    carol.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("what is told unreliably is no answer: the 200 says it")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    SUBCASE("to a caller that knows how it is done")
    {
        alice.supported = OptionTag::reliable;
    }
    SUBCASE("to one that does not") {}
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies(183, bob_early);
    CHECK_FALSE(alice.receives(183U).with(bob_early).is_reliable);
    bob.replies(200, bob_moved);
    alice.receives(200U).with(bob_moved);
    bob.receives(ACK);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}
