// INVITEs within a dialog whose final response does not come. With a first response the stack waits
// for ever (RFC 3261 §17.1.1.2), and as long as one is pending its phone can send none.
#include "engine/call_engine.hpp"

namespace lampline {
namespace {

/// Another phone has sent it, and may take it back by itself.
bool is_passed_on(const Relay& relay) noexcept
{
    return relay.method == Method::invite && !relay.replaces;
}

}  // namespace

ClientTransactionId CallEngine::invite(Leg& leg, SendRequest request, std::chrono::seconds patience,
                                       Moment now, Outbox& outbox)
{
    request.method = Method::invite;
    request.transaction = leg.invite_out = transaction_ids_.next();
    leg.cancelled_at = now.mono + patience;
    this->request(leg, std::move(request), outbox);
    wait_for_answers(*by_leg_.at(leg.id));
    return leg.invite_out;
}

void CallEngine::withdraw(Leg& leg, Outbox& outbox)
{
    if (!leg.cancelled_at) return;  // that was done before
    leg.cancelled_at.reset();
    outbox.send(SendCancel{leg.id, leg.invite_out, {}});
}

void CallEngine::note_answer(Call& call, Leg& leg, const ResponseReceived& response, Moment now)
{
    if (!leg.cancelled_at || response.transaction != leg.invite_out) return;
    if (response.status >= 200) {
        leg.cancelled_at.reset();
        return wait_for_answers(call);
    }
    const auto* relay = call.find_relay(response.transaction);
    if (response.status == 100 || !relay || !is_passed_on(*relay)) return;
    leg.cancelled_at = now.mono + answered_by_person;
    wait_for_answers(call);
}

void CallEngine::answers_overdue(Call& call, Moment now, Outbox& outbox)
{
    for (auto& leg : call.legs) {
        if (!leg.cancelled_at || *leg.cancelled_at > now.mono) continue;
        auto* relay = call.find_relay(leg.invite_out);
        if (relay && !relay->replaces) {  // who takes a place is told what becomes of that
            relay->cancelled = true;
            outbox.send(Reply{.transaction = relay->request, .status = 504});
        }
        withdraw(leg, outbox);
    }
    wait_for_answers(call);
}

Call* CallEngine::awaits_answer(const Leg& leg)
{
    const auto owner = leg.transfer_of ? calls_.find(leg.transfer_of) : calls_.end();
    if (!leg.invite_out || owner == calls_.end() || owner->second.get() == by_leg_.at(leg.id))
        return nullptr;
    const auto& transfer = owner->second->transfer;
    const bool awaits = transfer && (transfer->offered_by == leg.invite_out ||
                                     transfer->offered_to == leg.invite_out);
    return awaits ? owner->second.get() : nullptr;
}

void CallEngine::wait_beyond_end(Call& call)
{
    for (auto& leg : call.legs)
        if (!awaits_answer(leg)) leg.cancelled_at.reset();
    wait_for_answers(call);
}

void CallEngine::give_up_answer(Leg& leg, Moment now, Outbox& outbox)
{
    Call* other = awaits_answer(leg);
    if (!other) return;
    ResponseReceived none{};  // as the stack would say it
    none.leg = leg.id;
    none.transaction = leg.invite_out;
    none.method = Method::invite;
    none.status = 408;
    none.generated = true;
    receive_for_transfer(leg, none, now, outbox);
    sweep(*other, now, outbox);
}

void CallEngine::wait_for_answers(const Call& call)
{
    std::optional<std::chrono::steady_clock::time_point> first;
    for (const auto& leg : call.legs)
        if (leg.cancelled_at && (!first || *leg.cancelled_at < *first)) first = *leg.cancelled_at;
    if (!wait_until(first, call, CallTimer::answer)) timers_.cancel(call.id, CallTimer::answer);
}

}  // namespace lampline
