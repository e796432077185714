// How a call ends: who is told, what is waited for, and what is remembered of it.
#include <algorithm>

#include "base/table_room.hpp"
#include "engine/call_engine.hpp"
#include "engine/leg_pair.hpp"

namespace lampline {

void CallEngine::end(CallsToEnd which, Moment now, Outbox& outbox)
{
    std::vector<CallRef> refs;
    refs.reserve(calls_.size());
    for (const auto& [ref, call] : calls_) refs.push_back(ref);
    for (const auto ref : refs) {
        Call& call = *calls_.at(ref);
        if (call.phase == CallPhase::ringing)
            give_up_ringing(call, 503, "Exchange Stops", now, outbox);
        else if (which == CallsToEnd::all ||
                 !talking_pair(call).first)  // or one in which somebody is alone
            end_call(call, {}, LegInput::error, LegInput::error,
                     "SIP;cause=503;text=\"Exchange stops\"", now, outbox);
        sweep(call, now, outbox);
    }
}

void CallEngine::end_call(Call& call, LegId ended_by, LegInput own, LegInput others,
                          std::string_view reason, Moment now, Outbox& outbox, unsigned status)
{
    if (call.phase == CallPhase::ended) return;
    if (ended_by && status == 0) status = 200;
    begin_end(call, now, outbox);
    std::vector<Header> why;  // as far as it is the exchange that ends it
    if (!ended_by && !reason.empty()) why.push_back({"Reason", std::string{reason}});
    if (call.transfer)
        report(call, 487, "Request Terminated", true, now, outbox, why);
    else
        refer_subscriptions_.report(call.id, 487, "Request Terminated", true, now, outbox, why);
    outbox.announce(CallEnded{call.id, status, std::string{reason}});
    call.transfer.reset();
    call.change.reset();
    cancel_branches(call, {}, reason, nullptr, outbox);

    for (auto& leg : call.legs) {
        if (!leg.invite_in) continue;  // of a picker that waits for the one it has picked up
        outbox.send(Reply{.transaction = std::exchange(leg.invite_in, {}), .status = 487});
        move(leg, LegInput::rejected, outbox);
    }
    call.reliable.clear();

    for (auto& leg : call.legs) {
        if (leg.state == LegState::terminated) continue;
        const bool told_us = leg.id == ended_by;
        leg.bye_exchanged = told_us;
        move(leg, told_us ? own : others, outbox);
        if (told_us && leg.ack_owed) {
            outbox.send(SendAck{leg.id, leg.ack_owed, nullptr});
            leg.ack_owed = {};
        }
        if (!told_us) hang_up(leg, reason, outbox);
    }
}

void CallEngine::give_up_relays(Call& call, unsigned status, Outbox& outbox)
{
    for (const auto& relay : call.relays) {
        if (relay.answered || relay.cancelled) continue;
        outbox.send(Reply{.transaction = relay.request,
                          .status = relay.method == Method::invite ? status : 481U});
        if (relay.replaces) move(*call.find(relay.from), LegInput::rejected, outbox);
    }
    call.relays.clear();
}

void CallEngine::hang_up(Leg& leg, std::string_view reason, Outbox& outbox)
{
    if (leg.closed || leg.bye_exchanged || leg.slot || leg.proxied) return;
    if (leg.ack_due) {  // no BYE before the ACK of our 2xx (RFC 3261 §15)
        leg.bye_owed = true;
        return;
    }
    if (leg.ack_owed) {
        outbox.send(SendAck{leg.id, leg.ack_owed, nullptr});
        leg.ack_owed = {};
    }
    leg.bye_owed = false;
    leg.bye_exchanged = true;
    leg.bye_out = transaction_ids_.next();
    SendRequest bye{.leg = leg.id, .transaction = leg.bye_out, .method = Method::bye};
    if (!reason.empty()) bye.headers.push_back({"Reason", std::string{reason}});
    request(leg, std::move(bye), outbox);
}

void CallEngine::close_if_quiet(Leg& leg, Outbox& outbox)
{
    if (leg.closed || leg.state != LegState::terminated || !leg.quiet()) return;
    leg.closed = true;
    if (!leg.slot && !leg.proxied) outbox.send(CloseDialog{leg.id});
}

void CallEngine::begin_end(Call& call, Moment now, Outbox& outbox)
{
    leave_picker(call, {}, outbox);
    give_up_relays(call, 487, outbox);
    for (const auto& leg : call.legs) remember(call, leg, now);
    call.phase = CallPhase::ended;
    call.hunting.reset();
    cards_.forget(call.id);
    ++counters_.calls_ended;
    forget(call, outbox);
    timers_.cancel_all(call.id);
    wait_beyond_end(call);
    call.ringing_due = true;  // by the same timer: most calls are gone before
    set_timer(call, CallTimer::linger, now.mono + loose_kept_after);
}

void CallEngine::remember(const Call& call, const Leg& leg, Moment now)
{
    const bool ended =
        leg.ended_by == LegInput::local_bye || leg.ended_by == LegInput::remote_bye;
    const bool rang_in_vain = leg.role == LegRole::callee && !call.answered_at;
    const bool talked = leg.talking() || (leg.state == LegState::terminated && ended);
    if (leg.slot || !(talked || rang_in_vain)) return;
    const bool remembers = ended_.next_end().has_value();
    ended_.add(leg.dialog, now.mono);
    if (!remembers) remember_until();
}

void CallEngine::remember_until()
{
    auto end = taken_.next_end();
    if (const auto other = ended_.next_end(); other && (!end || *other < *end)) end = other;
    if (end) timers_.set(CallRef{}, CallTimer::remembered, *end);
}

void CallEngine::forget_leg(const Leg& leg)
{
    by_leg_.erase(leg.id);
    index_.remove(leg);
}

void CallEngine::forget_closed_legs(Call& call, Moment now)
{
    constexpr std::size_t few = 16;  // as many as moving a call leaves in an ordinary day
    const bool rests = call.phase == CallPhase::talking && call.mode != CallMode::proxy &&
                       call.relays.empty() && !call.hunting && !call.pickup && !is_moving(call);
    if (call.legs.size() <= few || !rests) return;
    const auto is_needed = [&call](const Leg& leg) {
        const auto talks_to = [&leg](const Leg& other) { return other.peer == leg.id; };
        return &leg == &call.caller() || !leg.closed || leg.id == call.astray ||
               (call.early_answer && call.early_answer->of == leg.id) ||
               (call.parking && call.parking->leg == leg.id) ||
               std::ranges::any_of(call.legs, talks_to);
    };
    for (auto leg = call.legs.begin(); leg != call.legs.end();) {
        if (is_needed(*leg)) {
            ++leg;
            continue;
        }
        remember(call, *leg, now);
        forget_leg(*leg);
        leg = call.legs.erase(leg);
    }
}

void CallEngine::sweep(Call& call, Moment now, Outbox& outbox)
{
    give_up_lost_relays(call, outbox);
    for (auto& leg : call.legs) close_if_quiet(leg, outbox);
    if (!call.finished()) {
        forget_closed_legs(call, now);
        plan_displays(call, now);
        keep(call, outbox);
        return loose_ends_.follow(call, now, outbox);
    }
    forget(call, outbox);
    loose_ends_.forget(call, outbox);
    timers_.cancel_all(call.id);
    for (const auto& leg : call.legs) forget_leg(leg);
    calls_.erase(call.id);
    give_back_room(calls_);
    give_back_room(by_leg_);
}

}  // namespace lampline
