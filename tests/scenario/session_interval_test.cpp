// Who wants a longer session than the exchange asks for by itself (RFC 4028 §7.3).
#include "call_control_office.hpp"
#include "park_office.hpp"
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// Bob keeps the session of a call with Alice, who knows no session timers.
struct Timed : call_control::Office {
    Timed()
    {
        alice.sends(INVITE, "102", call_control::alice_sdp);
        bob.receives(INVITE);
        bob.session_timer = {.expires = 1800s, .refresher = Refresher::uas};
        bob.replies(200, call_control::bob_sdp);
        bob.session_timer = {};
        alice.receives(200U);
        bob.receives(ACK);
    }

    void they_end()
    {
        bob.sends(BYE);
        bob.receives(200U);
        alice.receives(BYE);
        nothing_is_left();
    }
};

/// Its Session-Expires is too short for it.
void wants_longer(Phone& callee, std::chrono::seconds min_se = 3600s)
{
    callee.session_timer = {.min_se = min_se};
    callee.replies(422);
    callee.session_timer = {};
}

void asked_once_more(Phone& callee, std::chrono::seconds min_se = 3600s)
{
    const auto again = callee.receives(INVITE);
    CHECK(again.session_timer.expires == min_se);
    CHECK(again.session_timer.min_se == min_se);
    CHECK(callee.hears_nothing());
}

}  // namespace

TEST_CASE("a clicked call is placed once more with the session that its target wants")
{
    call_control::Clicked call;
    call.alice_answers();
    CHECK(call.rung.session_timer.expires == 1800s);
    wants_longer(call.bob);
    asked_once_more(call.bob);
    SUBCASE("and it answers")
    {
        call.bob_answers();
        call.they_are_joined();
        call.they_talk_and_end();
    }
    SUBCASE("unless that is not enough either")
    {
        wants_longer(call.bob, 7200s);
        call.alice_is_released("SIP;cause=422");
    }
}

