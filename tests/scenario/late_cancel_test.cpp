// A CANCEL that comes when our 2xx has left, and is not acknowledged: its phone has hung up, but
// its dialog is there until the ACK, or 64*T1 (RFC 3261 §9.1, §15; RFC 6026 §7.1).
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";
constexpr std::string_view alice_srtp = "v=0\r\no=alice\r\nm=audio 4000 RTP/SAVP 0\r\n"
                                        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:aliceskey\r\n";
constexpr std::string_view carol_srtp =
    "v=0\r\no=carol\r\nm=audio 6000 RTP/SAVP 0 8\r\n"
    "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:carolslongkey\r\n"
    "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:carolskey\r\n";
constexpr std::string_view too_late = "SIP;cause=487;text=\"Cancelled as it was answered\"";

/// Carol may pick up for Alice and Bob, and Dan watches the two. Alice and Carol acknowledge when
/// they are told to.
struct Late {
    Late()
    {
        alice.acknowledges = carol.acknowledges = false;
        for (const auto* member : {"101", "102"}) dan.watches(member);
    }

    void bob_rings(std::string_view offer = alice_sdp)
    {
        alice.sends(INVITE, "102", offer);
        bob.receives(INVITE);
        bob.replies(180);
        alice.receives(180U);
        dan.inbox.clear();
    }
    /// Bob's 200 has gone to Alice.
    Arrived bob_answers()
    {
        bob_rings();
        bob.replies(200, bob_sdp);
        auto answered = alice.receives(200U);
        CHECK(shown() == "talking");
        return answered;
    }
    void alice_and_bob_talk()
    {
        alice.acknowledge(bob_answers());
        bob.receives(ACK);
    }
    void bob_is_hung_up(std::string_view reason = too_late)
    {
        bob.receives(ACK);
        bob.receives(BYE).header("Reason", reason);
    }
    /// Nothing may be sent to `phone` before its ACK, and only a BYE is after that.
    void hangs_up_in_time(Phone& phone, const Arrived& answered)
    {
        CHECK(phone.hears_nothing());
        pbx.passes(10s);
        CHECK(phone.hears_nothing());
        SUBCASE("it acknowledges")
        {
            phone.acknowledge(answered);
            phone.receives(BYE);
        }
        SUBCASE("it acknowledges, and its BYE crosses ours")
        {
            phone.answers_bye = false;
            phone.acknowledge(answered);
            phone.receives(BYE);
            phone.sends(BYE);
            phone.receives(200U);
            phone.replies(481);
        }
        SUBCASE("it hangs up without an ACK, and acknowledges then")
        {
            phone.sends(BYE);
            phone.receives(200U);
            phone.acknowledge(answered);
        }
        SUBCASE("it hangs up and acknowledges nothing")
        {
            phone.sends(BYE);
            phone.receives(200U);
            phone.never_acknowledges(answered);
        }
        SUBCASE("it says no more")
        {
            phone.never_acknowledges(answered);
            phone.receives(BYE);
        }
        SUBCASE("it repeats its CANCEL, and says no more")
        {
            phone.cancels_late(answered);
            CHECK(phone.hears_nothing());
            phone.never_acknowledges(answered);
            phone.receives(BYE);
        }
        CHECK(phone.hears_nothing());
    }
    void all_is_over()
    {
        CHECK(alice.hears_nothing());
        CHECK(bob.hears_nothing());
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        dan.inbox.clear();
        pbx.stays_silent_for(45s);
    }
    /// What Dan was told last of Alice and Bob; the rest is forgotten.
    std::string shown()
    {
        std::map<std::string, std::string> lamps;
        for (const auto& arrived : dan.inbox) {
            const auto document = arrived.document();
            lamps[document.entity] = arrived.idle() ? "dark" : document.dialogs.front().state;
        }
        dan.inbox.clear();
        const auto all = [&](std::string_view state) {
            return lamps.size() == 2 && std::ranges::all_of(lamps, [&](const auto& lamp) {
                       return lamp.second == state;
                   });
        };
        return all("dark") ? "dark" : all("confirmed") ? "talking" : "something else";
    }

