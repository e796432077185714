// Group indications: SUBSCRIBE (RFC 6665 §4.2.1).
#include <algorithm>

#include "core/dialog_filter.hpp"
#include "core/extension_uri.hpp"
#include "engine/group_indications.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

constexpr seconds repeated_for{32};  // 64*T1, RFC 3261 §17.1.2.2
constexpr std::size_t max_settled = 4096;
constexpr std::size_t max_kept_text = 4096;  // bytes of one subscription that come from the phone
constexpr std::size_t max_route = 16;
constexpr std::size_t max_user_agent = 200;

Reply answer(const SubscribeReceived& request, unsigned status, std::vector<Header> headers = {})
{
    return {.transaction = request.transaction,
            .status = status,
            .phrase = {},
            .local_tag = request.parties.to_tag,
            .headers = std::move(headers),
            .session_timer = {},
            .payload = {}};
}

Reply accept(const SubscribeReceived& request, std::string local_tag, seconds granted)
{
    Reply reply = answer(request, 200, {{"Expires", std::to_string(granted.count())}});
    reply.local_tag = std::move(local_tag);
    return reply;
}

bool accepts_dialog_info(const std::vector<std::string>& accept)
{
    const auto fits = [](std::string_view type) {
        return type == dialog_info_type || type == "application/*" || type == "*/*";
    };
    return accept.empty() || std::ranges::any_of(accept, fits);
}

std::string dialog_key(std::string_view call_id, std::string_view local_tag)
{
    return std::string{call_id}.append("\n").append(local_tag);
}

std::size_t kept_text(const Subscription& subscription)
{
    const NotifyDialog& dialog = *subscription.dialog;
    std::size_t size = dialog.call_id.size() + dialog.from.size() + dialog.to.size() +
                       dialog.event.size() + dialog.request_uri.size();
    for (const auto& route : dialog.route) size += route.size();
    return size;
}

}  // namespace

void GroupIndications::receive(const SubscribeReceived& request, Moment now, Outbox& outbox)
{
    if (request.event != "dialog")
        return outbox.send(answer(request, 489, {{"Allow-Events", "dialog"}}));
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
    if (kept_text(*subscription) > max_kept_text || request.record_route.size() > max_route)
        return outbox.send(answer(request, 513));
    const auto begun = by_origin_.find(subscription->origin);
    Subscription* const known = begun == by_origin_.end() ? nullptr : begun->second;
    if (known && request.cseq <= known->remote_cseq)
        return outbox.send(accept(request, known->local_tag, known->granted));
    if (const auto* settled = find_settled(subscription->origin, request.cseq))
        return outbox.send(accept(request, settled->local_tag, seconds{0}));

    const auto granted = grant(request, outbox);
    if (!granted) return;
    if (granted->count() == 0) {
        settle(subscription->origin, request.cseq, subscription->local_tag, now);
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
        if (find_settled(key, request.cseq))
            return outbox.send(accept(request, request.parties.to_tag, seconds{0}));
        return outbox.send(answer(request, 481));
    }
    Subscription& subscription = *found->second;
    if (subscription.watcher != request.authenticated) return outbox.send(answer(request, 403));
    if (request.cseq < subscription.remote_cseq) return outbox.send(answer(request, 500));
    if (request.cseq == subscription.remote_cseq)
        return outbox.send(accept(request, subscription.local_tag, subscription.granted));

    const auto granted = grant(request, outbox);
    if (!granted) return;
    outbox.send(accept(request, subscription.local_tag, *granted));
    if (granted->count() > 0) return refresh(subscription, request, *granted, now, outbox);

    settle(key, request.cseq, subscription.local_tag, now);
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
    subscription.remote_cseq = request.cseq;
    subscription.granted = granted;
    subscription.expires_at = now.seconds() + granted;
    subscription.expires_mono = now.mono + granted;
    expiry_.set(subscription.id, subscription.expires_mono);
    if (request.contact.host.empty())
        move(subscription, subscription.dialog->request_uri, subscription.dialog->route,
             request.source);
    else {
        subscription.contact = request.contact;
        move(subscription, write(request.contact), subscription.dialog->route, request.source);
    }
    if (!request.user_agent.empty())
        subscription.user_agent = request.user_agent.substr(0, max_user_agent);
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

/// nullopt: answered 423.
std::optional<seconds> GroupIndications::grant(const SubscribeReceived& request,
                                               Outbox& outbox) const
{
    const seconds asked = request.expires.value_or(settings_.default_expires);
    if (asked.count() == 0) return asked;
    if (asked >= settings_.min_expires) return std::min(asked, settings_.max_expires);
    outbox.send(
        answer(request, 423, {{"Min-Expires", std::to_string(settings_.min_expires.count())}}));
    return std::nullopt;
}

std::unique_ptr<Subscription> GroupIndications::requested(const SubscribeReceived& request,
                                                          const WatchRight& right)
{
    auto subscription = std::make_unique<Subscription>();
    subscription->kind = SubscriptionKind::requested;
    subscription->watcher = request.authenticated;
    subscription->member = right.member;
    subscription->local_tag = tokens_();
    subscription->remote_tag = request.parties.from_tag;
    subscription->contact = request.contact;
    subscription->user_agent = user_agent_of(request);
    subscription->profile = directory_->profile_for(right, subscription->user_agent);
    subscription->parties = parties_of(right);
    subscription->remote_cseq = request.cseq;

    auto dialog = std::make_shared<NotifyDialog>();
    dialog->call_id = request.call_id;
    dialog->from = write(request.parties.to) + ";tag=" + subscription->local_tag;
    dialog->to = write(request.parties.from);
    if (!request.parties.from_tag.empty()) dialog->to += ";tag=" + request.parties.from_tag;
    dialog->contact = extension_uri(right.member, {}).user;
    dialog->event = echoed_event(request.event_params);
    dialog->request_uri = write(request.contact);
    dialog->route = request.record_route;
    dialog->flow = request.source;
    subscription->dialog = std::move(dialog);
    subscription->origin = origin_of(*subscription);
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

void GroupIndications::settle(std::string key, std::uint32_t cseq, std::string local_tag,
                              Moment now)
{
    while (!settled_.empty() &&
           (settled_.front().until <= now.mono || settled_.size() >= max_settled))
        settled_.pop_front();
    settled_.push_back({std::move(key), cseq, std::move(local_tag), now.mono + repeated_for});
}

const GroupIndications::Settled* GroupIndications::find_settled(std::string_view key,
                                                                std::uint32_t cseq) const
{
    const auto same = [&](const Settled& one) { return one.cseq == cseq && one.key == key; };
    const auto found = std::ranges::find_if(settled_, same);
    return found == settled_.end() ? nullptr : &*found;
}

}  // namespace lampline
