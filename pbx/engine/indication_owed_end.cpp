// Group indications: the end of a lamp is owed as a state is, until its phone has answered it.
#include <algorithm>
#include <iterator>
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

/// The last word about a lamp, or a list of them, which is repeated like any state. It takes the
/// place of what is under way, or waits.
void GroupIndications::owe_end(Subscription& subscription, SubscriptionEnd reason, Moment now,
                               Outbox& outbox)
{
    stop_waiting(subscription, now);
    if (subscription.kind == SubscriptionKind::implicit && !subscription.is_certainly_dark())
        store_lit(subscription, outbox);
    send_end(subscription, reason, now, outbox);
    await_end(subscription, reason, now, outbox);
}

/// It is out. The subscription shows nothing from now on, and counts no more among what its phone
/// may ask for. If that was asked for, its row stays where it was until the end is answered: to who
/// starts again the rights say what they do now.
void GroupIndications::await_end(Subscription& subscription, SubscriptionEnd reason, Moment now,
                                 Outbox& outbox)
{
    show(subscription, LampStep::ended, now, outbox);
    auto& watcher = watchers_.at(subscription.watcher);
    if (auto* const list = subscription.list.get()) {
        for (const auto& member : list->members)
            if (!std::exchange(member->leaving, reason)) unwatch(subscription, member->member);
        for (ListedMember* member : list->under_way) member->told.unknown = true;  // until then
        list->ending.reset();
        std::erase(watcher.lists, &subscription);
    } else {
        unwatch(subscription, subscription.member);
        subscription.projection =
            dark_projection(subscription.profile, subscription.projection->entity());
        subscription.told = {};
        subscription.told_in.clear();
    }
    if (subscription.kind == SubscriptionKind::requested)
        watcher.requested.remove(subscription.phone_key);
    subscription.unanswered_since.reset();
    subscription.owes_present = false;
    subscription.ending = reason;
    hold_end(subscription, now, outbox);
}

/// The end of what is in no table, as another has told it, or an earlier run. nullptr: it is owed no
/// more.
Subscription* GroupIndications::tell_end(std::unique_ptr<Subscription> over, SubscriptionEnd reason,
                                         LastWord last_word, Moment now, Outbox& outbox)
{
    auto entity = entity_asked_for(*over);
    if (entity.empty()) entity = write(extension_uri(over->member, directory_->domain()));
    over->id = ids_.next();
    over->projection = dark_projection(over->profile, std::move(entity));
    over->ending = reason;
    measure(*over);
    const bool owed = last_word == LastWord::owed && over->expires_mono > now.mono &&
                      directory_->find(over->watcher);
    if (!owed) {
        send(*over, Step::clear, DocumentKind::full, terminated_state(reason), now, outbox);
        return nullptr;
    }
    const auto id = over->id;
    Subscription& kept = *subscriptions_.try_emplace(id, std::move(over)).first->second;
    expiry_.set(id, kept.expires_mono);
    kept.counters.reserve();
    outbox.store(SubscriptionStored{to_stored(kept)});
    send_end(kept, reason, now, outbox);
    return hold_end(kept, now, outbox) ? &kept : nullptr;
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
    Watcher& watcher = watchers_[over.watcher];
    const bool unasked = over.kind == SubscriptionKind::implicit;
    auto& held = unasked ? watcher.unasked_ends : watcher.asked_ends;
    if (held < (unasked ? OwedEnds::most_of_watcher : settings_.max_subscriptions_per_watcher)) {
        ++held;
        watcher.ending[over.member].push_back(&over);
        return true;
    }
    if (over.owes_present) send_end(over, *over.ending, now, outbox);
    over.in_flight = 0;
    forget_lit(over, outbox);
    drop(over, now, outbox);
    return false;
}

void GroupIndications::release_end(Watcher& watcher, const Subscription& over)
{
    const auto mine = watcher.ending.find(over.member);
    if (mine == watcher.ending.end() || std::erase(mine->second, &over) == 0) return;
    if (mine->second.empty()) watcher.ending.erase(mine);
    --(over.kind == SubscriptionKind::implicit ? watcher.unasked_ends : watcher.asked_ends);
}

void GroupIndications::deliver_end(Subscription& over, Moment now, Outbox& outbox)
{
    if (!over.owes_present) {  // the phone has answered
        tell_truth_again(over, now, outbox);
        return finish_end(over, now, outbox);
    }
    if (has_turn(over, now)) send_end(over, reason_of_end(over), now, outbox);
}

/// Whose right is back is to begin anew: after `rejected` or `noresource` its phone should not (RFC
/// 6665 §4.1.3).
SubscriptionEnd GroupIndications::reason_of_end(const Subscription& over) const
{
    const bool is_back = over.list ? may_see_list(over)
                                   : directory_->right(over.watcher, over.member) != nullptr;
    const bool asked = over.kind == SubscriptionKind::requested;
    return asked && is_back ? SubscriptionEnd::deactivated : over.ending.value();
}

