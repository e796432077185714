// Which call an input is for, what its timers do, and what all of its steps share.
#include "engine/call_engine.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {

CallEngine::CallEngine(CallSettings settings, TokenSource tokens, DirectoryRef directory,
                       const LocationTable& locations, const TrunkStates& trunks)
    : settings_{std::move(settings)}, tokens_{std::move(tokens)}, directory_{std::move(directory)},
      locations_{locations}, trunks_{trunks}, order_{settings_.random}, refer_subscriptions_{
                                                                            tokens_}
{
}

void CallEngine::replace_directory(DirectoryRef directory, Outbox& outbox)
{
    const auto before = std::exchange(directory_, std::move(directory));
    for (const auto& [slot, ref] : slots_.all()) {
        Call& call = *calls_.at(ref);
        follow_consent(call, outbox);
        // Nobody can dial the slot any more: who parked the call has it back.
        if (before->park_lot().slot_of(slot) && !directory_->park_lot().slot_of(slot))
            set_timer(call, CallTimer::park, {});
    }
    rename(*before, outbox);
    occupancy_.forget_if([&](const std::string& number) { return !directory_->find(number); });
    order_.forget_if(
        [&](const std::string& number) { return !directory_->find_ring_group(number); });
}

void CallEngine::receive(const RequestReceived& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call || leg->state == LegState::terminated) {
        // A BYE that crosses ours is right all the same (RFC 3261 §15.1.2).
        outbox.send(Reply{.transaction = input.transaction,
                          .status = input.method == Method::bye ? 200U : 481U});
        if (!call || input.method != Method::bye) return;
        leg->bye_owed = false;  // nor is ours needed any more
        leg->bye_exchanged = true;
        return sweep(*call, now, outbox);
    }
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    leg->heard_at = now.mono;
    note_target(*call, *leg, input);
    if (cards_.take(*call, *leg, input, now, outbox)) return sweep(*call, now, outbox);
    switch (input.method) {
    case Method::bye: receive_bye(*call, *leg, input, now, outbox); break;
    case Method::prack: relay_prack(*call, *leg, input, outbox); break;
    case Method::refer: receive_refer(*call, *leg, input, now, outbox); break;
    case Method::subscribe: receive_subscribe(*call, *leg, input, outbox); break;
    case Method::publish:
        outbox.send(Reply{
            .transaction = input.transaction, .status = 501, .phrase = "Not Handled In A Call"});
        break;
    default: relay(*call, *leg, input, now, outbox);
    }
    sweep(*call, now, outbox);
}

void CallEngine::receive(const ResponseReceived& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call) return;
    const bool elsewhere_by_now =
        leg->moved_at && now.mono - *leg->moved_at < request_lifetime;
    const bool silence = input.generated && input.status == 408 && leg->talking();
    const bool asks = silence && !elsewhere_by_now && is_to_be_asked(*call, *leg, input);
    if (silence && (asks || elsewhere_by_now || is_for_help(*call))) {
        // It was sent to where the phone is no more, and says nothing of the dialog; or silence
        // is to say nothing of it, or not yet.
        auto unanswered = input;
        unanswered.status = 504;
        // A phone that answers all but INVITEs would be asked for ever, and nobody could move the call.
        const bool renews = call->change && call->change->sent == input.transaction &&
                            call->change->kind == SessionChange::Kind::renew;
        const bool in_doubt = changes_session(input.method) && !renews;
        receive(unanswered, now, outbox);
        if (asks) went_unanswered(input.leg, in_doubt, now, outbox);
        return;
    }
    if (!input.generated) leg->heard_at = now.mono;
    note_cseq(*call, *leg, input, outbox);
    note_answer(*call, *leg, input, now);
    if (input.status / 100 == 2) leg->asked_again = false;
    const bool final = input.status >= 200;

    if (receive_for_transfer(*leg, input, now, outbox)) {
        if (const auto owner = find(input.leg).first) sweep(*owner, now, outbox);
        return;
    }
    if (cards_.hear(*call, *leg, input, now, outbox)) return sweep(*call, now, outbox);
    if (call->pickup && call->pickup->offered &&
        input.transaction == call->pickup->offered) {
        if (call->transfer)
            transferee_answered(*call, *leg, input, now, outbox);
        else
            pickup_answered(*call, *leg, input, now, outbox);
    } else if (call->change && input.transaction == call->change->sent) {
        change_answered(*call, *leg, input, now, outbox);
    } else if (leg->leaving && input.transaction == leg->leaving->told_by) {
        if (final) hang_up_transferor(*leg, leg->leaving->reason, outbox);
    } else if (auto* relay = call->find_relay(input.transaction)) {
        relayed_answer(*call, *leg, *relay, input, now, outbox);
    } else if (leg->display && input.transaction == leg->display->sent) {
        display_answered(*call, *leg, input, now, outbox);
    } else if (input.transaction == leg->bye_out) {
        if (final) leg->bye_out = {};
    } else if (input.transaction == leg->probe_out) {
        if (final) probe_answered(*call, *leg, input, now, outbox);
    } else if (input.transaction == leg->invite_out) {
        if (!final) {
            if (!leg->talking() || leg->proxied)
                branch_provisional(*call, *leg, input, now, outbox);
        } else {
            leg->invite_out = {};
            if (leg->talking() &&
                !leg->proxied) {  // a re-INVITE of ours that nobody waits for any more
                if (input.status < 300) accepted_in_vain(*call, *leg, input, now, outbox);
            } else if (input.status < 300)
                branch_answered(*call, *leg, input, now, outbox);
            else
                branch_failed(*call, *leg, input, now, outbox);
            pass_verdict(*call, now, outbox);
        }
    }
    restore_session(*call, now, outbox);
    sweep(*call, now, outbox);
}

