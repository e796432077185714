// Taking a call for a phone that knows neither codes nor Replaces.
#include "call_control_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::call_control;

TEST_CASE("pickup: the picker's phones ring with the call, and the first that answers has it")
{
    Office office;
    auto& dora = office.pbx.phone("104");
    office.alice.sends(INVITE, "102", alice_sdp);
    office.bob.receives(INVITE);
    const auto answer =
        office.pbx.orders({.action = CallAction::pick_up, .by = "104", .auto_answer = true});
    CHECK(answer.outcome == OrderOutcome::begun);
    dora.receives(INVITE).from("101").with(alice_sdp).header("Answer-Mode", "Auto");
    office.refuses({.action = CallAction::pick_up, .by = "104"}, OrderOutcome::wrong_state);
    SUBCASE("the picker")
    {
        dora.replies(200, carol_sdp);
        dora.receives(ACK);
        office.alice.receives(200U).with(carol_sdp).header("P-Asserted-Identity",
                                                           "\"Name 104\" <sip:104@office.test>");
        office.bob.receives(CANCEL).header("Reason",
                                           "SIP;cause=200;text=\"Call completed elsewhere\"");
        dora.sends(BYE);
        dora.receives(200U);
    }
    SUBCASE("who was called was quicker")
    {
        office.bob.replies(200, bob_sdp);
        office.bob.receives(ACK);
        office.alice.receives(200U);
        dora.receives(CANCEL);
        office.bob.sends(BYE);
        office.bob.receives(200U);
    }
    office.alice.receives(BYE);
    office.nothing_is_left();
}

TEST_CASE("a picker that declines decides nothing: who was called rings on, and has the last word")
{
    for (const unsigned status : {486U, 603U, 302U}) {
        CAPTURE(status);
        Office office;
        auto& dora = office.pbx.phone("104");
        office.alice.sends(INVITE, "102", alice_sdp);
        office.bob.receives(INVITE);
        office.pbx.orders({.action = CallAction::pick_up, .by = "104"});
        dora.receives(INVITE);
        dora.replies(status);
        CHECK(office.bob.hears_nothing());
        CHECK(office.alice.hears_nothing());
        office.bob.replies(404);
        office.alice.receives(404U);
        office.nothing_is_left();
    }
}

