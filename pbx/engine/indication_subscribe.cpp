// Group indications: SUBSCRIBE (RFC 6665 §4.2.1).
#include <algorithm>

#include "core/dialog_filter.hpp"
#include "core/event_package.hpp"
#include "core/extension_uri.hpp"
#include "engine/group_indications.hpp"
#include "engine/subscribe_request.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

bool accepts_dialog_info(const std::vector<std::string>& accept)
{
    const auto fits = [](std::string_view type) {
        return type == dialog_info_type || type == "application/*" || type == "*/*";
    };
    return accept.empty() || std::ranges::any_of(accept, fits);
}

}  // namespace

void GroupIndications::receive(const SubscribeReceived& request, Moment now, Outbox& outbox)
{
    if (request.event != "dialog")
        return outbox.send(answer(request, 489, {{"Allow-Events", allow_events()}}));
    if (!accepts_dialog_info(request.accept))
        return outbox.send(answer(request, 406, {{"Accept", std::string{dialog_info_type}}}));
    if (request.parties.to_tag.empty())
        receive_initial(request, now, outbox);
    else
        receive_in_dialog(request, now, outbox);
}

void GroupIndications::receive_initial(const SubscribeReceived& request, Moment now, Outbox& outbox)
{
    // An extension that is not there and one that may not be seen look the same.
    const WatchRight* right =
        directory_->right(request.authenticated, extension_of(request.request_uri));
    if (!right) return outbox.send(answer(request, 403));
    if (request.contact.host.empty()) {
        Reply reply = answer(request, 400);
        reply.phrase = "Contact missing";
        return outbox.send(std::move(reply));
    }

    auto subscription = requested(request, *right);
    if (is_too_long(*subscription)) return outbox.send(answer(request, 513));
    const auto begun = by_origin_.find(subscription->origin);
    Subscription* const known = begun == by_origin_.end() ? nullptr : begun->second;
    if (known && request.cseq <= known->remote_cseq)
        return outbox.send(accept(request, known->local_tag, known->granted));
    if (const auto* tag = settled_.find(subscription->origin, request.cseq))
        return outbox.send(accept(request, *tag, seconds{0}));

    const auto granted = grant(request, limits(), outbox);
    if (!granted) return;
    if (granted->count() == 0) {
        settled_.add(subscription->origin, request.cseq, subscription->local_tag, now);
        outbox.send(accept(request, subscription->local_tag, *granted));
        return fetch(std::move(subscription), now, outbox);
    }
    const auto watcher = watchers_.find(request.authenticated);
    if (watcher != watchers_.end() &&
        watcher->second.requested >= settings_.max_subscriptions_per_watcher)
        return outbox.send(
            answer(request, 403,
                   {{"Warning", "399 " + directory_->domain() + " \"too many subscriptions\""}}));

    outbox.send(accept(request, subscription->local_tag, *granted));
    // The phone has lost its dialog and begins another one with the same Call-ID and tag.
    if (known) drop(*known, now, outbox);
    refresh(add(std::move(subscription)), request, *granted, now, outbox);
}

void GroupIndications::receive_in_dialog(const SubscribeReceived& request, Moment now,
                                         Outbox& outbox)
{
    const auto key = dialog_key(request.call_id, request.parties.to_tag);
    const auto found = by_dialog_.find(key);
    if (found == by_dialog_.end() || found->second->remote_tag != request.parties.from_tag ||
        event_id(found->second->dialog->event) != event_id(request.event_params)) {
        if (settled_.find(key, request.cseq))
            return outbox.send(accept(request, request.parties.to_tag, seconds{0}));
        return outbox.send(answer(request, 481));
    }
    Subscription& subscription = *found->second;
    if (subscription.watcher != request.authenticated) return outbox.send(answer(request, 403));
    if (request.cseq < subscription.remote_cseq) return outbox.send(answer(request, 500));
    if (request.cseq == subscription.remote_cseq)
        return outbox.send(accept(request, subscription.local_tag, subscription.granted));

    const auto granted = grant(request, limits(), outbox);
    if (!granted) return;
    outbox.send(accept(request, subscription.local_tag, *granted));
    if (granted->count() > 0) return refresh(subscription, request, *granted, now, outbox);

    settled_.add(key, request.cseq, subscription.local_tag, now);
    const std::string watcher = subscription.watcher;
    const std::string watched = subscription.member;
    end(subscription, SubscriptionEnd::timeout, now, outbox);
    reconcile(watcher, watched, now, outbox);
    drop_unused_watcher(watcher);
}

/// Begins or prolongs. The phone is there now, wherever it was before, and gets the full present
/// state: at once, or after the answer to what is under way to the same place.
void GroupIndications::refresh(Subscription& subscription, const SubscribeReceived& request,
                               seconds granted, Moment now, Outbox& outbox)
{
    const bool named = !request.contact.host.empty();
    prolong(subscription, request, granted, now);
    expiry_.set(subscription.id, subscription.expires_mono);
    move(subscription, named ? write(request.contact) : subscription.dialog->request_uri,
         subscription.dialog->route, request.source);
    const WatchRight* right = directory_->right(subscription.watcher, subscription.member);
    change_dialect(subscription, *right);
    subscription.owes_present = true;
    subscription.failures = 0;
    stop_waiting(subscription);
    phone_heard(subscription.watcher, subscription.contact, request.source, now, outbox);
    reconcile(subscription.watcher, subscription.member, now, outbox);
    subscription.counters.reserve();
    outbox.store(SubscriptionStored{to_stored(subscription)});
    deliver(subscription, now, outbox);
}

/// The present state once, and no subscription (RFC 6665 §4.4.3).
void GroupIndications::fetch(std::unique_ptr<Subscription> subscription, Moment now, Outbox& outbox)
{
    subscription->id = ids_.next();
    open_view(*subscription);
    send(*subscription, Step::present, DocumentKind::full, "terminated;reason=timeout", now,
         outbox);
    drop_unused_member(subscription->member);
}

ExpiryLimits GroupIndications::limits() const noexcept
{
    return {settings_.min_expires, settings_.default_expires, settings_.max_expires};
}

std::unique_ptr<Subscription> GroupIndications::requested(const SubscribeReceived& request,
                                                          const WatchRight& right)
{
    auto subscription = std::make_unique<Subscription>();
    begin(*subscription, request, right.watcher, right.member, echoed_event(request.event_params),
          tokens_());
    subscription->user_agent = user_agent_of(request);
    subscription->profile = directory_->profile_for(right, subscription->user_agent);
    subscription->parties = parties_of(right);
    return subscription;
}

/// As the SUBSCRIBE says; of a phone that keeps silent there, as it said when it registered.
std::string GroupIndications::user_agent_of(const SubscribeReceived& request) const
{
    if (!request.user_agent.empty()) return request.user_agent.substr(0, max_user_agent);
    for (const Binding& binding : locations_->bindings(request.authenticated))
        if (same_phone(WatcherPhone{.contact = binding.contact, .target = target_of(binding)},
                       request.contact, request.source))
            return binding.user_agent.substr(0, max_user_agent);
    return {};
}

}  // namespace lampline
