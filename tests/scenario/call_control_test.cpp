// What a third party wants done with a talk: by re-INVITE, for phones that know none of it
// (RFC 3725).
#include "call_control_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::call_control;

TEST_CASE("hold: each phone is offered the other's session with nothing to hear; resume: they "
          "agree anew")
{
    Talking call;
    call.is_held();
    CHECK(call.does(CallAction::hold) == OrderOutcome::as_it_is);
    CHECK(call.does(CallAction::resume) == OrderOutcome::begun);
    call.alice.receives(INVITE).without_body();
    call.alice.replies(200, alice_sdp);
    call.bob.receives(INVITE).with(alice_sdp);
    call.bob.replies(200, bob_sdp);
    call.bob.receives(ACK).without_body();
    call.alice.receives(ACK).with(bob_sdp);
    call.hears(true);
    CHECK(call.does(CallAction::resume) == OrderOutcome::as_it_is);
    call.is_held();
    call.they_end();
}

TEST_CASE("a phone may end the hold by itself")
{
    Talking call;
    call.is_held();
    call.alice.sends_invite(alice_sdp);
    call.bob.receives(INVITE).with(alice_sdp);
    call.bob.replies(200, bob_sdp);
    call.alice.receives(200U);
    call.bob.receives(ACK);
    call.hears(true);
    call.they_end();
}

TEST_CASE("one change of a call at a time")
{
    Talking call;
    CHECK(call.does(CallAction::hold) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    const auto held_by_us = call.alice.dialog();
    CHECK(call.does(CallAction::resume) == OrderOutcome::wrong_state);
    call.refuses({.action = CallAction::transfer, .to = "103"}, OrderOutcome::wrong_state);
    call.bob.sends_invite(hold_sdp);
    call.bob.receives(491U);
    call.alice.uses(held_by_us);
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK);
    call.bob.receives(INVITE);
    SUBCASE("glare is over soon")
    {
        call.bob.replies(491);
        call.pbx.passes(2099ms);  // the Call-ID is ours
        CHECK(call.bob.hears_nothing());
        call.pbx.passes(1ms);
        call.bob.receives(INVITE);
        call.bob.replies(200, silent_sdp);
        call.bob.receives(ACK);
        call.hears(false);
    }
    SUBCASE("who refuses goes on as before")
    {
        call.bob.replies(488);
    }
    SUBCASE("who has lost the call ends it")
    {
        call.bob.replies(481);
        call.alice.receives(BYE);
        call.bob.receives(BYE);
        return call.nothing_is_left();
    }
    call.they_end();
}

TEST_CASE("a resume that fails leaves the call on hold")
{
    Talking call;
    call.is_held();
    CHECK(call.does(CallAction::resume) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    SUBCASE("the first refuses")
    {
        call.alice.replies(500);
    }
    SUBCASE("the first offers nothing")
    {
        call.alice.replies(200);
        call.alice.receives(ACK);
    }
    SUBCASE("the second refuses")
    {
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE);
        call.bob.replies(488);
        call.alice.receives(ACK).with(inactive_answer(alice_sdp, {}));
    }
    SUBCASE("the second answers nothing")
    {
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE);
        call.bob.replies(200);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(inactive_answer(alice_sdp, {}));
    }
    call.hears(false);
    call.they_end();
}

TEST_CASE("hanging up meanwhile ends the call, whatever is under way")
{
    Talking call;
    call.is_held();
    CHECK(call.does(CallAction::resume) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    const auto leg = call.alice.dialog();
    SUBCASE("the second, before the offer") {}
    SUBCASE("the second, with the offer")
    {
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE);
    }
    const bool offered = !call.alice.rings();
    call.bob.sends(BYE);
    call.bob.receives(200U);
    if (offered) {
        call.alice.receives(ACK);
        call.alice.receives(BYE);
        call.bob.replies(487);
    } else {
        call.alice.uses(leg);
        call.alice.receives(BYE);
        call.alice.replies(487);
    }
    call.nothing_is_left();
}

TEST_CASE("what only rings cannot be held or transferred")
{
    Clicked call;
    for (const auto action : {CallAction::hold, CallAction::resume})
        call.refuses({.action = action}, OrderOutcome::wrong_state);
    call.refuses({.action = CallAction::transfer, .to = "103"}, OrderOutcome::wrong_state);
    call.refuses({.action = CallAction::pick_up, .by = "103"}, OrderOutcome::wrong_state);
    call.alice_answers();
    for (const auto action : {CallAction::hold, CallAction::resume})
        call.refuses({.action = action}, OrderOutcome::wrong_state);
    call.refuses({.action = CallAction::transfer, .to = "103"}, OrderOutcome::wrong_state);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.bob.receives(CANCEL);
    call.nothing_is_left();
}

