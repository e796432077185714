// How a transfer ends: the two are joined, it fails, or one of the parties leaves.
#include <algorithm>
#include <utility>

#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/displays.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_session.hpp"

namespace lampline {
namespace {

/// A Reason (RFC 3326) with words that may be a phone's own.
std::string reason_of(unsigned status, std::string_view words)
{
    std::string reason = "SIP;cause=" + std::to_string(status);
    if (words.empty()) return reason;
    reason += ";text=\"";
    for (const char c : words)
        if (c != '"' && c != '\\' && c >= ' ' && c <= '~') reason += c;
    return reason + '"';
}

/// Why those whom a transferor has left are let go.
std::string failed_in_words(std::string_view phrase)
{
    std::string words = "Transfer failed";
    if (!phrase.empty()) words.append(": ").append(phrase);
    return words;
}

/// What whoever parked a call is shown.
std::string parked_in_words(const Parking& parking)
{
    return "Parked In " + parking.slot;
}

}  // namespace

/// Both have each other's media: they are connected, and the transferor has no part in it any more.
void CallEngine::joined(Call& call, const PayloadRef& answer, Moment now, Outbox& outbox)
{
    Transfer& transfer = *call.transfer;
    auto [offerers, offerer] = find(transfer.offerer);
    if (!offerer || !(offerer->ack_owed || offerer->invite_in || offerer->slot))
        return transfer_failed(call, 480, "Party Has Left", now, outbox);
    const auto payload =
        answer ? std::make_shared<const Payload>(Payload{answer->content_type, answer->body, {}})
               : nullptr;
    if (offerer->slot) {
        parked(call, *offerer, now);
    } else if (offerer->invite_in) {  // it has picked the call up
        offerer->ack_due = std::exchange(offerer->invite_in, {});
        outbox.send(Reply{.transaction = offerer->ack_due,
                          .status = 200,
                          .headers = asserted_to(*offerer, *call.find(transfer.transferee)),
                          .payload = payload});
        move(*offerer, LegInput::success, outbox);
        is_shown(*offerer, *call.find(transfer.transferee));
    } else {
        outbox.send(SendAck{offerer->id, std::exchange(offerer->ack_owed, {}), payload});
    }
    offerer->sdp = transfer.offer;
    call.unsaved = true;
    call.astray = {};

    Leg& target = adopt(call, transfer.target);
    watch_duration(call, now);
    Leg& transferee = *call.find(transfer.transferee);
    connect(transferee, target);
    if (!target.slot) call.session_expires = transfer.session_expires;
    follow_session(call);
    for (Leg* leg : {&transferee, &target}) {
        // Those asked in an INVITE were told in it.
        const bool told = leg->id == transfer.answerer || transfer.offered_by;
        const Leg& other = leg == &target ? transferee : target;
        if (told)
            is_shown(*leg, other);
        else
            show(call, *leg, other, now, outbox);
        set_held(*leg, target.slot || (has_body(leg->sdp) && !receives_media(leg->sdp->body)));
        announce(*leg, outbox);
    }
    const auto* asked = find(transfer.consulted).first;
    outbox.announce(
        CallMoved{call.id, transfer.transferor, target.id, asked ? asked->id : CallRef{}});
    if (Leg* transferor = call.find(transfer.transferor)) transferor->peer = {};
    if (const auto [other, consulted] = find(transfer.consulted); consulted) {
        consulted->peer = {};
        if (consulted->state != LegState::terminated) {
            move(*consulted, LegInput::replaced, outbox);
            hang_up(*consulted, completed_elsewhere, outbox);
        }
        if (other->id != call.id) {
            begin_end(*other, now, outbox);
            sweep(*other, now, outbox);
        }
    }
    if (!call.answered_at) {  // a clicked call, which has both its parties now
        call.answered_at = now.wall;
        ++counters_.calls_answered;
    }
    const auto words = target.slot ? parked_in_words(*call.parking) : std::string{};
    report(call, 200, words.empty() ? "OK" : words, true, now, outbox);
    const auto told_by = transfer.last_report;
    Leg* transferor = call.find(transfer.transferor);
    call.transfer.reset();
    if (transferor && transferor->state != LegState::terminated) {
        const auto reason = reason_of(200, words.empty() ? "Transferred" : words);
        if (told_by)
            transferor->leaving = Leaving{told_by, reason};
        else
            hang_up_transferor(*transferor, reason, outbox);
    }
    cards_.connected(call, now, outbox);
}

/// The leg `id`, which becomes one of `call` if it was another call's.
Leg& CallEngine::adopt(Call& call, LegId id)
{
    const auto [owner, leg] = find(id);
    if (owner == &call) return *leg;
    Leg& moved = call.legs.emplace_back(std::move(*leg));
    owner->legs.erase(std::find_if(owner->legs.begin(), owner->legs.end(), [&](const Leg& each) {
        return &each != &moved && each.id == id;
    }));
    by_leg_[id] = &call;
    if (moved.state != LegState::terminated) {
        occupancy_.ended(moved.extension, owner->id);
        occupancy_.began(moved.extension, call.id);
    }
    return moved;
}

void CallEngine::transfer_failed(Call& call, unsigned status, std::string_view phrase, Moment now,
                                 Outbox& outbox, std::vector<Header> why)
{
    Transfer& transfer = *call.transfer;
    leave_picker(call, reason_of(status, phrase), outbox, {status, std::string{phrase}, why});
    cancel_branches(call, {}, {}, nullptr, outbox);
    timers_.cancel(call.id, CallTimer::ring);
    call.hunting.reset();
    if (const auto [owner, offerer] = find(transfer.offerer); offerer && offerer->ack_owed) {
        if (transfer.offered_by) {  // the transferee talks on to who it talked to
            const auto* peer = owner->peer_of(*offerer);
            outbox.send(SendAck{offerer->id, std::exchange(offerer->ack_owed, {}),
                                peer ? peer->sdp : nullptr});
            if (peer) show_own_party(*owner, *offerer, now, outbox);
        } else {
            offerer->peer = {};
            move(*offerer, LegInput::error, outbox);
            hang_up(*offerer, "SIP;cause=480;text=\"Transfer failed\"", outbox);
        }
    }
    report(call, status, phrase, true, now, outbox, why);
    const bool clicked = call.clicked && !call.answered_at;  // its record itself tells how it ended
    if (!clicked) {
        const auto kind = transfer.rings_back ? MoveKind::ring_back
                          : transfer.parks    ? MoveKind::park
                                              : MoveKind::transfer;
        move_failed(call, transfer.transferor,
                    failed_move(kind, transfer.to, status, phrase, why), outbox);
    }
    if (const auto [other, consulted] = find(transfer.consulted);
        consulted && consulted->state == LegState::terminated && other->id != call.id)
        end_call(*other, {}, LegInput::remote_bye, LegInput::remote_bye,
                 "SIP;cause=480;text=\"Transfer failed\"", now, outbox);
    const Leg* transferor = call.find(transfer.transferor);
    const bool alone = !transferor || transferor->state == LegState::terminated;
    const Leg* transferee = call.find(transfer.transferee);
    const bool media_moved = transfer.stage >= TransferStage::joining || call.astray ||
                             (transferee && transferee->invite_out);
    const bool rings_back = transfer.rings_back;
    timers_.cancel(call.id, CallTimer::transfer);  // of an INVITE that waits to be sent again
    call.transfer.reset();
    if (!alone) {
        if (rings_back) rang_back_in_vain(call, now, outbox);
        return restore_session(call, now, outbox);
    }
    if (cards_.alone(call, media_moved, now, outbox)) return;
    const auto words = call.answered_at ? failed_in_words(phrase) : std::string{phrase};
    end_call(call, {}, LegInput::remote_bye, LegInput::remote_bye, reason_of(status, words), now,
             outbox);
}

void CallEngine::hang_up_transferor(Leg& transferor, std::string_view reason, Outbox& outbox)
{
    move(transferor, LegInput::remote_bye, outbox);
    hang_up(transferor, reason, outbox);
    transferor.leaving.reset();
}

void CallEngine::leave(Call& call, Leg& leg, Outbox& outbox)
{
    if (Leg* peer = call.peer_of(leg); peer && peer->peer == leg.id) {
        peer->peer = {};
        // Maybe it was the one to refresh; how long sessions last is settled anew with the next,
        // or has been just now.
        const bool settled = call.transfer && call.transfer->transferee == peer->id &&
                             call.transfer->offered_by && call.transfer->offer;
        if (!settled) peer->session_ends_at.reset();
    }
    leg.peer = {};
    leg.bye_exchanged = true;
    call.unsaved = true;
    move(leg, LegInput::local_bye, outbox);
    follow_session(call);
    if (leg.ack_owed) outbox.send(SendAck{leg.id, std::exchange(leg.ack_owed, {}), nullptr});
    std::erase_if(call.relays, [&](const Relay& relay) {  // it will acknowledge nothing more
        if (relay.from != leg.id || !relay.answered) return false;
        if (Leg* to = call.find(relay.to); to && to->ack_owed)
            outbox.send(SendAck{to->id, std::exchange(to->ack_owed, {}), nullptr});
        return true;
    });
    show_awaited(call, outbox);
    const auto lender = calls_.find(leg.transfer_of);
    if (lender != calls_.end() && lender->second.get() != &call)
        show_awaited(*lender->second, outbox);
}

void CallEngine::show_awaited(Call& call, Outbox& outbox)
{
    if (!call.transfer) return;
    const Transfer& transfer = *call.transfer;
    const auto is_left = [](const Leg* leg) { return leg && leg->talking() && !leg->peer; };
    const auto awaits = [&](Leg& leg, NameAddr party) {
        if (write(leg.awaits ? *leg.awaits : leg.other) == write(party)) return;
        leg.awaits = std::move(party);
        announce(leg, outbox);
    };
    Leg* transferee = call.find(transfer.transferee);
    Leg* target = find(transfer.target).second;
    // A third party, or the calling-card application, was never talked to.
    if (transfer.transferor && is_left(transferee)) {
        if (target)
            awaits(*transferee, presented(*target));
        else if (call.hunting)
            awaits(*transferee, party_of(call.hunting->hunt));
    }
    if (transferee && transfer.consulted && is_left(target)) awaits(*target, presented(*transferee));
}

bool CallEngine::leaves_transfer(Call& call, Leg& leg, Moment now, Outbox& outbox)
{
    const auto lender = calls_.find(leg.transfer_of);
    const bool consulted = leg.transfer_of && lender != calls_.end() && lender->second->transfer &&
                           lender->second->transfer->consulted == leg.id;
    if (consulted || leg.leaving || (call.transfer && leg.id == call.transfer->transferor)) {
        leave(call, leg, outbox);
        leg.leaving.reset();
        return true;
    }
    if (call.transfer && leg.id == call.transfer->target &&
        call.transfer->stage == TransferStage::joining) {
        leave(call, leg, outbox);
        transfer_failed(call, 480, "Party Has Left", now, outbox);
        return true;
    }
    return false;
}

/// The subscription was of the dialog that ends: how far the transfer has come is the last that is
/// told there, and nobody has asked for more in the new one.
void CallEngine::inherit_transfer(Call& call, const Leg& picker, LegId replaced, Outbox& outbox)
{
    if (!call.transfer) return;
    Transfer& transfer = *call.transfer;
    if (transfer.transferee == replaced) {  // the target may have answered meanwhile
        for (LegId* part : {&transfer.transferee, &transfer.offerer, &transfer.answerer})
            if (*part == replaced) *part = picker.id;
        if (Leg* target = call.find(transfer.target)) target->peer = picker.id;
        if (call.pickup) transfer.offered_by = {};  // a picker has been given the offer of `replaced`
    }
    if (transfer.transferor != replaced) return;
    Leg* leaves = call.find(replaced);
    if (transfer.reports && leaves && leaves->state != LegState::terminated)
        notify_referrer(*leaves, transfer.reported, {}, 0s, outbox);
    transfer.transferor = picker.id;
    transfer.reports = false;
}

}  // namespace lampline
