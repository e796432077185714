// The notifier of event packages: NOTIFY without SUBSCRIBE, for the phones that are registered.
#include <algorithm>

#include "core/device_id.hpp"
#include "core/extension_uri.hpp"
#include "engine/event_notifier.hpp"

namespace lampline {

/// By the settings of `aor`.
bool EventNotifier::is_told_unasked(EventPackage package, std::string_view aor) const
{
    const auto* extension = facts_.directory().find(aor);
    auto* const asked = row_of(package).is_unsolicited;
    return extension && asked && asked(*extension);
}

/// Something is told unasked to the phones of `aor`, or is to end there.
bool EventNotifier::follows_phones(std::string_view aor) const
{
    for (std::size_t i = 0; i < event_package_count; ++i)
        if (is_told_unasked(static_cast<EventPackage>(i), aor)) return true;
    const auto known = watchers_.find(aor);
    return owed_ends_.any_of(aor) ||
           (known != watchers_.end() &&
            std::ranges::any_of(known->second.subscriptions,
                                [](const auto* one) { return one->phone != nullptr; }));
}

/// Takes over the phones of `aor` that are registered now, if something is `wanted` told them
/// unasked; what was told to those that are gone ends silently, see lose().
void EventNotifier::replace_phones(const std::string& aor, bool wanted, Moment now, Outbox& outbox)
{
    const auto known = watchers_.find(aor);
    if (known == watchers_.end() && !wanted) return;  // most registrations
    const auto bindings = wanted ? facts_.locations().bindings(aor) : std::span<const Binding>{};
    if (bindings.empty() && (known == watchers_.end() || known->second.phones.empty())) return;

    auto& watcher = watchers_[aor];
    std::vector<std::shared_ptr<WatcherPhone>> phones;
    std::vector<std::shared_ptr<WatcherPhone>> come;
    for (const auto& binding : bindings) {
        const auto same = [&](const auto& phone) {
            return phone->generation == binding.generation &&
                   equivalent(phone->contact, binding.contact);
        };
        const auto before = std::ranges::find_if(watcher.phones, same);
        const bool is_new = before == watcher.phones.end();
        auto phone = is_new ? std::make_shared<WatcherPhone>() : *before;
        if (is_new) {
            phone->user_agent = binding.user_agent;
            phone->devices = device_ids(binding.instance, binding.user_agent, binding.contact);
            phone->refusal = binding.refusal.packages;
            come.push_back(phone);
        }
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
            lose(*one, now, outbox);
            if (!watchers_.contains(aor)) return;  // the last one has taken it along
            continue;
        }
        const auto& target = one->phone->target;
        move(*one, write(target.request_uri), target.route, target.flow, now);
        deliver(*one, now, outbox);
    }
    reconcile(aor, now, outbox);
    for (const auto& phone : come) settle_owed_ends(aor, phone, now, outbox);
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
    if (found == watchers_.end() || found->second.phones.empty()) return;
    const auto phones = found->second.phones;
    for (std::size_t i = 0; i < event_package_count; ++i) {
        const auto package = static_cast<EventPackage>(i);
        if (!row_of(package).is_unsolicited) continue;
        const bool told = is_told_unasked(package, aor);
        for (const auto& phone : phones) {
            EventSubscription* implicit = nullptr;
            bool subscribed = false;
            Subscriptions ends;
            for (auto* one : watchers_[aor].subscriptions) {
                if (one->package != package || one->member != aor) continue;
                const bool unasked = one->phone == phone;
                const bool asked = !one->phone && !one->fetch && is_of(*phone, *one);
                if (one->ending && (unasked || asked)) ends.push_back(one);
                if (one->ending || one->over) continue;
                if (unasked) implicit = one;
                subscribed = subscribed || asked;
            }
            const bool wanted = told && !subscribed && !phone->refuses();
            bool ends_first = false;
            for (auto* over : ends) {  // as with lamps
                if ((over->phone && subscribed) || (wanted && over->in_flight == 0))
                    drop(*over, now, outbox);
                else
                    ends_first = true;
            }
            if (implicit && subscribed)
                drop(*implicit, now, outbox);
            else if (implicit && !told)
                end(*implicit, SubscriptionEnd::rejected, now, outbox);
            if (!implicit && wanted && !ends_first)
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