void CallEngine::advance(Moment now, Outbox& outbox)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    while (const auto due = timers_.take_due(now.mono)) {
        if (due->timer == CallTimer::remembered) {
            ended_.forget_old(now.mono);
            taken_.forget_old(now.mono);
            remember_until();
            continue;
        }
        const auto found = calls_.find(due->call);
        if (found == calls_.end()) continue;
        Call& call = *found->second;
        switch (due->timer) {
        case CallTimer::ring:
            if (call.hunting)
                hunt_due(call, now, outbox);
            else if (call.phase == CallPhase::ringing)  // a feature code
                give_up_ringing(call, 500, "Not Saved In Time", now, outbox);
            break;
        case CallTimer::expires: invitation_expired(call, now, outbox); break;
        case CallTimer::seen:
            end_call(call, {}, LegInput::remote_bye, LegInput::remote_bye, {}, now, outbox);
            break;
        case CallTimer::transfer:
            if (call.pickup && call.transfer)
                ask_transferee(call, now, outbox);
            else if (call.pickup)
                offer_to_picker(call, now, outbox);
            else if (call.transfer)
                go_on(call, now, outbox);
            else if (call.change)
                change_goes_on(call, now, outbox);
            restore_session(call, now, outbox);
            break;
        case CallTimer::take_over: take_over_goes_on(call, now, outbox); break;
        case CallTimer::display: displays_due(call, now, outbox); break;
        case CallTimer::answer: answers_overdue(call, now, outbox); break;
        case CallTimer::session: session_over(call, now, outbox); break;
        case CallTimer::park: ring_back(call, now, outbox); break;
        case CallTimer::probe: probe(call, now, outbox); break;
        case CallTimer::card: cards_.due(call, now, outbox); break;
        case CallTimer::keep_ringing: loose_ends_.keep(call, outbox); break;
        case CallTimer::referral: refer_subscriptions_.expire(call.id, now, outbox); break;
        case CallTimer::outside: duration_over(call, now, outbox); break;
        case CallTimer::remembered: break;  // of no call, see above
        case CallTimer::linger:
            if (call.phase == CallPhase::ended && call.ringing_due) {
                loose_ends_.keep(call, outbox);
                set_timer(call, CallTimer::linger, now.mono + linger_time - loose_kept_after);
                break;
            }
            cancel_branches(call, {}, {}, nullptr, outbox);  // of what is lost, if anything
            for (auto& leg : call.legs) {
                give_up_answer(leg, now, outbox);
                leg.invite_out = leg.ack_owed = leg.bye_out = {};
                leg.bye_owed = false;
            }
            pass_verdict(call, now, outbox);
            for (auto& leg : call.legs) {
                move(leg, LegInput::error, outbox);
                leg.invite_in = leg.ack_due = {};
            }
            break;
        }
        sweep(call, now, outbox);
    }
}

std::optional<std::chrono::steady_clock::time_point> CallEngine::next_deadline() const
{
    return timers_.next_deadline();
}

std::pair<Call*, Leg*> CallEngine::find(LegId leg)
{
    const auto found = by_leg_.find(leg);
    if (found == by_leg_.end()) return {nullptr, nullptr};
    return {found->second, found->second->find(leg)};
}

const Leg* CallEngine::find_leg(LegId leg) const noexcept
{
    const auto found = by_leg_.find(leg);
    return found == by_leg_.end() ? nullptr : std::as_const(*found->second).find(leg);
}

void CallEngine::enlist(Call& call, const Leg& leg)
{
    by_leg_.emplace(leg.id, &call);
    index_.add(leg);
    occupancy_.began(leg.extension, call.id);
}

