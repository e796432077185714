// Group indications: the end of a lamp that was told unasked is owed as a state is, until its phone
// has answered it.
#include <algorithm>
#include <utility>

#include "core/extension_uri.hpp"
#include "engine/group_indications.hpp"

namespace lampline {
namespace {

/// Shows nothing, whatever its extension does, which the watcher may see no more.
ProjectionRef dark_projection(const ProfileRef& profile, std::string entity)
{
    return std::make_shared<Projection>(
        profile, DialogFilter{},
        WatcherView{PartyView::anonymous, DialogNames::withheld, /*picks_up=*/false},
        std::move(entity));
}

UnaskedLamp lamp_of(const Subscription& unsolicited, std::chrono::sys_seconds since = {})
{
    const WatcherPhone& phone = *unsolicited.phone;
    return {.watcher = unsolicited.watcher,
            .phone = phone_name(phone.devices, phone.contact),
            .member = unsolicited.member,
            .since = since};
}

}  // namespace

/// The last word about an unsolicited lamp, which is repeated like any state. It takes the place of
/// what is under way, or waits.
void GroupIndications::owe_end(Subscription& subscription, SubscriptionEnd reason, Moment now,
                               Outbox& outbox)
{
    stop_waiting(subscription, now);
    const bool lit = !subscription.is_certainly_dark();
    subscription.told = {};
    send(subscription, Step::clear, DocumentKind::full, terminated_state(reason), now, outbox);
    show(subscription, LampStep::ended, now, outbox);
    unwatch(subscription, subscription.member);
    subscription.projection =
        dark_projection(subscription.profile, subscription.projection->entity());
    subscription.told = {};
    subscription.told_in.clear();
    subscription.unanswered_since.reset();
    subscription.owes_present = false;
    subscription.ending = reason;
    if (lit) store_lit(subscription, outbox);
    hold_end(subscription, now, outbox);
}

/// The end of a lamp that `phone`, which is back, was told before it was gone.
void GroupIndications::owe_end_again(std::shared_ptr<WatcherPhone> phone, const UnaskedLamp& lamp,
                                     Moment now, Outbox& outbox)
{
    WatchRight none;
    none.watcher = lamp.watcher;
    none.member = lamp.member;
    auto made = implied(std::move(phone), none);
    made->id = ids_.next();
    made->projection =
        dark_projection(made->profile, write(extension_uri(lamp.member, directory_->domain())));
    made->ending =
        directory_->find(lamp.member) ? SubscriptionEnd::rejected : SubscriptionEnd::noresource;
    made->lit_is_stored = true;
    measure(*made);
    Subscription& added = *subscriptions_.try_emplace(made->id, std::move(made)).first->second;
    if (!hold_end(added, now, outbox)) return;
    deliver(added, now, outbox);
}

/// False: so many are owed to the phones of its extension that this one is told once, and dropped.
bool GroupIndications::hold_end(Subscription& over, Moment now, Outbox& outbox)
{
    auto& ending = watchers_[over.watcher].ending;
    if (ending.size() < OwedEnds::most_of_watcher) {
        ending.push_back(&over);
        return true;
    }
    if (over.owes_present) send_end(over, now, outbox);
    over.in_flight = 0;
    forget_lit(over, outbox);
    drop(over, now, outbox);
    return false;
}

void GroupIndications::deliver_end(Subscription& over, Moment now, Outbox& outbox)
{
    if (!over.owes_present) return finish_end(over, now, outbox);  // the phone has answered
    if (has_turn(over, now)) send_end(over, now, outbox);
}

void GroupIndications::send_end(Subscription& over, Moment now, Outbox& outbox)
{
    over.owes_present = false;
    over.told = {};
    send(over, Step::clear, DocumentKind::full, terminated_state(*over.ending), now, outbox);
}

/// The phone has answered it, or need not. Whoever has the right again meanwhile is told the
/// present state now, and not earlier: in a dialog of its own it might be overtaken by the end.
void GroupIndications::finish_end(Subscription& over, Moment now, Outbox& outbox)
{
    const auto id = over.id;
    const std::string watcher = over.watcher;
    const std::string member = over.member;
    reconcile(watcher, member, now, outbox);
    if (const auto left = subscriptions_.find(id); left != subscriptions_.end()) {
        forget_lit(*left->second, outbox);
        drop(*left->second, now, outbox);
    }
    if (!follows_phones(watcher)) watchers_.at(watcher).phones.clear();
    drop_unused_watcher(watcher);
}

/// nullptr: none.
Subscription* GroupIndications::end_owed_to(const WatcherPhone& phone, const Watcher& watcher,
                                            std::string_view watched)
{
    const auto found = std::ranges::find_if(watcher.ending, [&](const Subscription* one) {
        return one->phone.get() == &phone && one->member == watched;
    });
    return found == watcher.ending.end() ? nullptr : *found;
}

/// There is somebody to tell unasked among the phones of `watcher`.
bool GroupIndications::follows_phones(std::string_view watcher) const
{
    const auto rights = directory_->watched_by(watcher);
    if (std::ranges::any_of(rights, &WatchRight::unsolicited)) return true;
    const auto found = watchers_.find(watcher);
    return owed_ends_.any_of(watcher) ||
           (found != watchers_.end() && !found->second.ending.empty());
}

/// Whether the phone is to be told the present state, once the end is out of the way.
bool GroupIndications::is_told_once(const Subscription& subscription) const
{
    return subscription.ending && !subscription.phone->refuses() &&
           is_told_unasked(subscription.watcher, subscription.member);
}

/// The registration of `phone` is over: nothing is told it. What it may show is remembered; where
/// it has registered anew, be it again and again, that is in its row already.
void GroupIndications::lose(const WatcherPhone& phone, Watcher& watcher,
                            const std::vector<std::shared_ptr<WatcherPhone>>& come, Moment now,
                            Outbox& outbox)
{
    const auto own = phone_name(phone.devices, phone.contact);
    const bool is_back = std::ranges::any_of(
        come, [&](const auto& each) { return phone_name(each->devices, each->contact) == own; });
    for (Subscription* one : told_unasked(phone, watcher)) {
        const bool removed = !directory_->find(one->watcher);  // it will never register again
        if (removed || (!one->ending && one->is_certainly_dark())) {
            if (removed && one->ending) one->in_flight = 0;  // what is under way goes on
            forget_lit(*one, outbox);
        } else {
            const bool is_stored = is_back && one->lit_is_stored;
            auto lamp = lamp_of(*one, is_stored ? std::chrono::sys_seconds{} : now.seconds());
            if (!is_stored) outbox.store(UnaskedLampStored{lamp});
            for (auto& forgotten : owed_ends_.add(std::move(lamp), now.seconds()))
                outbox.store(UnaskedLampRemoved{std::move(forgotten)});
        }
        drop(*one, now, outbox);
    }
}

/// After reconcile(): the phones of `number` that have `come` are told what they missed. One may be
/// registered by another way too, which need not lead to it.
void GroupIndications::settle_owed_ends(const std::string& number,
                                        const std::vector<std::shared_ptr<WatcherPhone>>& come,
                                        Moment now, Outbox& outbox)
{
    if (!owed_ends_.any_of(number)) return;
    for (const auto& phone : come)
        for (auto& lamp : owed_ends_.take(number, phone_name(phone->devices, phone->contact))) {
            const auto told = told_to(*phone, number, lamp.member);
            if (told.implicit) {
                told.implicit->lit_is_stored = true;
                if (lamp.since == std::chrono::sys_seconds{}) continue;  // so it is stored
                lamp.since = {};
                outbox.store(UnaskedLampStored{std::move(lamp)});
            } else if (told.subscribed || phone->refuses() ||
                       OwedEnds::is_over(lamp, now.seconds())) {
                outbox.store(UnaskedLampRemoved{std::move(lamp)});
            } else {
                owe_end_again(phone, lamp, now, outbox);
            }
        }
    if (!follows_phones(number)) watchers_.at(number).phones.clear();
}

void GroupIndications::recall(std::vector<UnaskedLamp> lamps, Moment now, Outbox& outbox)
{
    for (auto& lamp : lamps) {
        if (!directory_->find(lamp.watcher) || OwedEnds::is_over(lamp, now.seconds())) {
            outbox.store(UnaskedLampRemoved{std::move(lamp)});
            continue;
        }
        for (auto& forgotten : owed_ends_.add(std::move(lamp), now.seconds()))
            outbox.store(UnaskedLampRemoved{std::move(forgotten)});
    }
}

/// Whoever has a number later has nothing to do with what its predecessor was told.
void GroupIndications::forget_owed_to_nobody(Outbox& outbox)
{
    for (const auto& number : owed_ends_.watchers()) {
        if (directory_->find(number)) continue;
        for (auto& lamp : owed_ends_.take_all_of(number))
            outbox.store(UnaskedLampRemoved{std::move(lamp)});
    }
}

/// Once for each time that it is told, not for each call.
void GroupIndications::store_lit(Subscription& unsolicited, Outbox& outbox)
{
    if (std::exchange(unsolicited.lit_is_stored, true)) return;
    outbox.store(UnaskedLampStored{lamp_of(unsolicited)});
}

void GroupIndications::forget_lit(Subscription& unsolicited, Outbox& outbox)
{
    if (std::exchange(unsolicited.lit_is_stored, false))
        outbox.store(UnaskedLampRemoved{lamp_of(unsolicited)});
}

}  // namespace lampline
