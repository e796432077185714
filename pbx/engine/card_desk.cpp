// What the calling-card application asks of the engine: that of a call placed by a third party, a
// transfer without transferor among it.
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"

namespace lampline {

void CallEngine::start_card_call(const InviteReceived& input, Moment now, Outbox& outbox)
{
    const auto& card = directory_->calling_card();
    Call& call = open_call(input, CallMode::bridge, now, outbox);
    Leg& caller = call.caller();
    caller.other = addresses_.party_of(card.number, card.display_name);
    announce(caller, outbox);
    const auto offer = body_of(call.offer);
    caller.ack_due = std::exchange(caller.invite_in, {});
    outbox.send(Reply{.transaction = caller.ack_due,
                      .status = 200,
                      .headers = caller.trunk.empty() ? caller.identifies(caller.other)
                                                      : std::vector<Header>{},
                      .payload = silence(offer)});
    outbox.announce(CallAnswered{call.id});
    start_talking(call, 0s, now, outbox);
    move(caller, LegInput::success, outbox);
    loose_ends_.keep_soon(call, now);
    cards_.begin(call, caller, card.rules, now);
}

ClientTransactionId CallEngine::send(Leg& leg, SendRequest request, Outbox& outbox)
{
    const auto transaction = request.transaction = transaction_ids_.next();
    this->request(leg, std::move(request), outbox);
    return transaction;
}

void CallEngine::acknowledge(Call& call, Leg& leg, const ResponseReceived& success, Outbox& outbox)
{
    note_target(call, leg, success);
    if (has_body(success.payload)) leg.sdp = success.payload;
    outbox.send(SendAck{leg.id, success.transaction, nullptr});
}

void CallEngine::dial(Call& call, const Leg& caller, std::string_view number, Moment now,
                      Outbox& outbox)
{
    if (call.transfer) return;
    call.transfer = Transfer{.transferor = {}, .transferee = caller.id, .reports = false};
    ring_target(call, caller.actor(), {std::string{number}}, {}, now, outbox);
}

void CallEngine::give_up_dialling(Call& call, Moment now, Outbox& outbox)
{
    if (call.transfer) transfer_failed(call, 487, "Request Terminated", now, outbox);
}

void CallEngine::part(Call& call, Leg& caller, Leg& other, bool has_left, Outbox& outbox)
{
    if (call.change) give_up_change(call, outbox);
    give_up_relays(call, 491, outbox);
    if (caller.ack_owed)
        outbox.send(SendAck{caller.id, std::exchange(caller.ack_owed, {}), nullptr});
    caller.peer = other.peer = {};
    caller.held = caller.holds = false;
    other.bye_exchanged = has_left;
    move(other, has_left ? LegInput::local_bye : LegInput::remote_bye, outbox);
    if (!has_left) hang_up(other, {}, outbox);
    drop_sessions(call);
    timers_.cancel(call.id, CallTimer::outside);  // of the number outside that is left
    forget(call, outbox);  // one phone alone is no call to be taken up, but one to be hung up
}

void CallEngine::end(Call& call, std::string_view reason, Moment now, Outbox& outbox)
{
    end_call(call, {}, LegInput::remote_bye, LegInput::remote_bye, reason, now, outbox);
}

void CallEngine::wake_at(const Call& call, std::chrono::steady_clock::time_point time)
{
    set_timer(call, CallTimer::card, time);
}

}  // namespace lampline