    Scenario pbx{{group("sales", {"103", "104"}, {"101", "102"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dan = pbx.phone("104");
};

}  // namespace

TEST_CASE("a caller's CANCEL crosses our 200: the call is over at once, dark, for whoever answered")
{
    Late call;
    const auto answered = call.bob_answers();
    call.pbx.passes(100ms);
    call.alice.cancels_late(answered);
    call.bob_is_hung_up();
    CHECK(call.shown() == "dark");
    CHECK(call.pbx.view().calls.empty());

    REQUIRE(call.pbx.records().size() == 1);
    const auto record = call.pbx.records().back();
    CHECK(record.result == CallResult::answered);
    CHECK(record.status == 487);
    CHECK(record.reason == too_late);
    CHECK(record.ended_by == CallEnder::caller);
    CHECK(record.ended_extension == "101");
    CHECK_FALSE(record.parts.at(1).missed);

    call.hangs_up_in_time(call.alice, answered);
    call.all_is_over();
}

TEST_CASE("why a caller has cancelled is what the phone that answered is told (RFC 3326)")
{
    Late call;
    const auto answered = call.bob_answers();
    const std::string elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"";
    call.alice.cancels_late(answered, {{"Reason", elsewhere}});
    call.bob_is_hung_up(elsewhere);
    CHECK(call.pbx.records().back().status == 487);
    call.alice.acknowledge(answered);
    call.alice.receives(BYE);
    call.all_is_over();
}

TEST_CASE("the phone that answered has hung up before the CANCEL comes")
{
    Late call;
    const auto answered = call.bob_answers();
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.bob.receives(ACK);
    call.alice.cancels_late(answered);
    CHECK(call.pbx.records().back().ended_by == CallEnder::callee);
    CHECK(call.alice.hears_nothing());
    call.alice.acknowledge(answered);
    call.alice.receives(BYE);
    call.all_is_over();
}

TEST_CASE("an answer that is held back for a PRACK, and withdrawn: nobody waits for its ACK")
{
    Late call;
    const auto answered = call.bob_answers();
    SUBCASE("while the callee waits")
    {
        call.alice.cancels_before(answered);
        call.bob_is_hung_up();
        CHECK(call.shown() == "dark");
    }
    SUBCASE("when the callee has left")
    {
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.bob.receives(ACK);
        call.alice.cancels_before(answered);
    }
    call.all_is_over();
}

TEST_CASE("a picker's CANCEL crosses our 200: it had the call, and has hung up")
{
    Late call;
    call.bob_rings();
    call.carol.sends(INVITE, "**102", carol_sdp);
    const auto picked_up = call.carol.receives(200U);
    call.bob.receives(CANCEL);
    call.alice.acknowledge(call.alice.receives(200U));
    call.carol.cancels_late(picked_up);
    call.alice.receives(BYE).header("Reason", too_late);
    CHECK(call.pbx.view().calls.empty());
    CHECK(call.pbx.records().back().ended_extension == "103");
    call.hangs_up_in_time(call.carol, picked_up);
    call.all_is_over();
}

TEST_CASE("the CANCEL of a picker that is still without media changes nothing for the others")
{
    Late call;
    call.bob_rings(alice_srtp);
    call.carol.sends(INVITE, "**102", carol_srtp);
    const auto silent = call.carol.receives(200U);
    call.carol.cancels_late(silent);
    CHECK(call.carol.hears_nothing());
    CHECK(call.bob.hears_nothing());
    CHECK(call.alice.hears_nothing());
    call.carol.acknowledge(silent);
    call.carol.receives(BYE);

    call.bob.replies(200, bob_sdp);
    call.alice.acknowledge(call.alice.receives(200U));
    call.bob.receives(ACK);
    CHECK(call.shown() == "talking");
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.bob.receives(BYE);
    call.all_is_over();
}

TEST_CASE("a caller that was answered for a picker has cancelled: the picker is hung up")
{
    Late call;
    call.bob_rings();
    call.carol.sends(INVITE, "**102", carol_sdp);
    const auto picked_up = call.carol.receives(200U);
    call.bob.receives(CANCEL);
    const auto answered = call.alice.receives(200U);
    call.alice.cancels_late(answered);
    CHECK(call.carol.hears_nothing());  // its ACK comes first, too
    call.carol.acknowledge(picked_up);
    call.carol.receives(BYE);
    CHECK(call.alice.hears_nothing());
    call.alice.never_acknowledges(answered);
    call.alice.receives(BYE);
    call.all_is_over();
}

TEST_CASE("who takes a talking call over, and cancels as it is answered, has hung it up")
{
    Late call;
    call.alice_and_bob_talk();
    auto& mobile = call.pbx.phone("102");
    mobile.acknowledges = false;
    mobile.sends_replacing(call.pbx.naming(call.pbx.view().calls.at(0).legs.at(1).call_id), "101",
                           carol_sdp);
    call.alice.receives(INVITE);
    call.alice.replies(200, alice_sdp);
    const auto taken = mobile.receives(200U);
    call.bob.receives(BYE);
    mobile.cancels_late(taken);
    call.alice.receives(ACK);
    call.alice.receives(BYE).header("Reason", too_late);
    call.hangs_up_in_time(mobile, taken);
    call.all_is_over();
}

TEST_CASE("a code whose caller cancels as it is answered: the change stands, the call is over")
{
    Late call;
    call.alice.sends(INVITE, "*21*103");
    const auto answered = call.alice.receives(200U);
    call.alice.cancels_late(answered);
    CHECK(call.pbx.view().calls.empty());
    CHECK(call.pbx.forwarding_of("101").always == "103");
    call.hangs_up_in_time(call.alice, answered);
    call.all_is_over();
}