TEST_CASE("transfer: the caller goes on to the new number, the other is released")
{
    Talking call;
    bool over = false;  // no `return`: the cases after it would not be found
    SUBCASE("dialled by the rights of the one who leaves")
    {
        CHECK(call.pbx.orders({.action = CallAction::transfer, .to = "103"}).outcome ==
              OrderOutcome::begun);
        call.carol.receives(INVITE).from("101").without_body();
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE).with(carol_sdp);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.carol.receives(ACK).with(alice_sdp);
        call.bob.receives(BYE).header("Reason", "SIP;cause=200;text=\"Transferred\"");
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.alice.receives(BYE);
    }
    SUBCASE("from the hand of the caller")
    {
        call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"});
        call.carol.receives(INVITE).from("102");
        call.carol.replies(200, carol_sdp);
        call.bob.receives(INVITE).with(carol_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.carol.receives(ACK).with(bob_sdp);
        call.alice.receives(BYE);
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.bob.receives(BYE);
    }
    SUBCASE("when the target declines they talk on")
    {
        call.pbx.orders({.action = CallAction::transfer, .to = "103"});
        call.carol.receives(INVITE);
        call.carol.replies(603);
        call.they_end();
        over = true;
    }
    SUBCASE("a held call")
    {
        call.is_held();
        call.pbx.orders({.action = CallAction::transfer, .to = "103"});
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE).with(carol_sdp);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.carol.receives(ACK).with(alice_sdp);
        call.bob.receives(BYE);
        call.hears(true);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(BYE);
    }
    if (over) return;
    call.nothing_is_left();
}

TEST_CASE("a transfer is asked for as the transferee's call, like that of a REFER")
{
    Talking call;
    Forwarding wishes;
    Phone* target = &call.carol;
    std::string to = "103";
    bool rings = true;
    SUBCASE("whom the target wants to hear in spite of everything")
    {
        wishes.do_not_disturb = true;
        wishes.exceptions = {{.caller = "101", .treatment = CallerTreatment::ring}};
        call.pbx.forwards("103", wishes);
    }
    SUBCASE("whom the target does not want")
    {
        wishes.exceptions = {{.caller = "101", .treatment = CallerTreatment::refuse}};
        call.pbx.forwards("103", wishes);
        rings = false;
    }
    SUBCASE("that the target refuses who leaves is nothing to it")
    {
        wishes.exceptions = {{.caller = "102", .treatment = CallerTreatment::refuse}};
        call.pbx.forwards("103", wishes);
    }
    SUBCASE("nobody is busy by the very call that is moved")
    {
        target = &call.pbx.phone("102");
        to = "102";
        wishes.call_waiting = false;
        call.pbx.forwards("102", wishes);
    }
    SUBCASE("a ring group whose only free member is who leaves")
    {
        target = &call.pbx.phone("102");
        to = "600";
        call.pbx.has_ring_groups({{.number = "600", .members = {{.number = "102"}}}});
    }
    const auto first = call.bob.dialog();
    const auto answer = call.pbx.orders({.action = CallAction::transfer, .to = to});
    CHECK((answer.outcome == OrderOutcome::begun) == rings);
    if (rings) {
        target->receives(INVITE).from("101");
        if (target != &call.carol) call.bob.receives(INVITE).from("101");
        target->replies(486);
        if (target != &call.carol) call.bob.replies(486);
    }
    call.bob.uses(first);
    call.they_end();
}

TEST_CASE("a transfer to a bad number, or by who does not talk, is refused")
{
    Talking call;
    const auto to = [](const char* number, const char* by = "") {
        return CallOrder{.action = CallAction::transfer, .to = number, .by = by};
    };
    using enum OrderOutcome;
    call.refuses(to("999"), bad_member, "/to");
    call.refuses(to("101"), bad_member, "/to");
    call.refuses(to("**103"), bad_member, "/to");
    call.refuses(to("103", "104"), bad_member, "/by");
    call.refuses(to("105"), wrong_state);  // no phone there
    call.they_end();
}