void GroupIndications::send_end(Subscription& over, SubscriptionEnd reason, Moment now,
                                Outbox& outbox)
{
    over.owes_present = false;
    if (over.kind == SubscriptionKind::requested && over.counters.reserve())
        outbox.store(SubscriptionStored{to_stored(over)});
    if (over.list) return send_list(over, compose(over, reason), reason, now, outbox);
    over.told = {};
    send(over, Step::clear, DocumentKind::full, terminated_state(reason), now, outbox);
}

/// The phone has answered it, or need not. Whoever has the right again meanwhile is told the
/// present state now, and not earlier: in a dialog of its own it might be overtaken by the end.
void GroupIndications::finish_end(Subscription& over, Moment now, Outbox& outbox)
{
    const auto id = over.id;
    const std::string watcher = over.watcher;
    const auto members = members_of(over);
    for (const auto& member : members) reconcile(watcher, member, now, outbox);
    if (const auto left = subscriptions_.find(id); left != subscriptions_.end()) {
        forget_lit(*left->second, outbox);
        drop(*left->second, now, outbox);
    }
    if (!follows_phones(watcher))
        if (const auto found = watchers_.find(watcher); found != watchers_.end())
            found->second.phones.clear();
    drop_unused_watcher(watcher);
}

/// Its phone was answered that it is over.
void GroupIndications::end_heard(Subscription& over, Moment now, Outbox& outbox)
{
    if (std::exchange(over.in_flight, 0U) != 0) outbox.send(ForgetNotify{over.id});
    finish_end(over, now, outbox);
}

/// `added`, which is yet to be added, begins with the Call-ID and tag of a dialog anew: its phone
/// knows that no more. Of its other dialogs it may know, be they of other keys: those it is to hear
/// the end of, or to answer 481.
void GroupIndications::take_place_of_end(const Subscription& added, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(added.watcher);
    if (watcher == watchers_.end()) return;
    const auto ends = watcher->second.ending.find(added.member);
    if (ends == watcher->second.ending.end()) return;
    const auto origin = origin_of(added);
    std::vector<Subscription*> before;
    std::ranges::copy_if(ends->second, std::back_inserter(before), [&](const Subscription* one) {
        return !one->phone && origin_of(*one) == origin;
    });
    for (Subscription* one : before) drop(*one, now, outbox);
}

/// Its phone was just told in the dialog of `over` that all is dark. One that goes by who is
/// watched, and not by dialogs, shows that at its other keys too, until it is told the truth there.
void GroupIndications::tell_truth_again(const Subscription& over, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(over.watcher);
    if (over.phone || watcher == watchers_.end()) return;
    const auto& by_member = watcher->second.by_member;
    const auto told = by_member.find(over.member);
    if (!over.list && told == by_member.end()) return;
    const auto contact = contact_of(over);
    const auto living = over.list ? watcher->second.lists : told->second;
    for (Subscription* one : living) {
        const bool same_kind = one->member == over.member &&
                               (one->list != nullptr) == (over.list != nullptr);
        if (!same_kind || one->phone || one->forwarded || (one->list && one->list->ending))
            continue;
        if (one->phone_key != over.phone_key && !is_of_phone(*one, contact, over.dialog->flow))
            continue;
        one->owes_present = true;
        deliver(*one, now, outbox);
    }
}

std::vector<Subscription*> GroupIndications::ends_owed_to(const WatcherPhone& phone,
                                                          const Watcher& watcher,
                                                          std::string_view watched)
{
    std::vector<Subscription*> owed;
    const auto found = watcher.ending.find(watched);
    if (found == watcher.ending.end()) return owed;
    std::ranges::copy_if(found->second, std::back_inserter(owed), [&](const Subscription* one) {
        return one->phone ? one->phone.get() == &phone : !one->list && is_of(phone, *one);
    });
    return owed;
}

/// There is somebody to tell unasked among the phones of `watcher`.
bool GroupIndications::follows_phones(std::string_view watcher) const
{
    const auto rights = directory_->watched_by(watcher);
    if (std::ranges::any_of(rights, &WatchRight::unsolicited)) return true;
    const auto found = watchers_.find(watcher);
    return owed_ends_.any_of(watcher) ||
           (found != watchers_.end() && found->second.unasked_ends > 0);
}

/// Whether the phone is to be told the present state, once the end is out of the way.
bool GroupIndications::is_told_once(const Subscription& subscription) const
{
    const std::string& watcher = subscription.watcher;
    const std::string& member = subscription.member;
    if (!subscription.ending || subscription.list || !is_told_unasked(watcher, member))
        return false;
    if (subscription.phone) return !subscription.phone->refuses();
    const auto found = watchers_.find(watcher);
    return found != watchers_.end() &&
           std::ranges::any_of(found->second.phones, [&](const auto& phone) {
               return !phone->refuses() && is_of(*phone, subscription) &&
                      !told_to(*phone, watcher, member).subscribed;
           });
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
                deliver(*told.implicit, now, outbox);  // before who is dark in any case
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