void CallEngine::start_talking(Call& call, std::chrono::seconds session_expires, Moment now,
                               Outbox& outbox)
{
    call.phase = CallPhase::talking;
    call.answered_at = now.wall;
    call.unsaved = true;
    ++counters_.calls_answered;
    timers_.cancel(call.id, CallTimer::ring);
    timers_.cancel(call.id, CallTimer::expires);
    timers_.cancel(call.id, CallTimer::linger);  // of a verdict that does not hold any more
    call.hunting.reset();
    loose_ends_.forget(call, outbox);
    call.offer.reset();
    if (call.early_answer && !call.early_answer->stale) call.early_answer.reset();
    call.session_expires = session_expires;
    follow_session(call);
    if (settings_.probe_interval > 0s)
        set_timer(call, CallTimer::probe, now.mono + settings_.probe_interval);
}

void CallEngine::move(Leg& leg, LegInput input, Outbox& outbox)
{
    const auto moved = next(leg.state, input);
    if (!moved) return;
    const bool talked = leg.state == LegState::confirmed;
    const bool unseen = leg.slot && leg.state == LegState::trying;  // not parked in yet
    leg.state = *moved;
    if (leg.state == LegState::confirmed) leg.untold = false;
    if (leg.state >= LegState::confirmed) std::vector<std::string>{}.swap(leg.via);
    if (leg.role == LegRole::callee && leg.state >= LegState::confirmed) {
        index_.stopped_ringing(leg);
        told_diversions_.remove(leg.id);
    }
    if (leg.state == LegState::terminated) {
        leg.ended_by = input;
        if (const auto owner = by_leg_.find(leg.id); owner != by_leg_.end()) {
            occupancy_.ended(leg.extension, owner->second->id);
            if (leg.slot) slot_is_free(*owner->second, leg);
        }
        if (talked && !leg.slot) occupancy_.talked(leg.extension);
        no_longer_outside(leg);
        passes_along(leg, outbox);
        if (unseen) return;
    }
    announce(leg, outbox);
}

void CallEngine::announce(const Leg& leg, Outbox& outbox) const
{
    if (leg.extension.empty() && leg.trunk.empty()) return;
    outbox.announce(DialogChanged{snapshot_of(leg)});
}

DialogSnapshot CallEngine::snapshot_of(const Leg& leg) const
{
    const auto owner = by_leg_.find(leg.id);
    const auto& party = leg.awaits ? *leg.awaits : leg.other;
    return {
        .leg = leg.id,
        .id = leg.proxied ? leg.name : leg.dialog.local_tag,
        .call = owner == by_leg_.end() ? CallRef{} : owner->second->id,
        .status = leg.status,
        .extension = leg.extension,
        .trunk = leg.trunk,
        .on_behalf_of = leg.on_behalf_of,
        .dialog = {leg.dialog.call_id, leg.dialog.remote_tag,
                   leg.dialog.local_tag},  // as the phone sees it
        .direction = leg.role == LegRole::caller ? Direction::initiator : Direction::recipient,
        .state = leg.state,
        .ended_by = leg.ended_by,
        .resumed = leg.resumed,
        .held = leg.held,
        .holds = leg.holds,
        .picks_up = leg.picks_up,
        .untold = leg.untold,
        .discreet = leg.discreet,
        .parked = leg.slot && leg.state == LegState::confirmed,
        .place = leg.place,
        .local = {leg.phone, leg.phone.uri},
        .remote = {party, party.uri},
    };
}

std::vector<DialogSnapshot> CallEngine::dialogs_of(std::string_view extension) const
{
    std::vector<DialogSnapshot> dialogs;
    for (const auto& [ref, call] : calls_)
        for (const auto& leg : call->legs)
            if (leg.extension == extension && leg.state != LegState::terminated && !leg.untold)
                dialogs.push_back(snapshot_of(leg));
    return dialogs;
}

void CallEngine::request(Leg& leg, SendRequest request, Outbox& outbox)
{
    count_request(*by_leg_.at(leg.id), leg, leg.dialog_state.cseq + 1);
    request.leg = leg.id;
    if (request.method == Method::invite) {
        leg.asks_offer = !has_body(request.payload);
        const Leg* other = find_leg(leg.peer);
        request.allows_update = !other || !other->refuses_update;
    }
    outbox.send(std::move(request));
}

void CallEngine::set_timer(const Call& call, CallTimer timer,
                           std::chrono::steady_clock::time_point deadline)
{
    timers_.set(call.id, timer, deadline);
}

bool CallEngine::wait_until(std::optional<std::chrono::steady_clock::time_point> deadline,
                            const Call& call, CallTimer timer)
{
    if (deadline) set_timer(call, timer, *deadline);
    return deadline.has_value();
}

}  // namespace lampline
