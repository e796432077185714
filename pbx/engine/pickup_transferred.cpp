// Taking a call that a transfer or a click has sent on: who waits for it talks already, so it is
// asked in a re-INVITE (RFC 3725 §4.4).
//
//   picker offers:      INVITE to the transferee -> 200 -> ACK, 200 to the picker
//   picker has none:    INVITE to the transferee -> 200 -> 200 to the picker -> ACK -> ACK
//
// What rings goes on ringing meanwhile, so that a picker that fails has changed nothing.
#include "core/others_refusal.hpp"
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/leg_pair.hpp"

namespace lampline {
namespace {

constexpr std::string_view no_answer = "SIP;cause=488;text=\"No Media Answered\"";
constexpr std::string_view party_left = "SIP;cause=480;text=\"Party Has Left\"";

}  // namespace

void CallEngine::pick_up_transferred(Call& call, Leg& ringing, const InviteReceived& input,
                                     Moment now, Outbox& outbox)
{
    if (call.transfer->stage != TransferStage::ringing || call.pickup)
        return refuse_late(input, outbox);
    Leg& picker = open_picker_leg(call, ringing, input, now, outbox);
    picker.untold = true;
    announce(picker, outbox);
    picker.invite_in = input.transaction;
    picker.sdp = input.payload;
    call.pickup = Pickup{.picker = picker.id, .ringing = ringing.id};
    ask_transferee(call, now, outbox);
}

PickupRefusal CallEngine::call_is_changing() const
{
    return {491, "Request Pending",
            {addresses_.warning_of("Another change of this call is under way")}};
}

void CallEngine::ask_transferee(Call& call, Moment now, Outbox& outbox)
{
    Pickup& pickup = *call.pickup;
    Leg& transferee = *call.find(call.transfer->transferee);
    const Leg& picker = *call.find(pickup.picker);
    if (call.session_pending(transferee)) {
        if (wait_until(pickup.glare.held_up(now.mono), call, CallTimer::transfer)) return;
        return pickup_failed(call, {}, now, outbox, call_is_changing());
    }
    pickup.offered =
        invite(transferee,
               {.supported = transferee.supported & OptionTag::timer,
                .session_timer = timer_kept_by_phone(call.session_expires, transferee.min_se),
                .headers = asserted_to(transferee, picker),
                .payload = has_body(picker.sdp) ? picker.sdp : nullptr},
               now, outbox);
}

void CallEngine::transferee_answered(Call& call, Leg& transferee, const ResponseReceived& response,
                                     Moment now, Outbox& outbox)
{
    if (response.status < 200) return;
    Pickup& pickup = *call.pickup;
    Leg& picker = *call.find(pickup.picker);
    transferee.invite_out = {};
    pickup.offered = {};
    if (transferee.id != call.transfer->transferee) {  // another phone has taken its place meanwhile
        const bool offers = transferee.asks_offer && has_body(response.payload);
        if (response.status < 300)
            outbox.send(SendAck{transferee.id, response.transaction,
                                offers ? silence(response.payload->body) : nullptr});
        return ask_transferee(call, now, outbox);
    }
    if (wait_until(sent_again_at(transferee, pickup.glare, response, now), call,
                   CallTimer::transfer))
        return;
    if (response.status >= 300) {
        auto told = told_to_caller(transferee, response, transferee.extension);
        // The interval was ours: no other one that the picker asks for helps.
        if (told.status == 422) told = {480, "Session Interval Refused", {}, {}, {}};
        auto refusal = call_is_changing();
        if (told.status != refusal.status)
            refusal = {told.status, told.phrase, told_with(told, told.status, {})};
        pickup_failed(call, {}, now, outbox, std::move(refusal));
        if (ends_dialog(response) && transferee.talking())
            lost(call, transferee, peer_gone, now, outbox);
        return;
    }
    note_target(call, transferee, response);
    note_timer(*call.transfer, response.session_timer);
    session_kept(call, transferee, response, now);
    const bool answers = has_body(picker.sdp);
    if (!has_body(response.payload)) {
        outbox.send(SendAck{transferee.id, response.transaction, nullptr});
        // Before the pickup is over: that may end the call.
        if (answers) call.astray = transferee.id;
        return pickup_failed(call, {}, now, outbox,
                             {488, answers ? "No Media Answered" : "No Media Offered"});
    }
    if (answers) {
        outbox.send(SendAck{transferee.id, response.transaction, nullptr});
        transferee.sdp = response.payload;
        return picked_up_transferred(call, response.payload, now, outbox);
    }
    transferee.ack_owed = call.transfer->offered_by = response.transaction;
    call.transfer->offer = response.payload;
    picker.ack_due = std::exchange(picker.invite_in, {});
    outbox.send(Reply{.transaction = picker.ack_due,
                      .status = 200,
                      .headers = asserted_to(picker, transferee),
                      .payload = response.payload});
}

void CallEngine::picker_acknowledged(Call& call, Leg& picker, const PayloadRef& answer,
                                     Moment now, Outbox& outbox)
{
    if (!has_body(answer)) return pickup_failed(call, no_answer, now, outbox);
    if (!call.transfer->offered_by)  // the phone that has offered it has left
        return pickup_failed(call, party_left, now, outbox);
    picker.sdp = answer;
    picked_up_transferred(call, answer, now, outbox);
}

void CallEngine::picked_up_transferred(Call& call, const PayloadRef& answer, Moment now,
                                       Outbox& outbox)
{
    Transfer& transfer = *call.transfer;
    Leg& picker = *call.find(call.pickup->picker);
    Leg* ringing = call.find(call.pickup->ringing);
    call.pickup.reset();
    timers_.cancel(call.id, CallTimer::transfer);
    note_taken(call, picker, now);
    move(picker, LegInput::success, outbox);
    if (ringing) move(*ringing, LegInput::replaced, outbox);
    const bool asked = static_cast<bool>(transfer.offered_by);
    target_is(call, picker, asked ? transfer.offer : picker.sdp, now, outbox);
    if (asked) std::swap(transfer.offerer, transfer.answerer);
    joined(call, answer, now, outbox);
}

void CallEngine::leave_offer(Call& call, Outbox& outbox)
{
    Transfer& transfer = *call.transfer;
    if (!std::exchange(transfer.offered_by, {})) return;
    const auto offer = std::exchange(transfer.offer, nullptr);
    Leg* transferee = call.find(transfer.transferee);
    if (!transferee || !transferee->ack_owed) return;
    const auto* peer = call.peer_of(*transferee);
    const bool talks = peer && has_body(peer->sdp);
    outbox.send(SendAck{transferee->id, std::exchange(transferee->ack_owed, {}),
                        talks ? session_payload(peer->sdp->body) : silence(offer->body)});
    if (!talks) call.astray = transferee->id;
}

}  // namespace lampline
