#pragma once
// An account of a lamp with everything in it.
#include <utility>

#include "core/lamp_account.hpp"

namespace lampline::testing {

inline WallTime wall_at(long seconds)
{
    return WallTime{std::chrono::seconds{1'700'000'000 + seconds}};
}

/// One phone was told that its member rings, one is silent, one refuses, one never asked.
inline LampAccount full_account()
{
    LampAccount account;
    account.taken_at = wall_at(60);
    account.member_look = {LampColour::flashing, LegState::early, wall_at(10)};
    account.calls = {{.call = {3},
                      .leg = {7},
                      .direction = Direction::recipient,
                      .state = LegState::early,
                      .held = false,
                      .with = "205",
                      .with_name = "Eve Ng",
                      .call_id = "c@x",
                      .started_at = wall_at(9),
                      .answered_at = {}}};
    AccountedLamp lamp;
    lamp.profile = "standard";
    lamp.shown = lamp.present = account.member_look;
    lamp.notify = AccountedNotify{.cseq = 5,
                                  .version = 4,
                                  .sent_at = wall_at(10),
                                  .flow = {Transport::tcp, "2001:db8::7", 5062, {}, 0},
                                  .body = "<dialog-info/>",
                                  .answer = 200U,
                                  .silent = false,
                                  .answered_at = wall_at(11)};
    lamp.expires_at = std::chrono::floor<std::chrono::seconds>(wall_at(3600));
    AccountedPhone told;
    told.contact = "sip:201@192.0.2.1";
    told.user_agent = "Wire/1.0";
    told.registered = true;
    told.lamp = lamp;

    AccountedPhone silent = told;
    silent.contact = "sip:201@192.0.2.2";
    silent.lamp->shown = {LampColour::dark, {}, wall_at(1)};
    silent.lamp->notify->answer = 408U;
    silent.lamp->notify->silent = true;
    silent.lamp->failures = 3;
    silent.lamp->waiting = true;
    silent.lamp->retry_at = wall_at(64);

    AccountedPhone refusing;
    refusing.contact = "sip:201@192.0.2.3";
    refusing.registered = true;
    refusing.why_none = NoLamp::refuses;
    refusing.refusal = std::pair{489U, wall_at(2)};

    AccountedPhone unasked;
    unasked.contact = "sip:201@192.0.2.4";
    unasked.registered = true;
    unasked.ended = EndedLamp{LampEnd::expired, 0, wall_at(3)};

    AccountedPhone elsewhere;
    elsewhere.contact = "sip:201@192.0.2.5";
    elsewhere.registered = true;
    elsewhere.why_none = NoLamp::told_by_phone;

    account.phones = {told, silent, refusing, unasked, elsewhere};
    account.resent = {{"sip:201@192.0.2.1", true, 5}, {"sip:201@192.0.2.2", false, 6}};
    return account;
}

}  // namespace lampline::testing