TEST_CASE("pickup of a clicked call that rings at the callee")
{
    Clicked call;
    auto& dora = call.pbx.phone("104");
    call.alice_answers();
    call.pbx.orders({.action = CallAction::pick_up, .by = "104"});
    dora.receives(INVITE).from("101").without_body();
    dora.replies(200, carol_sdp);
    call.bob.receives(CANCEL);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    call.alice.receives(ACK);
    dora.receives(ACK).with(alice_sdp);
    dora.sends(BYE);
    dora.receives(200U);
    call.alice.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a key, or a code, takes nothing from the phone that rings for who has clicked")
{
    Office office;
    auto& dora = office.pbx.phone("104");
    dora.watches("101");
    office.pbx.orders({.action = CallAction::place, .from = "101", .to = "102"});
    office.alice.receives(INVITE);
    dora.receives(NOTIFY);
    office.alice.replies(180);
    const auto shown = dora.receives(NOTIFY).dialog();
    dora.sends_replacing(replacing(shown), "101", carol_sdp);
    dora.receives(481U)
        .phrase("Nobody Calls There")
        .header("Warning",
                "399 office.test \"The phone rings for a call that is to be made from it\"");
    dora.sends(INVITE, "**101", carol_sdp);
    dora.receives(480U).phrase("Nothing Rings There");
    CHECK(office.alice.hears_nothing());

    office.alice.replies(200, silent_sdp);
    office.alice.receives(ACK);
    dora.receives(NOTIFY);
    office.bob.receives(INVITE);
    office.bob.replies(603);
    office.alice.receives(BYE);
    dora.receives(NOTIFY);
    office.nothing_is_left();
}

TEST_CASE("pickup by a key or a code of a clicked call that rings at the callee")
{
    Clicked call;
    auto& dora = call.pbx.phone("104");
    call.alice_answers();
    dora.sends(INVITE, "**102", carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp).header("P-Asserted-Identity",
                                                       "\"Name 104\" <sip:104@office.test>");
    CHECK(call.bob.hears_nothing());  // until the two have each other's media
    const auto bob_has_the_call = [&] {
        CHECK(call.bob.hears_nothing());
        call.bob_answers();
        call.they_are_joined();
        call.they_talk_and_end();
    };
    SUBCASE("they talk")
    {
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        dora.receives(200U).with(alice_sdp);
        call.bob.receives(CANCEL).header("Reason",
                                         "SIP;cause=200;text=\"Call completed elsewhere\"");
        CHECK(call.pbx.view().calls.at(0).answered_at);
        dora.sends_invite(hold_sdp);
        call.alice.receives(INVITE).with(hold_sdp);
        call.alice.replies(200, alice_sdp);
        dora.receives(200U);
        call.alice.receives(ACK);
        dora.sends(BYE);
        dora.receives(200U);
        call.alice.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("the media do not fit: the callee rings on")
    {
        call.alice.replies(488);
        dora.receives(488U);
        CHECK(call.alice.hears_nothing());
        bob_has_the_call();
    }
    SUBCASE("who clicked hangs up")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        dora.receives(487U);
        call.bob.receives(CANCEL);
        call.alice.replies(481);
        call.nothing_is_left();
    }
    SUBCASE("the picker gives up: the callee rings on")
    {
        dora.cancels();
        CHECK(call.alice.hears_nothing());
        call.alice.replies(487);
        bob_has_the_call();
    }
}

TEST_CASE("a picker without an offer of a clicked call is given that of the one who waits")
{
    Clicked call;
    auto& dora = call.pbx.phone("104");
    call.alice_answers();
    dora.acknowledges = false;
    dora.sends(INVITE, "**102", {});
    call.alice.receives(INVITE).without_body().header("P-Asserted-Identity",
                                                      "\"Name 104\" <sip:104@office.test>");
    bool has_it = false;  // else the callee rings on
    SUBCASE("they talk")
    {
        call.alice.replies(200, alice_sdp);
        auto offered = dora.receives(200U).with(alice_sdp);
        CHECK(call.bob.hears_nothing());
        dora.acknowledges = true;
        SUBCASE("the picker answers in its ACK")
        {
            dora.acknowledge(offered, carol_sdp);
            call.alice.receives(ACK).with(carol_sdp);
            call.bob.receives(CANCEL).header("Reason",
                                             "SIP;cause=200;text=\"Call completed elsewhere\"");
            CHECK(call.pbx.view().calls.at(0).answered_at);
            dora.sends(BYE);
            dora.receives(200U);
            call.alice.receives(BYE);
            has_it = true;
        }
        SUBCASE("its ACK says nothing")
        {
            dora.acknowledge(offered);
            call.alice.receives(ACK);
            dora.receives(BYE).header("Reason", "SIP;cause=488;text=\"No Media Answered\"");
        }
        SUBCASE("its ACK never comes")
        {
            dora.never_acknowledges(offered);
            call.alice.receives(ACK);
            dora.receives(BYE);
        }
        SUBCASE("it hangs up instead")
        {
            dora.sends(BYE);
            dora.receives(200U);
            call.alice.receives(ACK);
            dora.never_acknowledges(offered);
        }
    }
    SUBCASE("who waits refuses")
    {
        call.alice.replies(488);
        dora.receives(488U);
    }
    SUBCASE("who waits has nothing to offer")
    {
        call.alice.replies(200);
        call.alice.receives(ACK);
        dora.receives(488U).phrase("No Media Offered");
    }
    SUBCASE("the picker gives up: the offer is acknowledged")
    {
        dora.cancels();
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
    }
    if (!has_it) {
        CHECK(call.bob.hears_nothing());
        CHECK(call.alice.hears_nothing());
        call.bob_answers();
        call.they_are_joined();
        call.they_talk_and_end();
    } else {
        call.nothing_is_left();
    }
}

TEST_CASE("a pickup needs the right to see the call, a phone, and something that rings")
{
    Office office;
    office.alice.sends(INVITE, "102", alice_sdp);
    office.bob.receives(INVITE);
    using enum OrderOutcome;
    office.refuses({.action = CallAction::pick_up, .by = "999"}, bad_member, "/by");
    office.refuses({.action = CallAction::pick_up, .by = "103"}, bad_member, "/by");
    office.refuses({.action = CallAction::pick_up, .by = "104"}, wrong_state);  // no phone there
    office.bob.replies(200, bob_sdp);
    office.bob.receives(ACK);
    office.alice.receives(200U);
    office.refuses({.action = CallAction::pick_up, .by = "104"}, wrong_state);
    office.bob.sends(BYE);
    office.bob.receives(200U);
    office.alice.receives(BYE);
    office.nothing_is_left();
}

TEST_CASE("nobody takes over a session that the exchange changes")
{
    Talking call;
    auto& second = call.pbx.phone("102");
    call.bob.uses(call.bob.dialog());
    call.does(CallAction::hold);
    call.alice.receives(INVITE);
    const auto leg = call.pbx.view().calls.at(0).legs.at(1);
    second.sends_replacing(call.pbx.naming(leg.call_id), "101", carol_sdp);
    second.receives(491U);
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK);
    call.bob.receives(INVITE);
    call.bob.replies(200, silent_sdp);
    call.bob.receives(ACK);
    call.they_end();
}
