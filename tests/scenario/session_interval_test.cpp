// Who wants a longer session than the exchange asks for by itself (RFC 4028 §7.3).
#include "call_control_office.hpp"
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

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
