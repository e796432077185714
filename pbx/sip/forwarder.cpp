// INVITEs that are passed on: the transactions of their senders, and all timers.
#include <algorithm>
#include <utility>

#include "base/table_room.hpp"
#include "sip/forwarder_parts.hpp"
#include "sip/tokens.hpp"

namespace lampline::sip {

Forwarder::Forwarder(ForwarderParts parts, const RouteKey& key)
    : parts_{std::move(parts)}, tokens_{key}, timer_{parts_.loop, [this] { expire(); }}
{
}

Forwarder::~Forwarder() = default;

void Forwarder::take(TransactionId id, HeldRequest&& invite)
{
    auto passing = std::make_unique<Passing>();
    passing->id = id;
    passing->key = key_of(*invite.sip);
    passing->back = hop_to(invite.source, to_uri(*invite.sip->sip_request->rq_url));
    passing->back.target = {};
    passing->request = std::move(invite);
    auto& kept = *passing;
    passings_.emplace(id.value, &kept);
    by_key_[kept.key] = std::move(passing);
    ++open_;
    const auto& sip = *kept.request.sip;
    std::string text = "SIP/2.0 100 Trying\r\n";
    append_all(text, sip.sip_via);
    append_all(text, sip.sip_from);
    append_all(text, sip.sip_to);
    append_all(text, sip.sip_call_id);
    append_all(text, sip.sip_cseq);
    text += "Content-Length: 0\r\n\r\n";
    answer(kept, std::move(text), 100, sip);
}

void Forwarder::answer(Passing& passing, std::string text, unsigned status, const sip_t& about)
{
    using enum Passing::State;
    if (passing.state == completed || passing.state == confirmed) return;
    if (passing.state == accepted && status / 100 != 2) return;
    passing.answer = packet_of(std::move(text));
    send(passing.back, passing.answer, about);
    if (status < 200 || passing.state == accepted) return;
    --open_;
    const auto now = std::chrono::steady_clock::now();
    set_timer({passing.id.value, TimerKind::passing_forgotten}, now + parts_.settings.t1x64);
    if (status < 300) {
        passing.state = accepted;  // its sender is told again by who has accepted it
        return;
    }
    passing.state = completed;
    if (passing.back.flow.transport == Transport::tcp) return;
    passing.interval = parts_.settings.t1;
    set_timer({passing.id.value, TimerKind::repeat_answer}, now + passing.interval);
}

bool Forwarder::run(const Reply& command)
{
    const auto found = passings_.find(command.transaction.value);
    if (found == passings_.end()) return false;
    if (command.status <= 100 || !found->second->request.sip) return true;
    std::string lines;
    append_headers(lines, command.headers);
    if (command.payload) append_headers(lines, command.payload->headers);
    append_session_timer(lines, command.session_timer);
    auto& passing = *found->second;
    answer(passing,
           write_reply(*passing.request.sip,
                       {.status = command.status, .phrase = command.phrase, .headers = lines},
                       parts_.settings.product),
           command.status, *passing.request.sip);
    return true;
}

void Forwarder::run(const ForwardResponse& command)
{
    const auto found = passings_.find(command.request.value);
    if (found == passings_.end() || !command.message) return;
    const auto& response = sip_of(command.message);
    std::string added;
    for (const auto& challenge : command.challenges) {
        append_all(added, sip_of(challenge).sip_www_authenticate);
        append_all(added, sip_of(challenge).sip_proxy_authenticate);
    }
    append_added_session(added, command.session_timer);
    append_headers(added, command.headers);
    answer(*found->second, pass_response(response, added, parts_.kept_messages != nullptr),
           static_cast<unsigned>(response.sip_status->st_status), response);
    release(*found->second);
}

bool Forwarder::is_repeated(const sip_t& invite)
{
    const auto found = by_key_.find(key_of(invite));
    if (found == by_key_.end()) return false;
    auto& passing = *found->second;
    using enum Passing::State;
    if (passing.answer && (passing.state == proceeding || passing.state == completed))
        send(passing.back, passing.answer, invite);
    return true;
}

bool Forwarder::cancel(const sip_t& cancel)
{
    const auto found = by_key_.find(key_of(cancel));
    if (found == by_key_.end()) return false;
    const auto& passing = *found->second;
    if (passing.state == Passing::State::proceeding)
        parts_.on_input(CancelReceived{passing.id, passing.caller, to_payload(cancel)});
    return true;
}

bool Forwarder::acknowledge(const sip_t& ack)
{
    const auto found = by_key_.find(key_of(ack));
    if (found == by_key_.end()) return false;
    auto& passing = *found->second;
    if (passing.state == Passing::State::accepted) return false;  // it belongs to the dialog
    passing.state = Passing::State::confirmed;
    timers_.cancel({passing.id.value, TimerKind::repeat_answer});
    return true;
}

/// Once it is accepted and nobody rings any more, only its key is needed.
void Forwarder::release(Passing& passing)
{
    if (passing.state != Passing::State::accepted || !passing.branches.empty()) return;
    passing.request.message.reset();
    passing.request.sip = nullptr;
    passing.answer.reset();
}

void Forwarder::forget(Passing& passing)
{
    for (const auto id : passing.branches) branches_.erase(id.value);
    passings_.erase(passing.id.value);
    const auto key = passing.key;
    by_key_.erase(key);
    give_back_room(branches_);
    give_back_room(passings_);
    give_back_room(by_key_);
}

void Forwarder::set_timer(TimerKey key, TimePoint when)
{
    timers_.set(key, when);
    if (armed_ && *armed_ <= when) return;
    armed_ = when;
    timer_.set(when);
}

void Forwarder::expire()
{
    armed_.reset();
    const auto now = std::chrono::steady_clock::now();
    while (const auto due = timers_.take_due(now)) expire(*due, now);
    if (const auto next = timers_.next_deadline()) {
        armed_ = *next;
        timer_.set(*next);
    }
}

void Forwarder::expire(TimerKey key, TimePoint now)
{
    const auto& settings = parts_.settings;
    const auto branch_at = branches_.find(key.id);
    auto* branch = branch_at == branches_.end() ? nullptr : branch_at->second.get();
    const auto passing_at = passings_.find(key.id);
    auto* passing = passing_at == passings_.end() ? nullptr : passing_at->second;
    switch (key.kind) {
    case TimerKind::repeat_invite:
        if (!branch) return;
        send(branch->hop, branch->invite, *branch->of->request.sip);
        branch->interval *= 2;
        return set_timer(key, now + branch->interval);
    case TimerKind::repeat_cancel:
        if (!branch) return;
        send(branch->hop, branch->cancel, *branch->of->request.sip);
        branch->interval = std::min(branch->interval * 2, settings.t2);
        return set_timer(key, now + branch->interval);
    case TimerKind::branch_gives_up:
        if (!branch) return;
        branch->wants_cancel = false;
        return fail(*branch, 408);
    case TimerKind::branch_too_long:  // RFC 3261 §16.8
        if (!branch) return;
        cancel(*branch);
        return fail(*branch, 408);
    case TimerKind::branch_forgotten:
        if (!branch) return;
        passing = branch->of;
        std::erase(passing->branches, branch->id);
        branches_.erase(branch_at);
        return release(*passing);
    case TimerKind::repeat_answer:
        if (!passing) return;
        send(passing->back, passing->answer, *passing->request.sip);
        passing->interval = std::min(passing->interval * 2, settings.t2);
        return set_timer(key, now + passing->interval);
    case TimerKind::passing_forgotten:
        if (!passing) return;
        timers_.cancel({key.id, TimerKind::repeat_answer});
        // A branch that was cancelled may still answer.
        if (std::ranges::any_of(passing->branches, [&](ClientTransactionId id) {
                const auto found = branches_.find(id.value);
                return found != branches_.end() && found->second->state != Branch::State::completed;
            }))
            return set_timer(key, now + settings.t1x64);
        return forget(*passing);
    case TimerKind::repeat_request: return repeat_again(key, now);
    case TimerKind::moved_forgotten: return forget_moved(key.id);
    }
}

}  // namespace lampline::sip
