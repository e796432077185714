// The notifier of event packages: as with lamps, the last NOTIFY is owed until its phone has
// answered it.
#include <algorithm>
#include <utility>

#include "engine/event_notifier.hpp"

namespace lampline {
namespace {

/// In front of the name of the package, in place of a member: no number has a colon.
constexpr std::string_view about_package{"event:"};

std::optional<EventPackage> package_of(const UnaskedLamp& owed)
{
    const std::string_view member = owed.member;
    if (!member.starts_with(about_package)) return std::nullopt;
    return event_package(member.substr(about_package.size()));
}

}  // namespace

bool EventNotifier::owns(const UnaskedLamp& lamp) noexcept
{
    return lamp.member.starts_with(about_package);
}

/// What its phone may show of `unasked` until it has heard the end.
UnaskedLamp EventNotifier::owed_of(const EventSubscription& unasked, std::chrono::sys_seconds since)
{
    return {.watcher = unasked.watcher,
            .phone = phone_name(unasked.phone->devices, unasked.phone->contact),
            .member = std::string{about_package}.append(name(unasked.package)),
            .since = since};
}

/// Who has asked for no more, or has not refreshed, knows. A claim is over by itself before the
/// repetitions of one NOTIFY are.
bool EventNotifier::owes_end(const EventSubscription& subscription, SubscriptionEnd reason,
                             Moment now) const
{
    const bool withdrawn =
        reason == SubscriptionEnd::rejected || reason == SubscriptionEnd::noresource;
    if (!withdrawn || subscription.fetch || subscription.package == EventPackage::line_seize)
        return false;
    if (!facts_.directory().find(subscription.watcher)) return false;
    return subscription.phone || subscription.expires_mono > now.mono;
}

/// It is out. The subscription hears of nothing from now on, and counts no more among what its
/// phone may ask for. If that was asked for, its row stays until the end is answered; else the end
/// gets one.
void EventNotifier::await_end(EventSubscription& subscription, SubscriptionEnd reason, Moment now,
                              Outbox& outbox)
{
    stop_waiting(subscription, now);
    leave_resource(subscription);
    if (auto* const list = subscription.list.get()) {
        for (const auto& member : list->members) member->leaving = reason;
        for (EventMember* member : list->under_way) member->unknown = true;  // until that
        list->ending.reset();
    }
    subscription.told.clear();
    subscription.following.clear();
    subscription.over = false;
    subscription.owes_present = false;
    subscription.ending = reason;
    auto& watcher = watchers_.at(subscription.watcher);
    if (subscription.kind == SubscriptionKind::requested)
        watcher.requested.remove(subscription.phone_key);
    if (++watcher.ending > settings_.max_subscriptions_per_watcher) {
        subscription.in_flight = 0;  // too many wait: it is told once
        return drop(subscription, now, outbox);
    }
    if (subscription.phone) {
        subscription.end_is_stored = true;
        outbox.store(UnaskedLampStored{owed_of(subscription, {})});
    }
    // What an earlier run has left is above all that was reserved.
    if (subscription.kind == SubscriptionKind::requested && subscription.counters.reserve())
        outbox.store(SubscriptionStored{stored(subscription)});
}

void EventNotifier::deliver_end(EventSubscription& over, Moment now, Outbox& outbox)
{
    if (!over.owes_present) {  // the phone has answered
        tell_truth_again(over, now, outbox);
        over.over = true;
        return over_.push_back(over.id);
    }
    if (!has_turn(over, now)) return;
    if (over.kind == SubscriptionKind::requested && over.counters.reserve())
        outbox.store(SubscriptionStored{stored(over)});
    const auto reason = reason_of_end(over);
    if (!over.list) return send_end(over, reason, now, outbox);
    over.owes_present = false;
    send_list(over, compose(over, reason), reason, now, outbox);
    over.over = false;
}

/// As with lamps: whose right is back is to begin anew.
SubscriptionEnd EventNotifier::reason_of_end(const EventSubscription& over) const
{
    const bool asked = over.kind == SubscriptionKind::requested;
    return asked && may_watch(over) ? SubscriptionEnd::deactivated : over.ending.value();
}

/// Its phone was answered that it is over.
void EventNotifier::end_heard(EventSubscription& over, Moment now, Outbox& outbox)
{
    const std::string watcher = over.watcher;
    drop(over, now, outbox);
    reconcile(watcher, now, outbox);
}

/// As with lamps: where the phone has begun anew it would show what it was just told in the dialog
/// that is over.
void EventNotifier::tell_truth_again(const EventSubscription& over, Moment now, Outbox& outbox)
{
    if (over.phone) return;
    const auto contact = contact_of(over);
    for (auto* one : watchers_.at(over.watcher).subscriptions) {
        const bool same_kind = one->package == over.package && one->member == over.member &&
                               (one->list != nullptr) == (over.list != nullptr);
        if (!same_kind || one->phone || one->ending || one->over || one->fetch) continue;
        if (is_withdrawn(*one)) continue;
        if (one->phone_key != over.phone_key && !is_of_phone(*one, contact, over.dialog->flow))
            continue;
        one->owes_present = true;
        deliver(*one, now, outbox);
    }
}

/// Whether its phone is to be told the present state unasked, once the end is out of the way.
bool EventNotifier::is_wanted_again(const EventSubscription& over) const
{
    if (!over.ending || over.member != over.watcher || !is_told_unasked(over.package, over.watcher))
        return false;
    if (over.phone) return !over.phone->refuses();
    return std::ranges::any_of(watchers_.at(over.watcher).phones, [&](const auto& phone) {
        return !phone->refuses() && is_of(*phone, over);
    });
}

/// The registration of its phone is over: nothing is told it. What it may show is remembered.
void EventNotifier::lose(EventSubscription& unsolicited, Moment now, Outbox& outbox)
{
    const std::string& watcher = unsolicited.watcher;
    const EventPackage package = unsolicited.package;
    const auto shows_nothing = [&](const EventPartRef& part) {
        auto* const write_dark = row_of(package).write_dark;
        return !part || !write_dark ||
               says_the_same(*part, write_dark({facts_, watcher, {}, {}, unsolicited.parties}));
    };
    const bool dark = !unsolicited.ending && unsolicited.certain &&
                      std::ranges::all_of(unsolicited.told, shows_nothing);
    if (!dark && facts_.directory().find(watcher)) {
        unsolicited.end_is_stored = false;  // it stays
        auto owed = owed_of(unsolicited, now.seconds());
        outbox.store(UnaskedLampStored{owed});
        for (auto& forgotten : owed_ends_.add(std::move(owed), now.seconds()))
            outbox.store(UnaskedLampRemoved{std::move(forgotten)});
    }
    drop(unsolicited, now, outbox);
}

/// After reconcile(): `phone`, which has come, is told what it missed.
void EventNotifier::settle_owed_ends(const std::string& aor,
                                     const std::shared_ptr<WatcherPhone>& phone, Moment now,
                                     Outbox& outbox)
{
    if (!owed_ends_.any_of(aor)) return;
    for (auto& owed : owed_ends_.take(aor, phone_name(phone->devices, phone->contact))) {
        const auto package = package_of(owed);
        const auto& told = watchers_.at(aor).subscriptions;
        const bool has_asked = std::ranges::any_of(told, [&](const auto* one) {
            return one->package == package && !one->phone && !one->ending && !one->fetch &&
                   is_of(*phone, *one);
        });
        if (!package || is_told_unasked(*package, aor) || phone->refuses() || has_asked ||
            OwedEnds::is_over(owed, now.seconds())) {
            outbox.store(UnaskedLampRemoved{std::move(owed)});
            continue;
        }
        auto& over = add(implied(aor, *package, phone), now);
        over.end_is_stored = true;
        send_end(over, SubscriptionEnd::rejected, now, outbox);
        await_end(over, SubscriptionEnd::rejected, now, outbox);
    }
}

void EventNotifier::recall(std::vector<UnaskedLamp> owed, Moment now, Outbox& outbox)
{
    for (auto& each : owed) {
        if (!facts_.directory().find(each.watcher) || OwedEnds::is_over(each, now.seconds())) {
            outbox.store(UnaskedLampRemoved{std::move(each)});
            continue;
        }
        for (auto& forgotten : owed_ends_.add(std::move(each), now.seconds()))
            outbox.store(UnaskedLampRemoved{std::move(forgotten)});
    }
}

/// Whoever has a number later has nothing to do with what its predecessor was told.
void EventNotifier::forget_owed_to_nobody(Outbox& outbox)
{
    for (const auto& number : owed_ends_.watchers()) {
        if (facts_.directory().find(number)) continue;
        for (auto& owed : owed_ends_.take_all_of(number))
            outbox.store(UnaskedLampRemoved{std::move(owed)});
    }
}

}  // namespace lampline
