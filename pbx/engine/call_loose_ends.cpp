// What a restart has to end: phones that ring or wait for an answer, and those in a dialog with
// nobody. A transfer that goes on without its transferor has such, so has a BYE without answer.
#include "engine/call_loose_ends.hpp"

#include <algorithm>

#include "engine/call_engine.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

/// The re-INVITE of this phone that waits for the answer of the other one.
const Relay* passed_invite(const Call& call, const Leg& leg)
{
    const auto found = std::ranges::find_if(call.relays, [&](const Relay& relay) {
        return relay.method == Method::invite && relay.from == leg.id && !relay.replaces &&
               !relay.answered && !relay.cancelled;
    });
    return found == call.relays.end() ? nullptr : &*found;
}

std::optional<LooseEnd> loose_end(const Call& call, const Leg& leg)
{
    const LooseEnd invited{leg.id, false};
    const LooseEnd answered{leg.id, true};
    if (leg.slot) return std::nullopt;
    if (call.mode == CallMode::proxy && (!leg.proxied || leg.talking())) return std::nullopt;
    // One that was passed on is cancelled with the Via that it has, once that has been answered.
    const bool rings =
        leg.role == LegRole::callee && leg.invite_out && (!leg.proxied || !leg.via.empty());
    if (leg.state == LegState::terminated) {
        if (leg.bye_out || leg.bye_owed) return answered;  // that BYE may be lost
        return rings && leg.cancel_sent ? std::optional{invited} : std::nullopt;
    }
    if (leg.talking()) {
        if (!call.is_connected(leg)) return answered;
        return passed_invite(call, leg) ? std::optional{invited} : std::nullopt;
    }
    if (rings || leg.invite_in) return invited;
    // A picker that was answered before there are media for it, or whose ACK is to bring them.
    if (leg.ack_due || (call.pickup && call.pickup->picker == leg.id)) return answered;
    const bool takes_over = std::ranges::any_of(call.relays, [&](const Relay& relay) {
        return relay.replaces && relay.from == leg.id && !relay.answered && !relay.cancelled;
    });
    return takes_over ? std::optional{invited} : std::nullopt;
}

/// Of an INVITE that was passed on, which has the names and the number that its sender has given it.
void write_passed(const Call& call, const Leg& leg, StoredInvite& invite)
{
    const auto& asked = call.legs.front().dialog_state;
    invite.cseq = asked.remote_cseq;
    if (invite.role == LegRole::callee) {
        invite.state.local_party = asked.remote_party;
        invite.state.remote_party = asked.local_party;
    } else if (invite.dialog.local_tag.empty()) {
        invite.dialog.local_tag = leg.name;  // no phone has told one
    }
}

}  // namespace

void LooseEnds::keep(Call& call, Outbox& outbox)
{
    timers_.cancel(call.id, CallTimer::keep_ringing);
    call.ringing_due = false;
    call.loose_kept.clear();
    auto stored = std::make_shared<StoredRinging>();
    stored->id = call.id;
    for (auto& leg : call.legs) {
        const auto loose = loose_end(call, leg);
        if (!loose) continue;
        call.loose_kept.push_back(*loose);
        auto& invite = stored->invites.emplace_back();
        invite.answered = loose->answered;
        if (loose->answered) leg.reserved_cseq = leg.dialog_state.cseq + cseq_block;
        const Relay* passed = leg.talking() && !loose->answered ? passed_invite(call, leg) : nullptr;
        invite.role = passed ? LegRole::caller : leg.role;
        invite.dialog = leg.dialog;
        invite.state = leg.dialog_state;
        invite.cseq = loose->answered               ? leg.reserved_cseq
                      : passed                      ? passed->cseq
                      : leg.role == LegRole::caller ? leg.dialog_state.remote_cseq
                      : leg.invite_cseq != 0        ? leg.invite_cseq
                                                    : initial_invite_cseq;
        invite.via = passed ? passed->via : leg.via;
        invite.flow = leg.flow;
        invite.flow.connection = {};
        if (invite.role == LegRole::callee && !loose->answered) invite.dialog.remote_tag.clear();
        if (leg.proxied) write_passed(call, leg, invite);
    }
    if (stored->invites.empty()) return forget(call, outbox);
    const bool first = !std::exchange(call.ringing_kept, true);
    outbox.store(RingingStored{std::move(stored), first});
    outbox.announce(CallKept{call.id});
}

void LooseEnds::keep_soon(Call& call, Moment now)
{
    call.ringing_due = true;
    timers_.set(call.id, CallTimer::keep_ringing, now.mono + loose_kept_after);
}

void LooseEnds::forget(Call& call, Outbox& outbox)
{
    timers_.cancel(call.id, CallTimer::keep_ringing);
    call.ringing_due = false;
    call.loose_kept.clear();
    if (std::exchange(call.ringing_kept, false)) outbox.store(RingingRemoved{call.id});
}

void LooseEnds::follow(Call& call, Moment now, Outbox& outbox)
{
    bool any = false;
    bool changed = std::ranges::any_of(call.loose_kept, [&](const LooseEnd& kept) {
        const Leg* leg = call.find(kept.leg);  // or it has gone to another call
        return !leg || (leg->talking() && !loose_end(call, *leg));
    });
    for (const auto& leg : call.legs) {
        const auto loose = loose_end(call, leg);
        if (!loose) continue;
        any = true;
        const bool kept = std::ranges::find(call.loose_kept, *loose) != call.loose_kept.end();
        // While it rings, each INVITE has set the timer.
        if (kept || (call.phase == CallPhase::ringing && !loose->answered)) continue;
        // Somebody who has answered does not give up by itself.
        if (call.ringing_kept && loose->answered) changed = true;
        if (!call.ringing_due) keep_soon(call, now);
    }
    const bool just_ended = call.phase == CallPhase::ended && call.ringing_due;
    if (!any && (call.ringing_kept || call.ringing_due))
        forget(call, outbox);
    else if (any && call.ringing_kept && changed)
        keep(call, outbox);
    else
        return;
    // What that timer was to do first is done, and transactions last as long as ever.
    if (just_ended) timers_.set(call.id, CallTimer::linger, now.mono + linger_time);
}

void CallEngine::end_ringing(const std::vector<StoredRinging>& stored, Outbox& outbox)
{
    for (const auto& call : stored) {
        for (const auto& invite : call.invites) {
            if (!invite.answered) {
                outbox.send(EndInvite{invite});
                continue;
            }
            auto state = invite.state;
            state.cseq = invite.cseq;
            const auto leg = leg_ids_.next();
            outbox.send(ResumeDialog{leg, invite.dialog, state, invite.flow});
            outbox.send(
                SendRequest{.leg = leg,
                            .transaction = transaction_ids_.next(),
                            .method = Method::bye,
                            .headers = {{"Reason", "SIP;cause=500;text=\"Exchange restarted\""}}});
            outbox.send(CloseDialog{leg});
        }
        outbox.store(RingingRemoved{call.id});
        // A phone may have accepted what the other one was never told of.
        if (const auto found = calls_.find(call.id); found != calls_.end())
            for (const auto& leg : found->second->legs)
                if (!leg.slot && !leg.proxied) found->second->astray = leg.id;
    }
}

}  // namespace lampline
