// Taking a call by INVITE with Replaces: an ordered list of matches (RFC 3891).
#include <algorithm>

#include "core/dialog_match.hpp"
#include "core/sdp.hpp"
#include "core/trunk_identity.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/displays.hpp"
#include "engine/early_answer.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

bool rings(const Leg& leg) noexcept
{
    return leg.role == LegRole::callee && leg.state < LegState::confirmed;
}

}  // namespace

Leg* CallEngine::find_replaced(const Replaces& replaces, std::string_view by, Untagged untagged)
{
    Leg* best = nullptr;
    auto best_rung = MatchRung::none;
    bool several = false;
    for (const auto id : index_.by_call_id(replaces.call_id)) {
        Leg* leg = find(id).second;
        const auto rung = rung_of(leg->dialog, replaces);
        const bool own = untagged == Untagged::own && leg->extension == by;
        if (rung == MatchRung::call_id_only && !own && !(rings(*leg) && may_take(by, *leg)))
            continue;
        if (rung == MatchRung::none || rung > best_rung) continue;
        const bool lives = leg->state != LegState::terminated;
        if (best && rung == best_rung) {  // of one dialog in proxy mode, only the last leg lives
            const bool best_lives = best->state != LegState::terminated;
            if (best_lives && !lives) continue;
            several = several || lives == best_lives;
            if (lives && !best_lives) several = false;
        } else {
            several = false;
        }
        best = leg;
        best_rung = rung;
    }
    return several ? nullptr : best;  // which one? As if there were none (RFC 3891 §3)
}

bool CallEngine::may_take(std::string_view picker, const Leg& leg) const
{
    if (leg.slot) return !picker.empty() && directory_->may_park(picker);
    // A talking call is nobody else's to take.
    return may_pick_up(picker, leg.extension, *directory_) &&
           (rings(leg) || picker == leg.extension);
}

void CallEngine::receive_replaces(const InviteReceived& input, Moment now, Outbox& outbox)
{
    if (input.replaces->call_id.empty())
        return reject(input, 400, "Bad Replaces", outbox,
                      {addresses_.warning_of("Replaces: expected one, with a Call-ID and tags")});
    Leg* leg = find_replaced(*input.replaces, input.authenticated, Untagged::to_take);
    if ((!leg || leg->state == LegState::terminated) && ended_.has(*input.replaces, now.mono))
        return reject(input, 603, "Call Has Ended", outbox);
    const auto not_found = [&](std::string_view why) {
        reject(input, 481, "No Such Dialog To Replace", outbox, {addresses_.warning_of(why)});
    };
    if (!leg) return not_found("Replaces: no dialog, or several, have this Call-ID and these tags");
    if (leg->state == LegState::terminated) {
        const bool talked =
            leg->ended_by == LegInput::local_bye || leg->ended_by == LegInput::remote_bye;
        const bool taken = find(leg->id).first->answered_at.has_value();
        return talked  ? reject(input, 603, "Call Has Ended", outbox)
               : taken ? refuse_late(input, outbox)
                       : reject(input, 603, "Rings There No More", outbox);
    }
    const bool referred = leg->talking() && referrals_.allow(input.authenticated, *leg, now);
    const bool may = may_take(input.authenticated, *leg) || referred;
    // Who may take what rings there has come too late; to anybody else it is no call of theirs.
    const bool might = !leg->slot && may_pick_up(input.authenticated, leg->extension, *directory_);
    // A parked call is an answered one, and stays in its slot (RFC 3891 §3): no phone is known to
    // say early-only to fetch one.
    if (leg->talking() && input.replaces->early_only && (may || might))
        return reject(input, 486, "Already Answered", outbox,
                      {addresses_.warning_of("Replaces: early-only, and the dialog is confirmed")});
    if (!may) return reject(input, 403, "Not Yours To Take", outbox);
    if (leg->slot) return retrieve(*leg, input, now, outbox);
    const Call& call = *find(leg->id).first;
    const bool clicks = call.clicked && call.phase == CallPhase::ringing;
    if (rings(*leg) && !clicks && waits_itself(input, waits_in(call)))
        return reject(
            input, 481, "Your Own Call", outbox,
            {addresses_.warning_of("Replaces: the phone makes the call that rings there itself")});
    if (leg->proxied && (rings(*leg) || leg->talking()))
        return replace_proxied(*leg, input, now, outbox);
    if (rings(*leg)) return pick_up(*leg, input, now, outbox);
    if (!leg->talking()) return not_found("Replaces: the dialog is that of a caller who waits for an answer");
    take_over(*leg, input, now, outbox);
}

