// CANCEL, and what crosses it.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("the caller cancels: every ringing phone is cancelled (RFC 3261 §9)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    mobile.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);

    alice.cancels();
    bob.receives(CANCEL);
    mobile.receives(CANCEL);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    pbx.stays_silent_for(40s);
}

TEST_CASE("a 200 that crosses the caller's CANCEL is acknowledged and hung up (RFC 3261 §9.1)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    bob.answers_cancel = false;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);

    alice.cancels();
    bob.receives(CANCEL);
    bob.replies(200, talking_sdp);
    bob.receives(ACK);
    bob.receives(BYE);
    CHECK(alice.hears_nothing());
    CHECK(pbx.has_no_calls());
}

TEST_CASE("hung up again before the caller's ACK, while another phone has still to hear of its "
          "CANCEL: both are waited for")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& mobile = pbx.phone("102");
    alice.acknowledges = false;
    desk.answers_cancel = false;
    alice.sends(INVITE, "102");
    desk.receives(INVITE);
    mobile.receives(INVITE);
    mobile.replies(200, talking_sdp);
    const auto answered = alice.receives(200U);
    desk.receives(CANCEL);
    pbx.stays_silent_for(1s);  // in which it is stored that the desk still rings

    mobile.sends(BYE);
    mobile.receives(200U);
    mobile.receives(ACK);
    pbx.stays_silent_for(1s);
    alice.acknowledge(answered);
    alice.receives(BYE);
    SUBCASE("it is lifted, which crosses the CANCEL")
    {
        desk.replies(200, talking_sdp);
        desk.receives(ACK);
        desk.receives(BYE);
    }
    SUBCASE("it says nothing")
    {
        pbx.stays_silent_for(41s);
    }
    CHECK(alice.hears_nothing());
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("a cancelled phone that never answers is forgotten after 64*T1")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    bob.answers_cancel = false;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    alice.cancels();
    bob.receives(CANCEL);
    CHECK_FALSE(pbx.has_no_calls());
    pbx.stays_silent_for(41s);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("the caller ends its early dialog by BYE: as good as a CANCEL (RFC 3261 §15)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    alice.sends(BYE);
    alice.receives(200U);
    alice.receives(487U);
    bob.receives(CANCEL);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("the ACK is lost for good: both sides are hung up (RFC 3261 §13.3.1.4)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.acknowledges = false;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    const auto answered = alice.receives(200U);
    alice.never_acknowledges(answered);
    alice.receives(BYE);
    bob.receives(ACK);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("the callee hangs up before the caller's ACK: the BYE waits for the ACK (RFC 3261 §15)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.acknowledges = false;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    const auto answered = alice.receives(200U);
    bob.sends(BYE);
    bob.receives(200U);
    bob.receives(ACK);
    CHECK(alice.hears_nothing());

    SUBCASE("it comes")
    {
        alice.acknowledge(answered);
    }
    SUBCASE("it never comes")
    {
        alice.never_acknowledges(answered);
    }
    alice.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("two BYEs cross: both are answered, nothing is left")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    bob.answers_bye = false;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    bob.sends(BYE);
    bob.receives(200U);
    bob.replies(481);
    CHECK(pbx.has_no_calls());
}
