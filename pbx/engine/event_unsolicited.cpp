// The notifier of event packages: NOTIFY without SUBSCRIBE, for the phones that are registered.
#include <algorithm>

#include "core/extension_uri.hpp"
#include "engine/event_notifier.hpp"

namespace lampline {

/// Takes over the phones of `aor` that are registered now, if something is `wanted` told them
/// unasked; what was told to those that are gone ends silently, and to all others with a word.
void EventNotifier::replace_phones(const std::string& aor, bool wanted, Moment now, Outbox& outbox)
{
    const auto known = watchers_.find(aor);
    if (known == watchers_.end() && !wanted) return;  // most registrations
    const auto bindings = wanted ? facts_.locations().bindings(aor) : std::span<const Binding>{};
    if (bindings.empty() && (known == watchers_.end() || known->second.phones.empty())) return;

    auto& watcher = watchers_[aor];
    std::vector<std::shared_ptr<WatcherPhone>> phones;
    for (const auto& binding : bindings) {
        const auto same = [&](const auto& phone) {
            return phone->generation == binding.generation &&
                   equivalent(phone->contact, binding.contact);
        };
        const auto before = std::ranges::find_if(watcher.phones, same);
        auto phone =
            before == watcher.phones.end()
                ? std::make_shared<WatcherPhone>(WatcherPhone{.contact = {},
                                                              .target = {},
                                                              .expires_at = {},
                                                              .user_agent = binding.user_agent,
                                                              .refusal = binding.refusal.packages})
                : *before;
        phone->contact = binding.contact;
        phone->target = target_of(binding);
        phone->generation = binding.generation;
        phone->expires_at = binding.expires_at;
        note_connection(aor, phone->target.flow);
        phones.push_back(std::move(phone));
    }
    std::swap(watcher.phones, phones);
    const auto subscriptions = watcher.subscriptions;
    for (auto* one : subscriptions) {
        if (!one->phone) continue;
        if (!std::ranges::count(watcher.phones, one->phone)) {
            const auto* binding = facts_.locations().find(aor, one->phone->contact);
            // Either may take the watcher with the last one.
            if (binding && binding->generation == one->phone->generation)
                end(*one, SubscriptionEnd::rejected, now, outbox);
            else
                drop(*one, now, outbox);
            if (!watchers_.contains(aor)) return;
            continue;
        }
        const auto& target = one->phone->target;
        move(*one, write(target.request_uri), target.route, target.flow, now);
        deliver(*one, now, outbox);
    }
    reconcile(aor, now, outbox);
    if (const auto left = watchers_.find(aor); left != watchers_.end() &&
                                               left->second.phones.empty() &&
                                               left->second.subscriptions.empty())
        watchers_.erase(left);
}

/// Each registered phone of `aor` is told what is unsolicited, unless it refuses, or has subscribed
/// by itself.
void EventNotifier::reconcile(const std::string& aor, Moment now, Outbox& outbox)
{
    const auto found = watchers_.find(aor);
    const auto* extension = facts_.directory().find(aor);
    if (found == watchers_.end() || found->second.phones.empty()) return;
    const auto phones = found->second.phones;
    for (std::size_t i = 0; i < event_package_count; ++i) {
        const auto package = static_cast<EventPackage>(i);
        auto* const asked = row_of(package).is_unsolicited;
        if (!asked) continue;
        const bool wanted = extension && asked(*extension);
        for (const auto& phone : phones) {
            EventSubscription* implicit = nullptr;
            bool subscribed = false;
            for (auto* one : watchers_[aor].subscriptions) {
                if (one->package != package || one->member != aor) continue;
                if (one->phone == phone) implicit = one;
                subscribed =
                    subscribed || (one->kind == SubscriptionKind::requested && !one->fetch &&
                                   same_phone(*phone, contact_of(*one), one->dialog->flow));
            }
            if (implicit && subscribed)
                drop(*implicit, now, outbox);
            else if (implicit && !wanted)
                end(*implicit, SubscriptionEnd::rejected, now, outbox);
            if (!implicit && wanted && !subscribed && !phone->refuses())
                deliver(add(implied(aor, package, phone), now), now, outbox);
        }
    }
}

std::unique_ptr<EventNotifier::EventSubscription>
EventNotifier::implied(const std::string& aor, EventPackage package,
                       std::shared_ptr<WatcherPhone> phone)
{
    auto subscription = std::make_unique<EventSubscription>();
    subscription->kind = SubscriptionKind::implicit;
    subscription->package = package;
    subscription->watcher = aor;
    subscription->member = aor;
    subscription->local_tag = tokens_();
    subscription->user_agent = phone->user_agent;
    const auto& domain = facts_.directory().domain();
    const SipUri own = extension_uri(aor, domain);
    subscription->dialog = unasked_dialog(*phone, own, own, name(package), subscription->local_tag,
                                          tokens_() + "@" + domain);
    subscription->phone = std::move(phone);
    return subscription;
}

}  // namespace lampline