Leg& CallEngine::open_picker_leg(Call& call, const Leg& replaced, const InviteReceived& input,
                                 Moment now, Outbox& outbox)
{
    Leg& picker = call.legs.emplace_back();
    picker.id = leg_ids_.next();
    picker.role = LegRole::caller;
    picker.extension = input.authenticated;
    picker.trunk = input.trunk;
    picker.on_behalf_of = input.on_behalf_of;
    picker.dialog = {input.call_id, tokens_(), input.parties.from_tag};
    picker.dialog_state = dialog_state_of(input);
    picker.phone = input.trunk.empty()
                       ? addresses_.party_of(input.authenticated, input.parties.from.display_name)
                       : input.parties.from;
    picker.other = replaced.other;
    picker.flow = input.source;
    picker.via = input.via;
    picker.supported = input.supported | input.required;
    picker.takes_update = input.allows_update;
    picker.refuses_update = input.denies_update;
    if (picker.trunk.empty()) picker.identity = identity_for(input.user_agent);
    picker.anonymous = wants_privacy(input.parties.from, input.payload);
    picker.heard_at = now.mono;
    enlist(call, picker);
    loose_ends_.keep_soon(call, now);
    outbox.send(OpenDialog{input.transaction, picker.id, picker.dialog.local_tag,
                           !picker.trunk.empty(), credentials_of(picker.trunk),
                           picker.extension});
    return picker;
}

void CallEngine::pick_up(Leg& ringing, const InviteReceived& input, Moment now, Outbox& outbox)
{
    Call& call = *find(ringing.id).first;
    if (may_not_meet(input, waits_in(call))) return refuse_to_meet(input, outbox);
    if (call.transfer) return pick_up_transferred(call, ringing, input, now, outbox);
    if (call.clicked && call.phase == CallPhase::ringing)
        return reject(input, 481, "Nobody Calls There", outbox,
                      {addresses_.warning_of("The phone rings for a call that is to be made from it")});
    Leg& caller = call.caller();
    if (!caller.invite_in)
        return reject(input, 481, "Call Is Gone", outbox,
                      {addresses_.warning_of("The caller waits for no answer any more")});
    if (call.pickup) return refuse_late(input, outbox);
    if (call.early_answer && !has_body(call.offer))
        return reject(
            input, 491, "Request Pending", outbox,
            {addresses_.warning_of("The caller is answering another phone's offer just now")});
    const auto to_caller = answer_from(body_of(call.offer), body_of(input.payload));
    const auto to_picker = answer_from(body_of(input.payload), body_of(call.offer));
    if (!to_caller || !to_picker) {
        const auto may_fit_anew = [&](const PayloadRef& payload) {
            return !has_body(payload) || negotiates_more(body_of(payload));
        };
        if (may_fit_anew(call.offer) || may_fit_anew(input.payload))
            return pick_up_anew(call, ringing, input, now, outbox);
        return reject(input, 488, "No Media In Common", outbox);
    }

    Leg& picker = open_picker_leg(call, ringing, input, now, outbox);
    std::chrono::seconds kept{};
    const auto answer = [&](Leg& leg, TransactionId request, const SessionTimer& asked,
                            PayloadRef session) {
        leg.ack_due = request;
        const auto timer = answer_timer(asked, has(leg.supported, OptionTag::timer), {});
        note_session(leg, timer.timer.expires, now);
        kept = shorter_session(kept, timer.supervise_for);
        const Leg& other = &leg == &caller ? picker : caller;
        outbox.send(Reply{.transaction = request,
                          .status = 200,
                          .headers = asserted_to(leg, other),
                          .session_timer = timer.timer,
                          .required = timer.require ? OptionTag::timer : OptionTag::none,
                          .allows_update = !other.refuses_update,
                          .payload = std::move(session)});
    };
    picker.sdp = input.payload;
    caller.other = presented(picker);
    answer(picker, input.transaction, input.session_timer, session_payload(*to_picker));
    answer(caller, std::exchange(caller.invite_in, {}), call.asked_timer,
           told_after_early(call, picker, session_payload(*to_caller)));
    connect(caller, picker);
    note_taken(call, picker, now);
    move(picker, LegInput::success, outbox);
    move(caller, LegInput::success, outbox);
    move(ringing, LegInput::replaced, outbox);
    start_talking(call, kept, now, outbox);
    cancel_branches(call, picker.id, completed_elsewhere, nullptr, outbox);
    keep(call, outbox);
}

void CallEngine::take_over(Leg& leg, const InviteReceived& input, Moment now, Outbox& outbox)
{
    Call& call = *find(leg.id).first;
    const Leg* peer = call.peer_of(leg);
    if (peer && peer->slot) return reject(input, 403, "Call Is Parked", outbox);
    // Who is being moved within this call is waited for; what another call needs is not.
    const bool own_transfer = call.transfer && (call.transfer->transferor == leg.id ||
                                                call.transfer->transferee == leg.id);
    if (leg.leaving)
        return reject(input, 603, "Call Has Ended", outbox,
                      {addresses_.warning_of("The call was transferred just now")});
    if (std::ranges::any_of(call.relays, [&](const Relay& relay) {
            return relay.replaces == leg.id && !relay.cancelled;
        }))
        return refuse_late(input, outbox);
    if (!peer || (is_moving(call) && !own_transfer) ||
        std::ranges::any_of(call.relays, [](const Relay& relay) { return !!relay.replaces; }))
        return reject(input, 491, "Request Pending", outbox,
                      {addresses_.warning_of("Another change of this call is under way")});

    const Leg& picker = open_picker_leg(call, leg, input, now, outbox);
    announce(picker, outbox);
    call.relays.push_back({.method = Method::invite,
                           .from = picker.id,
                           .request = input.transaction,
                           .to = peer->id,
                           .forwarded = {},
                           .payload = input.payload,
                           .session_timer = input.session_timer,
                           .replaces = leg.id});
    take_over_goes_on(call, now, outbox);
}

