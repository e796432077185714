// Two phones talk: set-up, failure, end.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a call: INVITE, 180, 200, ACK, BYE, and nothing is left behind (RFC 3261 §13, §15)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");

    alice.sends(INVITE, "102");
    bob.receives(INVITE).from("101").with(talking_sdp);
    bob.replies(100);
    bob.replies(180);
    alice.receives(180U);
    bob.replies(200, "v=0\r\nbob\r\n");
    alice.receives(200U).with("v=0\r\nbob\r\n");
    bob.receives(ACK).without_body();

    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    pbx.stays_silent_for(40s);
}

TEST_CASE("the callee hangs up: the caller gets the BYE")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);

    bob.sends(BYE);
    bob.receives(200U);
    alice.receives(BYE);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("delayed offer: the offer comes in the 200, the answer in the ACK (RFC 3261 §13.2.1)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.acknowledges = false;
    alice.sends(INVITE, "102", "");
    bob.receives(INVITE).without_body();
    bob.replies(200, "offer");
    auto answered = alice.receives(200U).with("offer");
    alice.acknowledge(answered, "answer");
    bob.receives(ACK).with("answer");
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("what stands in the way of a call is told with the right status")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");

    SUBCASE("an unknown number: 404")
    {
        alice.sends(INVITE, "999");
        alice.receives(404U);
    }
    SUBCASE("nobody registered: 480")
    {
        alice.sends(INVITE, "102");
        alice.receives(480U);
    }
    SUBCASE("itself, with no other phone: 480")
    {
        alice.sends(INVITE, "101");
        alice.receives(480U);
    }
    SUBCASE("busy: 486")
    {
        auto& bob = pbx.phone("102");
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(486);
        alice.receives(486U);
    }
    SUBCASE("declined: 603")
    {
        auto& bob = pbx.phone("102");
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(603);
        alice.receives(603U);
    }
    SUBCASE("a silent phone: 408 of its branch")
    {
        auto& bob = pbx.phone("102");
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.fails_with(408);
        alice.receives(408U);
    }
    SUBCASE("a challenge of the callee is nothing for the caller")
    {
        auto& bob = pbx.phone("102");
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(407);
        alice.receives(480U);
    }
    SUBCASE("nobody answers: 480 after the ring timeout, CANCEL to the phone")
    {
        auto& bob = pbx.phone("102");
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(180);
        alice.receives(180U);
        pbx.passes(119s);
        CHECK(alice.hears_nothing());
        pbx.passes(1s);
        alice.receives(480U);
        bob.receives(CANCEL);
    }
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    pbx.stays_silent_for(40s);
}

TEST_CASE("all phones of the callee ring; the first to answer has the call (RFC 3261 §16.7)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");

    alice.sends(INVITE, "102");
    desk.receives(INVITE);
    mobile.receives(INVITE);
    desk.replies(180);
    alice.receives(180U);
    mobile.replies(180);  // the caller knows that it rings
    CHECK(alice.hears_nothing());

    SUBCASE("the other one is cancelled: completed elsewhere (RFC 3326)")
    {
        mobile.replies(200, talking_sdp);
        alice.receives(200U);
        desk.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
        mobile.receives(ACK);
        mobile.sends(BYE);
        mobile.receives(200U);
        alice.receives(BYE);
    }
    SUBCASE("both answer at once: the second is acknowledged and hung up")
    {
        desk.answers_cancel = false;
        mobile.replies(200, talking_sdp);
        alice.receives(200U);
        desk.receives(CANCEL);
        mobile.receives(ACK);
        desk.replies(200, talking_sdp);  // crossed the CANCEL
        desk.receives(ACK);
        desk.receives(BYE);
        CHECK(alice.hears_nothing());
        alice.sends(BYE);
        alice.receives(200U);
        mobile.receives(BYE);
    }
    SUBCASE("one is busy: the other rings on")
    {
        desk.replies(486);
        CHECK(alice.hears_nothing());
        mobile.replies(200, talking_sdp);
        alice.receives(200U);
        mobile.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        mobile.receives(BYE);
    }
    SUBCASE("one declines for the person: 603 ends it for all (RFC 3261 §16.7 step 5)")
    {
        desk.replies(603);
        alice.receives(603U);
        mobile.receives(CANCEL);
    }
    SUBCASE("a person's busy beats a phone that is not there")
    {
        desk.replies(486);
        mobile.fails_with(408);
        alice.receives(486U);
    }
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("calls that are refused before they begin are counted by status, and none that has begun")
{
    using Counts = std::map<unsigned, std::uint64_t>;
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    CHECK(pbx.view().counters.calls_refused == Counts{});
    for (int i = 0; i < 2; ++i) {
        alice.sends(INVITE, "999");
        alice.receives(404U);
    }
    alice.sends(INVITE, "103");
    alice.receives(480U).phrase("No Phone Registered");
    pbx.joins("102", CallMode::redirect);
    alice.sends(INVITE, "102");
    alice.receives(302U);
    pbx.joins("102", CallMode::bridge);
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(486);
    alice.receives(486U);
    CHECK(pbx.view().counters.calls_refused == Counts{{302, 1}, {404, 2}, {480, 1}});
    CHECK(pbx.view().counters.calls_started == 1);
}
