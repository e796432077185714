// Parking: a call waits in a slot, which is a leg without a phone. So a slot has a lamp, a place in
// the call and in its record as any phone has, and moving a call there and back is a transfer.
#include <algorithm>
#include <utility>

#include "core/extension_uri.hpp"
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/displays.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_session.hpp"

namespace lampline {
namespace {

OrderAnswer in_the_way(std::string message)
{
    return {.outcome = OrderOutcome::wrong_state, .message = std::move(message)};
}

OrderAnswer bad(std::string pointer, std::string code, std::string message)
{
    return {.outcome = OrderOutcome::bad_member,
            .pointer = std::move(pointer),
            .code = std::move(code),
            .message = std::move(message)};
}

}  // namespace

std::optional<std::string> CallEngine::free_slot(std::string_view slot, std::string_view by) const
{
    if (!slot.empty()) {
        const Call* asks = still_asking(slots_.offered_to(slot));
        const bool taken = slots_.find(slot) || (asks && asks->from != by);
        return taken ? std::nullopt : std::optional{std::string{slot}};
    }
    return slots_.first_free(directory_->park_lot(),
                             [this](CallRef asks) { return still_asking(asks) != nullptr; });
}

const Call* CallEngine::still_asking(CallRef asks) const
{
    const auto found = calls_.find(asks);
    if (found == calls_.end() || found->second->phase == CallPhase::ended) return nullptr;
    return found->second.get();
}

void CallEngine::park(Call& call, std::string_view by, std::string_view slot, Moment now,
                      Outbox& outbox)
{
    call.transfer->parks = true;
    if (call.transfer->to.empty()) call.transfer->to = slot;
    if (const auto refusal = park_refusal(by, *directory_))
        return transfer_failed(call, refusal->status, refusal->phrase, now, outbox,
                               {addresses_.warning_of(refusal->reason)});
    auto free = free_slot(slot, by);
    if (!free || call.parking) {
        const auto refusal = slot_refusal(slot);
        return transfer_failed(call, 486, refusal.phrase, now, outbox,
                               {{"Reason", std::string{refusal.reason}}});
    }
    Transfer& transfer = *call.transfer;
    const Leg& transferee = *call.find(transfer.transferee);
    const Leg* transferor = call.find(transfer.transferor);

    Leg& leg = call.legs.emplace_back();
    leg.id = leg_ids_.next();
    leg.role = LegRole::callee;
    leg.slot = true;
    leg.extension = park_name(*free);
    leg.dialog = {tokens_(), tokens_(), tokens_()};
    leg.phone = {"Park " + *free, extension_uri(leg.extension, directory_->domain())};
    leg.other = presented(transferee);
    leg.flow.host = "0.0.0.0";
    leg.dialog_state.local_party = leg.other;
    leg.dialog_state.remote_party = leg.phone;
    leg.dialog_state.target = leg.phone.uri;
    leg.heard_at = now.mono;
    leg.discreet = !shows_parties(transferee.extension) || !shows_parties(by);
    enlist(call, leg);

    slots_.take(*free, call.id);
    call.parking = Parking{
        .slot = std::move(*free), .leg = leg.id, .by = std::string{by}, .rings_back_at = {}};
    transfer.stage = TransferStage::joining;
    transfer.target = transfer.offerer = leg.id;
    transfer.answerer = transferee.id;
    transfer.offer = silent_offer(transferee, transferor);
    transfer.glare.over();
    go_on(call, now, outbox);
}

/// Whether everybody who sees a slot may see `number` talk there. Somebody outside has no say.
bool CallEngine::shows_parties(std::string_view number) const
{
    const auto* extension = directory_->find(number);
    return !extension || extension->visibility == Visibility::open;
}

/// Whom the lamp of the slot may name is decided anew.
void CallEngine::follow_consent(Call& call, Outbox& outbox)
{
    Leg* slot = call.parking ? call.find(call.parking->leg) : nullptr;
    const Leg* waits = slot ? call.find(slot->peer) : nullptr;
    if (!waits) return;
    const bool discreet = !shows_parties(waits->extension) || !shows_parties(call.parking->by);
    if (std::exchange(slot->discreet, discreet) != discreet && slot->talking())
        announce(*slot, outbox);
}

/// The phone has accepted that it hears nothing.
void CallEngine::parked(Call& call, Leg& leg, Moment now)
{
    // A slot that was taken out of the lot meanwhile gives its call back at once.
    const auto& lot = directory_->park_lot();
    const auto timeout = lot.slot_of(call.parking->slot) ? lot.timeout : 0s;
    leg.state = LegState::confirmed;  // announced with the one who waits
    index_.stopped_ringing(leg);
    call.parking->rings_back_at = now.wall + timeout;
    set_timer(call, CallTimer::park, now.mono + timeout);
    drop_sessions(call);
}

void CallEngine::slot_is_free(Call& call, const Leg& leg)
{
    slots_.release(std::string_view{leg.extension}.substr(park_prefix.size()), call.id);
    if (!call.parking || call.parking->leg != leg.id) return;
    call.parking.reset();
    timers_.cancel(call.id, CallTimer::park);
}

OrderAnswer CallEngine::park_party(Call& call, const CallOrder& order, Moment now, Outbox& outbox)
{
    auto [stays, leaves] = talking_pair(call);
    if (!stays) return in_the_way("nobody talks in this call");
    if (call.mode == CallMode::proxy) return in_the_way(std::string{in_proxy_mode});
    if (is_moving(call)) return in_the_way("another change of this call is under way");
    if (stays->slot || leaves->slot) return in_the_way("this call is parked already");
    if (directory_->park_lot().number.empty()) return in_the_way("this office has no park lot");
    // Somebody outside never parks; it is parked.
    if (order.by.empty() ? leaves->extension.empty() : order.by == stays->extension)
        std::swap(stays, leaves);
    if (leaves->extension.empty()) return in_the_way("nobody of this office talks in this call");
    if (!order.by.empty() && order.by != leaves->extension)
        return bad("/by", "not_in_call", "does not talk in this call");
    const auto failed = [&, by = leaves->id](unsigned status, std::string_view phrase) {
        move_failed(call, by, failed_move(MoveKind::park, order.to, status, phrase), outbox);
    };
    if (const auto refusal = park_refusal(leaves->extension, *directory_)) {
        failed(refusal->status, refusal->phrase + ": " + refusal->reason);
        return bad("/by", "not_allowed", "may not use the park lot");
    }
    const auto slot = order.to.empty() ? order.to : directory_->park_lot().slot_of(order.to);
    if (!slot) {
        failed(404, "Not A Slot Of The Park Lot");
        return bad("/slot", "unknown_slot", "is not a slot of the park lot");
    }
    if (!free_slot(*slot, leaves->extension)) {
        failed(486, slot_refusal(*slot).phrase);
        return in_the_way(slot->empty() ? "all slots are taken" : "slot " + *slot + " is taken");
    }
    call.transfer = Transfer{.transferor = leaves->id, .transferee = stays->id, .reports = false};
    park(call, leaves->extension, *slot, now, outbox);
    return {};
}

void CallEngine::answer_for_nobody(Call& call, Leg& from, const RequestReceived& input, Moment now,
                                   Outbox& outbox)
{
    const bool moves = call.transfer && call.transfer->stage != TransferStage::ringing;
    Reply reply{.transaction = input.transaction, .status = 200};
    switch (input.method) {
    case Method::invite:
        if (moves || from.invite_pending()) {
            reply.status = 491;
            break;
        }
        [[fallthrough]];
    case Method::update: {
        const auto offer = body_of(input.payload);
        if (input.method == Method::invite || !offer.empty())
            reply.payload = silence(offer.empty() ? body_of(from.sdp) : offer);
        note_privacy(from, input.payload);
        if (Leg* slot = call.peer_of(from)) hide(call, *slot, from, now, outbox);
        bool moved = note_private(from, input.payload);
        if (!offer.empty()) {
            const bool holds = holds_by(from, input.payload);
            moved = std::exchange(from.holds, holds) != holds || moved;
            from.sdp = input.payload;
        }
        const auto timer =
            answer_timer(input.session_timer, has(input.supported, OptionTag::timer), {});
        reply.session_timer = timer.timer;
        reply.required = timer.require ? OptionTag::timer : OptionTag::none;
        note_session(from, timer.timer.expires, now);
        call.session_expires = timer.supervise_for;
        follow_session(call);
        call.unsaved = true;
        if (moved) announce(from, outbox);
        if (input.method == Method::invite) from.ack_due = input.transaction;
        break;
    }
    case Method::info:
    case Method::options: break;
    default:
        reply.status = 480;
        if (call.parking) reply.phrase = "Call Is Parked";
    }
    outbox.send(std::move(reply));
}

}  // namespace lampline