TEST_CASE("a transfer asks its target once more")
{
    call_control::Talking call;
    call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"});
    call.carol.receives(INVITE);
    wants_longer(call.carol);
    asked_once_more(call.carol);
    call.carol.replies(200, call_control::carol_sdp);
    call.alice.receives(INVITE).with(call_control::carol_sdp);
    call.alice.replies(200, call_control::alice_sdp);
    call.carol.receives(ACK);
    call.alice.receives(ACK);
    call.bob.receives(BYE);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.carol.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a caller without session timers does not hear that the exchange's was too short")
{
    call_control::Office office;
    office.alice.sends(INVITE, "102", call_control::alice_sdp);
    office.bob.receives(INVITE);
    wants_longer(office.bob);
    asked_once_more(office.bob);
    CHECK(office.alice.hears_nothing());
    office.bob.replies(200, call_control::bob_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.bob.receives(BYE);
    office.nothing_is_left();
}

TEST_CASE("a carrier is called once more too, by its only line")
{
    trunks::Office office;
    office.alice.sends(INVITE, "0664999", talking_sdp);
    office.far.receives(INVITE);
    wants_longer(office.far);
    asked_once_more(office.far);
    office.far.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.far.receives(ACK);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.far.receives(BYE);
    office.all_is_over();
}

TEST_CASE("a phone that is to be joined is asked once more, by its own dialog (RFC 3911)")
{
    Timed call;
    auto& desk = call.pbx.silent_phone("102");
    const auto call_id = call.pbx.view().calls.at(0).legs.at(1).call_id;
    const auto tags = call.pbx.kept().calls.at(0).legs[1].dialog;
    desk.focus = true;
    desk.sends_joining({call_id, tags.remote_tag, tags.local_tag}, "102", call_control::carol_sdp);
    const auto join = call.bob.receives(INVITE).value("Join");
    wants_longer(call.bob);
    const auto again = call.bob.receives(INVITE).with(call_control::carol_sdp);
    CHECK(again.session_timer.expires == 3600s);
    CHECK(again.session_timer.min_se == 3600s);
    CHECK(again.focus);
    CHECK_FALSE(join.empty());
    CHECK(again.value("Join") == join);
    CHECK(desk.hears_nothing());
    call.bob.replies(486);
    desk.receives(486U);
    call.pbx.ends_all_calls();
    call.alice.receives(BYE);
    call.bob.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a picker's phone is asked once more to pick up, as it was asked before")
{
    call_control::Office office;
    auto& dora = office.pbx.phone("104");
    office.alice.sends(INVITE, "102", call_control::alice_sdp);
    office.bob.receives(INVITE);
    office.pbx.orders({.action = CallAction::pick_up, .by = "104", .auto_answer = true});
    dora.receives(INVITE);
    wants_longer(dora);
    auto again = dora.receives(INVITE);
    again.header("Answer-Mode", "Auto");
    CHECK(again.session_timer.expires == 3600s);
    dora.replies(200, call_control::carol_sdp);
    dora.receives(ACK);
    office.alice.receives(200U).with(call_control::carol_sdp);
    office.bob.receives(CANCEL);
    dora.sends(BYE);
    dora.receives(200U);
    office.alice.receives(BYE);
    office.nothing_is_left();
}

TEST_CASE("a transferee is asked once more for who picks up what rings for it")
{
    Timed call;
    auto& dora = call.pbx.phone("104");
    call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"});
    call.carol.receives(INVITE);
    dora.sends(INVITE, "**103", call_control::carol_sdp);
    CHECK(call.alice.receives(INVITE).session_timer.expires == 1800s);
    wants_longer(call.alice);
    CHECK(dora.hears_nothing());
    call.pbx.passes(1ms);
    asked_once_more(call.alice);
    call.alice.replies(200, call_control::alice_sdp);
    call.alice.receives(ACK);
    dora.receives(200U).with(call_control::alice_sdp);
    call.carol.receives(CANCEL);
    call.bob.receives(BYE);
    dora.sends(BYE);
    dora.receives(200U);
    call.alice.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a retriever with a session timer of its own hears what the parked phone wants")
{
    park::Office office;
    office.bob_parks();
    office.carol.supported = OptionTag::timer;
    office.carol.session_timer = {.expires = 1800s};
    office.carol.sends(INVITE, "701", park::carol_sdp);
    office.carol.session_timer = {};
    office.alice.receives(INVITE);
    wants_longer(office.alice);
    CHECK(office.carol.receives(422U).session_timer.min_se == 3600s);
    office.pbx.passes(1ms);
    CHECK(office.alice.hears_nothing());
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.nothing_is_left();
}

TEST_CASE("hold asks once more, what follows in the dialog for that at once (RFC 4028 §7.4)")
{
    Timed call;
    call.pbx.orders({.action = CallAction::hold});
    CHECK(call.alice.receives(INVITE).session_timer.expires == 1800s);
    wants_longer(call.alice);
    call.pbx.passes(1ms);
    CHECK(call.alice.receives(INVITE).session_timer.expires == 3600s);
    call.alice.replies(200, call_control::silent_sdp);
    call.alice.receives(ACK);
    CHECK(call.bob.receives(INVITE).session_timer.expires == 1800s);
    call.bob.replies(200, call_control::silent_sdp);
    call.bob.receives(ACK);

    call.pbx.orders({.action = CallAction::resume});
    const auto resumed = call.alice.receives(INVITE);
    CHECK(resumed.session_timer.expires == 3600s);
    CHECK(resumed.session_timer.min_se == 3600s);
    call.alice.replies(200, call_control::alice_sdp);
    call.bob.receives(INVITE);
    call.bob.replies(200, call_control::bob_sdp);
    call.bob.receives(ACK);
    call.alice.receives(ACK);
    call.they_end();
}

TEST_CASE("a re-INVITE of a phone without session timers goes on once more")
{
    Timed call;
    call.alice.sends_invite(hold_sdp);
    CHECK(call.bob.receives(INVITE).with(hold_sdp).session_timer.expires == 1800s);
    wants_longer(call.bob);
    CHECK(call.alice.hears_nothing());
    const auto again = call.bob.receives(INVITE).with(hold_sdp);
    CHECK(again.session_timer.expires == 3600s);
    SUBCASE("and is accepted")
    {
        call.bob.replies(200, call_control::bob_sdp);
        call.alice.receives(200U);
        call.bob.receives(ACK);
    }
    SUBCASE("but no third time")
    {
        wants_longer(call.bob, 7200s);
        call.alice.receives(422U);
    }
    call.they_end();
}
