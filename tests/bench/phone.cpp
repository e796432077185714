#include "bench/phone.hpp"

#include <vector>

#include "bench/office.hpp"

namespace bench {

Phone::Phone(Loop& loop, const Server& server, const std::string& number)
    : loop_{loop}, line_{loop, server, number, office::secret_of(number),
                         [this](const SipMessage& m) { receive(m); }},
      registration_{line_}
{
}

Subscription& Phone::subscribe(const std::string& member, Done done)
{
    auto subscription = std::make_unique<Subscription>(line_, member);
    auto& started = *subscription;
    subscriptions_.emplace(started.call_id(), std::move(subscription));
    started.start(std::move(done));
    return started;
}

OutgoingCall& Phone::call(std::string_view callee, Course course, Done done)
{
    auto call = std::make_unique<OutgoingCall>(line_, callee, course, std::move(done));
    auto& started = *call;
    outgoing_.emplace(started.call_id(), std::move(call));
    return started;
}

void Phone::hang_up_all()
{
    for (auto& [call_id, call] : outgoing_) call->hang_up();
}

void Phone::hold_all(const Done& held)
{
    for (auto& [call_id, call] : outgoing_) call->hold(held);
}

void Phone::receive(const SipMessage& message)
{
    if (silent_) return;
    if (message.status != 0)
        receive_response(message);
    else if (message.method == "NOTIFY")
        receive_notify(message);
    else if (message.method == "OPTIONS")
        reply_ok(message);
    else
        receive_call_request(message);
}

void Phone::receive_response(const SipMessage& response)
{
    if (response.method == "REGISTER") return registration_.receive(response);
    const std::string call_id{response.call_id};
    if (response.method == "SUBSCRIBE") {
        if (const auto found = subscriptions_.find(call_id); found != subscriptions_.end())
            found->second->receive_response(response);
        return;
    }
    if (const auto found = outgoing_.find(call_id); found != outgoing_.end())
        found->second->receive_response(response);
    else if (const auto taken = incoming_.find(call_id); taken != incoming_.end())
        taken->second->receive_response(response);
}

void Phone::receive_notify(const SipMessage& notify)
{
    reply_ok(notify);
    const auto found = subscriptions_.find(std::string{notify.call_id});
    if (found == subscriptions_.end() || !found->second->receive_notify(notify)) return;
    if (on_notify_) on_notify_(*found->second, notify);
}

void Phone::receive_call_request(const SipMessage& request)
{
    const std::string call_id{request.call_id};
    if (const auto found = incoming_.find(call_id); found != incoming_.end()) {
        found->second->receive(request);
        // A timer may still hold the call; it finds it by its Call-ID.
        if (found->second->finished()) incoming_.erase(found);
        return;
    }
    if (const auto found = outgoing_.find(call_id); found != outgoing_.end())
        found->second->receive(request);
    else if (request.method == "INVITE")
        start_incoming(request);
    else if (request.method == "BYE")
        reply_ok(request);
}

void Phone::start_incoming(const SipMessage& invite)
{
    auto call = std::make_unique<IncomingCall>(line_, invite, on_reply_);
    auto& started = *incoming_.emplace(call->call_id(), std::move(call)).first->second;
    started.ring();
    if (ring_ == Clock::duration::zero()) return answer(started);
    if (ring_ == Clock::duration::max()) return;
    loop_.after(ring_, [this, call_id = started.call_id()] {
        if (const auto found = incoming_.find(call_id); found != incoming_.end())
            answer(*found->second);
    });
}

void Phone::answer(IncomingCall& call)
{
    call.answer();
    if (refer_to_.empty()) return;
    loop_.after(talk_before_refer_, [this, call_id = call.call_id()] {
        if (const auto found = incoming_.find(call_id); found != incoming_.end())
            found->second->refer(refer_to_);
    });
}

void Phone::reply_ok(const SipMessage& request)
{
    line_.send("SIP/2.0 200 OK\r\n" +
               echoed_headers(request, line_.number(), false).append(no_body));
}

}  // namespace bench