void CallEngine::retrieve_held(const InviteReceived& input, Moment now, Outbox& outbox)
{
    receive(input, now, outbox);
    // It may have to wait for the one who holds, which may just be resuming the call.
    for (const auto id : index_.by_call_id(input.replaces->call_id))
        if (auto* call = find(id).first)
            if (auto* relay = call->find_relay(input.transaction)) relay->if_held = true;
}

void CallEngine::offer_to_peer(Call& call, Relay& relay, Moment now, Outbox& outbox)
{
    const Leg& picker = *call.find(relay.from);
    Leg& peer = *call.find(relay.to);
    relay.forwarded = invite(peer,
                             {.supported = picker.supported & OptionTag::timer,
                              .session_timer = timer_to_forward(
                                  relay.session_timer, call.session_expires, peer.min_se),
                              .headers = asserted_to(peer, picker),
                              .payload = relay.payload},
                             now, outbox);
}

void CallEngine::take_over_goes_on(Call& call, Moment now, Outbox& outbox)
{
    const auto waiting = std::ranges::find_if(
        call.relays, [](const Relay& relay) { return relay.replaces && !relay.forwarded; });
    if (waiting == call.relays.end()) return;
    const Leg* replaced = call.find(waiting->replaces);
    const Leg* peer = call.find(waiting->to);
    const auto refuse = [&](unsigned status, std::string phrase, std::string_view why) {
        outbox.send(Reply{.transaction = waiting->request,
                          .status = status,
                          .phrase = std::move(phrase),
                          .headers = {addresses_.warning_of(why)}});
        move(*call.find(waiting->from), LegInput::rejected, outbox);
        call.relays.erase(waiting);
        if (peer) take_over_failed(call, *peer, now, outbox);
    };
    const auto there = [&] {  // or gone by itself just now
        return replaced->talking() ? replaced->peer == peer->id : !peer->peer && !call.transfer;
    };
    if (!replaced || !peer || !peer->talking() || !there())
        return refuse(603, "Call Has Ended", "The call has gone on without this phone");
    const bool busy = call.change || peer->invite_pending() || replaced->ack_due ||
                      replaced->ack_owed ||
                      std::ranges::any_of(call.relays, [&](const Relay& relay) {
                          return &relay != &*waiting && changes_session(relay.method);
                      });
    const bool held = replaced->holds && !(replaced->place && replaced->place->is_private);
    if (!busy && waiting->if_held && replaced->talking() && !held)
        return refuse(403, "Not On Public Hold", "Whoever held the call talks again");
    if (!busy) return offer_to_peer(call, *waiting, now, outbox);
    if (!wait_until(waiting->glare.held_up(now.mono), call, CallTimer::take_over))
        refuse(491, "Request Pending", "Another change of this call is under way");
}

/// The peer has accepted the picker's media: only now is the replaced leg hung up.
void CallEngine::taken_over(Call& call, Leg& picker, Leg& peer, LegId replaced, Outbox& outbox)
{
    connect(picker, peer);
    call.unsaved = true;
    is_shown(peer, picker);
    move(picker, LegInput::success, outbox);
    announce(peer, outbox);
    inherit_transfer(call, picker, replaced, outbox);
    if (Leg* leg = call.find(replaced); leg && leg->state != LegState::terminated) {
        leg->peer = {};
        move(*leg, LegInput::replaced, outbox);
        hang_up(*leg, completed_elsewhere, outbox);
    }
    follow_session(call);
}

bool CallEngine::leaves_take_over(Call& call, Leg& leg, Outbox& outbox)
{
    const bool awaited = std::ranges::any_of(call.relays, [&](const Relay& relay) {
        return relay.replaces == leg.id && !relay.answered && !relay.cancelled;
    });
    if (awaited) leave(call, leg, outbox);
    return awaited;
}

void CallEngine::take_over_failed(Call& call, const Leg& peer, Moment now, Outbox& outbox)
{
    if (peer.peer || !peer.talking() || call.transfer || call.phase != CallPhase::talking)
        return restore_session(call, now, outbox);
    if (!cards_.alone(call, true, now, outbox))
        end_call(call, {}, LegInput::remote_bye, LegInput::remote_bye,
                 "SIP;cause=480;text=\"Party has left\"", now, outbox);
}

}  // namespace lampline
