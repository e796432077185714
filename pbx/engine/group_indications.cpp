#include "engine/group_indications.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "core/extension_uri.hpp"
#include "engine/consent.hpp"

namespace lampline {
namespace {

bool same_rights(std::span<const WatchRight> left, std::span<const WatchRight> right)
{
    return std::ranges::equal(left, right, [](const WatchRight& a, const WatchRight& b) {
        const auto name_of = [](const ProfileRef& chosen) {
            return chosen ? std::string_view{chosen->name} : std::string_view{};
        };
        return a.member == b.member && a.unsolicited == b.unsolicited && a.rights == b.rights &&
               a.phone_notifies == b.phone_notifies && name_of(a.profile) == name_of(b.profile);
    });
}

bool same_rows(std::span<const ProfileRef> left, std::span<const ProfileRef> right)
{
    return std::ranges::equal(left, right, [](const auto& a, const auto& b) { return *a == *b; });
}

/// Ends the name of a key in front of who watches it.
constexpr char whose = '@';

/// Where in the table of members is what `watcher` calls `name`: as `login+600` names no owner, it
/// is another key to everybody.
std::string place_of(std::string_view watcher, std::string_view name)
{
    std::string place{name};
    const auto key = feature_key(name);
    if (key && key->feature == KeyFeature::logged_in) place.append(1, whose).append(watcher);
    return place;
}

/// What is at `place`, as its watchers call it.
std::string_view name_at(std::string_view place) noexcept
{
    return place.substr(0, place.find(whose));
}

}  // namespace

GroupIndications::GroupIndications(IndicationSettings settings, TokenSource tokens,
                                   DirectoryRef directory, const LocationTable& locations,
                                   NotifyPacing& pacing)
    : settings_{settings}, tokens_{std::move(tokens)}, directory_{std::move(directory)},
      locations_{&locations}, pacing_{&pacing}, run_{tokens_() + "-"}
{
}

void GroupIndications::fold(const DialogChanged& changed, Moment now, Outbox& outbox)
{
    if (!changed.dialog.discreet && withholds_party(changed.dialog, *directory_)) {
        auto nameless = changed;
        nameless.dialog.discreet = true;
        return fold(nameless, now, outbox);
    }
    const std::string& number = changed.dialog.extension;
    if (changed.dialog.state == LegState::terminated && !members_.contains(number)) return;
    Member& watched = member(number);
    const auto before = watched.state.leading();
    const bool news = watched.state.fold(changed.dialog);
    if (watched.state.leading() != before) watched.since = now.wall;
    if (news) tell(number, watched, now, outbox);
    drop_unused_member(number);
}

/// What `watched` shows is another.
void GroupIndications::tell(const std::string& number, Member& watched, Moment now, Outbox& outbox)
{
    for (Subscription* subscription : watched.subscriptions) {
        if (!subscription->list) {
            subscription->note_event(now.mono);
            note_news(*subscription);
            continue;
        }
        const bool held_back = outbox.listened && is_held_back(*subscription, now);
        note_change(*subscription, name_at(number), now);
        if (held_back) show_changed(*subscription, std::string{name_at(number)}, now, outbox);
    }
}

void GroupIndications::tell_news(Subscription& subscription, Moment now, Outbox& outbox)
{
    const bool held_back = outbox.listened && !subscription.list && subscription.event_at &&
                           is_held_back(subscription, now);
    deliver(subscription, now, outbox);
    if (held_back) show_changed(subscription, subscription.member, now, outbox);
}

void GroupIndications::finish_step(Moment now, Outbox& outbox)
{
    while (tell_all_news(now, outbox) || forget_told(now, outbox)) {
    }
}

/// What changes now is not told at once.
bool GroupIndications::is_held_back(const Subscription& subscription, Moment now) const
{
    if (subscription.in_flight != 0 || subscription.waiting) return true;
    if (subscription.forwarded || subscription.profile->gap.count() == 0) return false;
    return pacing_->holds_back(subscription.watcher, now.mono);
}

Standing GroupIndications::standing_of(std::string_view place) const
{
    const auto* extension = directory_->find(place);
    if (extension)
        return {.unregistered = !locations_->is_reachable(place),
                .do_not_disturb = extension->forwarding.do_not_disturb,
                .forwarded = !extension->forwarding.always.empty()};
    const auto name = name_at(place);
    const auto watcher = name.size() < place.size() ? place.substr(name.size() + 1) : "";
    const auto key = directory_->key(watcher, name);
    return {.on = key && directory_->is_on(*key)};
}

Standing GroupIndications::standing_of(std::string_view watcher, std::string_view watched) const
{
    return standing_of(place_of(watcher, watched));
}

void GroupIndications::reach_changed(std::string_view aor, Moment now, Outbox& outbox)
{
    update_standing(aor, now, outbox);
}

/// The configuration or the registrations of what is at `place` may have changed.
void GroupIndications::update_standing(std::string_view place, Moment now, Outbox& outbox)
{
    const auto found = members_.find(place);
    if (found == members_.end()) return;
    if (found->second.state.stand(standing_of(place)))
        tell(found->first, found->second, now, outbox);
}

void GroupIndications::replace_directory(DirectoryRef directory, const LocationTable& locations,
                                         Moment now, Outbox& outbox)
{
    const DirectoryRef old = std::exchange(directory_, std::move(directory));
    // Before rights, so that whoever is told for a new one is not told names of before; and told
    // after them, so that whoever has lost one learns no name.
    const auto with_others = same_consent(*old, *directory_) ? std::vector<std::string>{}
                                                             : follow_consent();
    std::set<std::string> concerned;
    for (const auto& [number, watcher] : watchers_) concerned.insert(number);
    for (const Binding* binding : locations.all()) concerned.insert(binding->aor);
    const bool other_rows = !same_rows(old->profiles(), directory_->profiles()) ||
                            !old->same_device_profiles(*directory_);
    const bool other_names = !old->parks_like(*directory_) || !old->same_ring_groups(*directory_);
    for (const auto& [number, watcher] : watchers_)
        for (auto* list : watcher.lists)
            if (list->list && list->list->form == ListForm::rlmi)
                note_names(*list, *old, *directory_);
    for (const auto& number : concerned) {
        const auto watcher = watchers_.find(number);
        const bool has_lists = watcher != watchers_.end() && !watcher->second.lists.empty();
        if (!other_rows && !other_names && !has_lists && directory_->find(number) &&
            same_rights(old->watched_by(number), directory_->watched_by(number)))
            continue;
        apply_rights(number, now, outbox);
        bindings_changed(number, locations, now, outbox);
    }
    for (const auto& number : with_others)
        if (const auto found = members_.find(number); found != members_.end())
            tell(found->first, found->second, now, outbox);
    forget_owed_to_nobody(outbox);
    std::vector<std::string> watched;
    for (const auto& [number, member] : members_) watched.push_back(number);
    for (const auto& number : watched) update_standing(number, now, outbox);
}

/// Whether there is what `watcher` calls `name`.
bool GroupIndications::is_there(std::string_view watcher, std::string_view name) const
{
    return directory_->is_watchable(name) || directory_->key(watcher, name);
}

/// Ends what `watcher` may no longer see, and lets a new choice of profile act.
void GroupIndications::apply_rights(const std::string& number, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(number);
    if (watcher == watchers_.end()) return;
    for (Subscription* subscription : all_of(watcher->second)) {
        if (subscription->ending) {
            const bool of_nobody = !directory_->find(number);  // lose() looks after the others
            if (of_nobody && subscription->kind == SubscriptionKind::requested)
                end(*subscription, *subscription->ending, now, outbox);
            continue;
        }
        if (subscription->forwarded && subscription->lapsed) continue;  // it is over, and owes that
        if (subscription->list) {
            if (subscription->list->ending) continue;
            if (may_see_list(*subscription)) {
                update_list(*subscription);
                show_left(*subscription, now, outbox);
                note_news(*subscription);
            } else {
                const bool there = directory_->find_group(subscription->member) != nullptr;
                end(*subscription, there ? SubscriptionEnd::rejected : SubscriptionEnd::noresource,
                    now, outbox);
            }
            continue;
        }
        const WatchRight* right = directory_->right(number, subscription->member);
        if (!right) {
            const bool there = is_there(number, subscription->member);
            end(*subscription, there ? SubscriptionEnd::rejected : SubscriptionEnd::noresource, now,
                outbox);
            continue;
        }
        const bool by_phone = told_by_phone(right, subscription->member) &&
                              subscription->kind == SubscriptionKind::requested;
        if (subscription->forwarded != by_phone)
            end(*subscription, SubscriptionEnd::deactivated, now, outbox);
        else if (change_dialect(*subscription, *right))
            note_news(*subscription);
    }
    reconcile(number, now, outbox);
    drop_unused_watcher(number);
}

void GroupIndications::restore(std::vector<StoredSubscription> stored,
                               const LocationTable& locations, Moment now, Outbox& outbox,
                               const std::vector<Binding>& expired,
                               const std::unordered_set<std::string>& in_calls)
{
    told_first_ = &in_calls;
    for (auto& kept : stored) {
        auto subscription = std::make_unique<Subscription>();
        SubscriptionRemoved removed{kept.call_id, kept.local_tag};
        const auto form = list_form(kept.list);
        auto entries = std::move(kept.entries);
        const bool forwarded = kept.forwarded;
        const auto notifiers = std::move(kept.notifiers);
        const bool ended_for_phone =
            !forwarded &&
            ended_at_watchers_.last_cseq(dialog_key(kept.call_id, kept.local_tag)).has_value();
        const auto most = forwarded || ended_for_phone ? settings_.max_forwarded_expires
                                                       : settings_.max_expires;
        if (!resume(*subscription, std::move(kept), most, now)) {
            outbox.store(std::move(removed));
            continue;
        }
        subscription->told.unknown = true;
        subscription->forwarded = forwarded;
        if (forwarded) restore_notifiers(*subscription, notifiers);
        if (!ended_for_phone && requested_.names(*subscription)) continue;

        subscription->devices = devices_of(subscription->watcher, contact_of(*subscription),
                                           subscription->dialog->flow, subscription->user_agent);
        subscription->phone_key = phone_key(subscription->devices, contact_of(*subscription));
        const WatchRight* right = directory_->right(subscription->watcher, subscription->member);
        if (form) {
            subscription->list = std::make_unique<ResourceList>();
            subscription->list->form = *form;
            subscription->list->resumed = true;
            subscription->list->entries = std::move(entries);
            if (*form == ListForm::rlmi) require_lists(*subscription);
        } else if (right) {
            subscription->profile =
                directory_->profile_for(*right, subscription->user_agent, subscription->devices);
            subscription->view = view_of(*right);
        }
        if (ended_for_phone) {
            restore_end(std::move(subscription), expired, now, outbox);
            continue;
        }
        Subscription& added = add(std::move(subscription));
        follow_registration(added, locations);
        recall_expired(added, expired);
        silence_lapsed(added, now, outbox);
        expiry_.set(added.id, added.expires_mono);
        if (is_silenced(added)) {
            added.lapsed = added.lapsed || added.registered_as == 0;
            if (!added.lapsed) end_come_back(added, now, outbox);
            continue;
        }
        if (!added.list && right && added.forwarded != told_by_phone(right, added.member)) {
            end(added, SubscriptionEnd::deactivated, now, outbox);
            continue;
        }
        const bool there = added.list ? directory_->find_group(added.member) != nullptr
                                      : is_there(added.watcher, added.member);
        if (added.list ? may_see_list(added) : right != nullptr)
            deliver(added, now, outbox);
        else
            end(added, there ? SubscriptionEnd::rejected : SubscriptionEnd::noresource, now,
                outbox);
    }
    std::set<std::string> concerned;
    for (const Binding* binding : locations.all()) concerned.insert(binding->aor);
    for (const auto& [id, one] : subscriptions_)
        if (one->forwarded) concerned.insert(one->member);
    for (const auto& number : concerned) bindings_changed(number, locations, now, outbox);
    told_first_ = nullptr;
    for (auto& lamp : owed_ends_.date(now.seconds()))
        outbox.store(UnaskedLampStored{std::move(lamp)});
}

void GroupIndications::save(Outbox& outbox)
{
    for (const auto& [id, subscription] : subscriptions_) {
        if (subscription->kind != SubscriptionKind::requested) continue;
        if (subscription->list && subscription->list->ending) continue;
        subscription->counters.settle();
        for (auto& notifier : subscription->notifiers) notifier.counters.settle();
        outbox.store(SubscriptionStored{to_stored(*subscription)});
    }
}

void GroupIndications::describe(LiveView& view) const
{
    view.lamps.reserve(view.lamps.size() + subscriptions_.size());
    for (const auto& [id, one] : subscriptions_) {
        if (one->forwarded && one->lapsed) continue;
        if (is_fetch(*one)) continue;
        if (one->ending)
            ++view.lamp_ends;
        else if (one->list)
            for (const auto& member : one->list->members)
                describe(*one, member->member, *member, member->owes_present, view);
        else
            describe(*one, one->member, *one, false, view);
    }
    static_cast<IndicationCounters&>(view.counters) = counters_;
}

/// `owed`: the present state is, whatever was told.
void GroupIndications::describe(const Subscription& one, const std::string& member,
                                const ToldLamp& lamp, bool owed, LiveView& view) const
{
    const bool implicit = one.kind == SubscriptionKind::implicit;
    const auto state = lamp_state(lamp.told.sent);
    const auto colour = one.forwarded ? LampColour::unknown : shown_colour(lamp.told);
    view.lamps.push_back({
        .watcher = one.watcher,
        .member = member,
        .kind = one.forwarded ? "forwarded"
                : implicit    ? "unsolicited"
                              : "subscribed",
        .list = one.list ? one.member : std::string{},
        .contact = one.dialog->request_uri,
        .profile = lamp.projection->profile()->name,
        .state = one.forwarded ? "unknown"
                 : state       ? std::string{name(*state)}
                               : "idle",
        .version = lamp.last.version,
        .cseq = lamp.last.cseq,
        .sent_at = lamp.last.sent_at,
        .answer = lamp.last.answer,
        .answered_at = lamp.last.answered_at,
        .owed = !one.forwarded && (owed || one.owes_present || one.waiting ||
                                   lamp.told.sent != lamp.projection->current()),
        .under_way = one.in_flight != 0 && one.in_flight == lamp.last.cseq,
        .waiting = one.waiting,
        .colour = colour,
        .since = colour == LampColour::unknown ? std::nullopt : lamp.shown_since,
        .agrees = one.forwarded ? std::nullopt
                                : std::optional{colour == colour_of(lamp.projection->current())},
        .transport = (lamp.last.sent_in ? lamp.last.sent_in : one.dialog)->flow.transport,
        .bytes = lamp.last.body_size(),
        .expires_at = implicit ? one.phone->expires_at : one.expires_at,
    });
}

Subscription& GroupIndications::add(std::unique_ptr<Subscription> subscription)
{
    subscription->id = ids_.next();
    Subscription& added =
        *subscriptions_.try_emplace(subscription->id, std::move(subscription)).first->second;
    Watcher& watcher = watchers_[added.watcher];
    added.of_earlier_run = told_first_ != nullptr;  // unasked ones too, which are not stored
    open_view(added);
    if (added.list)
        watcher.lists.push_back(&added);
    else
        watch(added, added.member);
    note_connection(added.watcher, added.dialog->flow);
    if (added.kind == SubscriptionKind::requested) {
        watcher.requested.add(added.phone_key);
        if (!is_fetch(added)) requested_.add(added);
    }
    ++counters_.subscriptions_started;
    return added;
}

/// Forgets `subscription` without a word to the phone. Its watcher stays: drop_unused_watcher is
/// the caller's.
void GroupIndications::drop(Subscription& subscription, Moment now, Outbox& outbox)
{
    show(subscription, LampStep::ended, now, outbox);
    const auto owned = subscriptions_.extract(subscription.id);
    if (subscription.in_flight != 0) outbox.send(ForgetNotify{subscription.id});
    expiry_.cancel(subscription.id);
    stop_waiting(subscription, now);

    if (!subscription.list && !subscription.ending)
        unwatch(subscription, subscription.member);
    else if (subscription.list)
        for (const auto& listed : subscription.list->members)
            if (!listed->leaving) unwatch(subscription, listed->member);
    if (const auto watcher = watchers_.find(subscription.watcher); watcher != watchers_.end()) {
        std::erase(watcher->second.lists, &subscription);
        if (subscription.ending)
            release_end(watcher->second, subscription);
        else if (subscription.kind == SubscriptionKind::requested)
            watcher->second.requested.remove(subscription.phone_key);
    }
    if (subscription.kind != SubscriptionKind::requested || is_fetch(subscription)) return;
    requested_.remove(subscription);
    outbox.store(SubscriptionRemoved{subscription.dialog->call_id, subscription.local_tag});
}

/// Lets `subscription` hear of `number`.
void GroupIndications::watch(Subscription& subscription, const std::string& number)
{
    member(subscription.watcher, number).subscriptions.push_back(&subscription);
    watchers_[subscription.watcher].by_member[number].push_back(&subscription);
}

void GroupIndications::unwatch(Subscription& subscription, const std::string& number)
{
    std::erase(member(subscription.watcher, number).subscriptions, &subscription);
    drop_unused_member(subscription.watcher, number);
    const auto watcher = watchers_.find(subscription.watcher);
    if (watcher == watchers_.end()) return;
    auto& by_member = watcher->second.by_member;
    const auto mine = by_member.find(number);
    if (mine != by_member.end() && std::erase(mine->second, &subscription) && mine->second.empty())
        by_member.erase(mine);
}

/// Each subscription once.
std::vector<Subscription*> GroupIndications::all_of(const Watcher& watcher)
{
    auto all = watcher.lists;
    for (const auto& [watched, subscriptions] : watcher.by_member)
        std::ranges::copy_if(subscriptions, std::back_inserter(all),
                             [](const Subscription* one) { return !one->list; });
    for (const auto& [watched, ends] : watcher.ending)
        all.insert(all.end(), ends.begin(), ends.end());
    return all;
}

std::vector<std::string> GroupIndications::members_of(const Subscription& subscription)
{
    if (!subscription.list) return {subscription.member};
    std::vector<std::string> members;
    for (const auto& listed : subscription.list->members) members.push_back(listed->member);
    return members;
}

GroupIndications::Member& GroupIndications::member(std::string_view place)
{
    if (const auto found = members_.find(place); found != members_.end()) return found->second;
    auto entity = write(extension_uri(name_at(place), directory_->domain()));
    auto& added =
        members_
            .try_emplace(std::string{place}, Member{MemberState{std::move(entity), run_}, {}, {}})
            .first->second;
    added.state.stand(standing_of(place));
    return added;
}

GroupIndications::Member& GroupIndications::member(std::string_view watcher,
                                                   std::string_view watched)
{
    return member(place_of(watcher, watched));
}

const GroupIndications::Member* GroupIndications::find_member(std::string_view watcher,
                                                              std::string_view watched) const
{
    const auto found = members_.find(place_of(watcher, watched));
    return found == members_.end() ? nullptr : &found->second;
}

void GroupIndications::drop_unused_member(std::string_view place)
{
    const auto found = members_.find(place);
    if (found != members_.end() && found->second.state.idle() &&
        found->second.subscriptions.empty())
        members_.erase(found);
}

void GroupIndications::drop_unused_member(std::string_view watcher, std::string_view watched)
{
    drop_unused_member(place_of(watcher, watched));
}

void GroupIndications::drop_unused_watcher(std::string_view number)
{
    const auto found = watchers_.find(number);
    if (found != watchers_.end() && found->second.phones.empty() &&
        found->second.by_member.empty() && found->second.lists.empty() &&
        found->second.ending.empty())
        watchers_.erase(found);
}

}  // namespace lampline
