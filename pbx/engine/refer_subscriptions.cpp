#include "engine/refer_subscriptions.hpp"

#include <algorithm>

#include "core/dialog_filter.hpp"
#include "core/tagged_address.hpp"
#include "engine/sipfrag.hpp"

namespace lampline {
namespace {

/// As long as a phone may ring, and somebody take his time.
constexpr std::chrono::seconds granted{600};

/// What of a NOTIFY's answer ends a subscription (RFC 6665 §4.2.2, RFC 5057).
bool ends_it(const NotifyAnswered& answer) noexcept
{
    return answer.status >= 400 && answer.status < 500 && answer.status != 491;
}

}  // namespace

std::chrono::steady_clock::time_point
ReferSubscriptions::accept(const ReferReceived& request, CallRef call, Moment now, Outbox& outbox)
{
    const auto expires_at = now.mono + granted;
    Watch watch{.call = call,
                .local_tag = tokens_(),
                .remote_tag = request.parties.from_tag,
                .watcher = request.authenticated,
                .remote_cseq = request.cseq,
                .expires_at = expires_at};
    auto dialog = std::make_shared<NotifyDialog>();
    dialog->call_id = request.call_id;
    dialog->from = with_tag(write(request.parties.to), watch.local_tag);
    dialog->to = with_tag(write(request.parties.from), watch.remote_tag);
    dialog->contact = request.request_uri.user;
    dialog->event = "refer;id=" + std::to_string(request.cseq);
    dialog->request_uri = write(request.contact);
    dialog->route = request.record_route;
    dialog->flow = request.source;
    watch.dialog = std::move(dialog);
    outbox.send(
        Reply{.transaction = request.transaction, .status = 202, .local_tag = watch.local_tag});
    by_tag_.insert_or_assign(watch.local_tag, call);
    notify(by_call_.insert_or_assign(call, std::move(watch)).first->second, 100, "Trying", {}, now,
           outbox);
    return expires_at;
}

void ReferSubscriptions::report(CallRef call, unsigned status, std::string_view phrase, bool final,
                                Moment now, Outbox& outbox, std::span<const Header> why)
{
    const auto found = by_call_.find(call);
    if (found == by_call_.end() || (!final && status <= found->second.reported)) return;
    notify(found->second, status, phrase, final ? "noresource" : "", now, outbox, why);
    if (final) end(found->second);
}

void ReferSubscriptions::notify(Watch& watch, unsigned status, std::string_view phrase,
                                std::string_view over, Moment now, Outbox& outbox,
                                std::span<const Header> why)
{
    const auto left = std::chrono::ceil<std::chrono::seconds>(watch.expires_at - now.mono);
    watch.reported = status;
    outbox.send(SendNotify{
        .subscription = SubscriptionId{first_id + watch.call.value},
        .dialog = watch.dialog,
        .cseq = ++watch.cseq,
        .subscription_state = over.empty() ? "active;expires=" + std::to_string(left.count())
                                           : "terminated;reason=" + std::string{over},
        .content_type = std::string{sipfrag_type},
        .body_head = std::make_shared<const std::string>(sipfrag(status, phrase, why)),
        .of_call = true});
}

void ReferSubscriptions::notify_again(Watch& watch, std::string_view over, Moment now,
                                      Outbox& outbox)
{
    notify(watch, watch.reported, words_of_progress(watch.reported), over, now, outbox);
}

void ReferSubscriptions::expire(CallRef call, Moment now, Outbox& outbox)
{
    const auto found = by_call_.find(call);
    if (found == by_call_.end() || found->second.expires_at > now.mono) return;
    notify_again(found->second, "timeout", now, outbox);
    end(found->second);
}

std::optional<ReferSubscriptions::Lasting>
ReferSubscriptions::receive(const SubscribeReceived& request, Moment now, Outbox& outbox)
{
    Reply reply{
        .transaction = request.transaction, .status = 481, .local_tag = request.parties.to_tag};
    const auto tag = by_tag_.find(request.parties.to_tag);
    Watch* watch = tag == by_tag_.end() ? nullptr : &by_call_.at(tag->second);
    const auto id = event_id(request.event_params);
    if (!watch || watch->dialog->call_id != request.call_id ||
        watch->remote_tag != request.parties.from_tag || watch->watcher != request.authenticated ||
        (!id.empty() && id != event_id(watch->dialog->event))) {
        outbox.send(std::move(reply));
        return std::nullopt;
    }
    const bool repeated = request.cseq <= watch->remote_cseq;
    watch->remote_cseq = std::max(watch->remote_cseq, request.cseq);
    const auto expires = std::min(request.expires.value_or(granted), granted);
    reply.status = 200;
    reply.headers.push_back({"Expires", std::to_string(expires.count())});
    outbox.send(std::move(reply));
    if (repeated) return std::nullopt;
    watch->expires_at = now.mono + expires;
    const bool over = expires.count() == 0;
    notify_again(*watch, over ? "timeout" : "", now, outbox);
    if (!over) return Lasting{watch->call, watch->expires_at};
    end(*watch);
    return std::nullopt;
}

void ReferSubscriptions::receive(const NotifyAnswered& answer)
{
    if (!ends_it(answer)) return;
    const auto found = by_call_.find(CallRef{answer.subscription.value - first_id});
    if (found != by_call_.end()) end(found->second);
}

void ReferSubscriptions::end(const Watch& watch)
{
    by_tag_.erase(watch.local_tag);
    by_call_.erase(watch.call);
}

}  // namespace lampline
