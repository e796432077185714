#include "engine/group_indications.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "core/extension_uri.hpp"

namespace lampline {
namespace {

std::string dialog_key(const Subscription& subscription)
{
    return std::string{subscription.dialog->call_id}.append("\n").append(subscription.local_tag);
}

bool same_rights(std::span<const WatchRight> left, std::span<const WatchRight> right)
{
    return std::ranges::equal(left, right, [](const WatchRight& a, const WatchRight& b) {
        const auto name_of = [](const ProfileRef& chosen) {
            return chosen ? std::string_view{chosen->name} : std::string_view{};
        };
        return a.member == b.member && a.unsolicited == b.unsolicited && a.rights == b.rights &&
               name_of(a.profile) == name_of(b.profile);
    });
}

bool same_rows(std::span<const ProfileRef> left, std::span<const ProfileRef> right)
{
    return std::ranges::equal(left, right, [](const auto& a, const auto& b) { return *a == *b; });
}

}  // namespace

GroupIndications::GroupIndications(IndicationSettings settings, TokenSource tokens,
                                   DirectoryRef directory, const LocationTable& locations)
    : settings_{settings}, tokens_{std::move(tokens)}, directory_{std::move(directory)},
      locations_{&locations}, run_{tokens_() + "-"}
{
}

void GroupIndications::fold(const DialogChanged& changed, Moment now, Outbox& outbox)
{
    const std::string& number = changed.dialog.extension;
    if (changed.dialog.state == LegState::terminated && !members_.contains(number)) return;
    Member& watched = member(number);
    const auto before = watched.state.leading();
    const bool news = watched.state.fold(changed.dialog);
    if (watched.state.leading() != before) watched.since = now.wall;
    if (news) {
        auto& commands = outbox.commands;
        const std::size_t expected = commands.size() + watched.subscriptions.size();
        if (expected > commands.capacity())
            commands.reserve(std::max(expected, 2 * commands.capacity()));
        for (Subscription* subscription : watched.subscriptions) {
            if (!subscription->event_at &&
                subscription->told.sent != subscription->projection->current())
                subscription->event_at = now.mono;
            deliver(*subscription, now, outbox);
        }
    }
    drop_unused_member(number);
}

void GroupIndications::replace_directory(DirectoryRef directory, const LocationTable& locations,
                                         Moment now, Outbox& outbox)
{
    const DirectoryRef old = std::exchange(directory_, std::move(directory));
    std::set<std::string> concerned;
    for (const auto& [number, watcher] : watchers_) concerned.insert(number);
    for (const Binding* binding : locations.all()) concerned.insert(binding->aor);
    const bool other_rows = !same_rows(old->profiles(), directory_->profiles());
    const bool other_slots = !old->parks_like(*directory_);
    for (const auto& number : concerned) {
        if (!other_rows && !other_slots &&
            same_rights(old->watched_by(number), directory_->watched_by(number)))
            continue;
        apply_rights(number, now, outbox);
        bindings_changed(number, locations, now, outbox);
    }
}

/// Ends what `watcher` may no longer see, and lets a new choice of profile act.
void GroupIndications::apply_rights(const std::string& number, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(number);
    if (watcher == watchers_.end()) return;
    std::vector<Subscription*> all;
    for (const auto& [watched, subscriptions] : watcher->second.by_member)
        all.insert(all.end(), subscriptions.begin(), subscriptions.end());
    for (Subscription* subscription : all) {
        const WatchRight* right = directory_->right(number, subscription->member);
        if (!right) {
            const bool there = directory_->is_watchable(subscription->member);
            end(*subscription, there ? SubscriptionEnd::rejected : SubscriptionEnd::noresource, now,
                outbox);
            continue;
        }
        if (change_dialect(*subscription, *right)) deliver(*subscription, now, outbox);
    }
    reconcile(number, now, outbox);
    drop_unused_watcher(number);
}

void GroupIndications::restore(std::vector<StoredSubscription> stored,
                               const LocationTable& locations, Moment now, Outbox& outbox)
{
    for (auto& kept : stored) {
        const auto contact = SipUri::parse(kept.contact);
        if (kept.expires_at <= now.seconds() || !contact) {
            outbox.store(SubscriptionRemoved{kept.call_id, kept.local_tag});
            continue;
        }
        auto subscription = std::make_unique<Subscription>();
        subscription->watcher = std::move(kept.watcher);
        subscription->member = std::move(kept.member);
        subscription->local_tag = std::move(kept.local_tag);
        subscription->remote_tag = std::move(kept.remote_tag);
        subscription->user_agent = std::move(kept.user_agent);
        subscription->contact = *contact;
        subscription->remote_cseq = kept.remote_cseq;
        subscription->granted = kept.expires_at - now.seconds();
        subscription->expires_at = kept.expires_at;
        subscription->expires_mono = now.mono + subscription->granted;
        subscription->told.unknown = true;
        subscription->counters = NotifyCounters{kept.reserved_cseq, kept.reserved_version};

        auto dialog = std::make_shared<NotifyDialog>();
        dialog->call_id = std::move(kept.call_id);
        dialog->from = std::move(kept.local_uri) + ";tag=" + subscription->local_tag;
        dialog->to = std::move(kept.remote_uri);
        if (!subscription->remote_tag.empty()) dialog->to += ";tag=" + subscription->remote_tag;
        dialog->contact = extension_uri(subscription->member, {}).user;
        dialog->event = std::move(kept.event);
        dialog->request_uri = std::move(kept.contact);
        dialog->route = std::move(kept.route);
        dialog->flow = std::move(kept.flow);
        dialog->flow.connection = {};  // the connections of an earlier run are gone
        subscription->dialog = std::move(dialog);
        subscription->origin = origin_of(*subscription);
        if (by_dialog_.contains(dialog_key(*subscription)) ||
            by_origin_.contains(subscription->origin))
            continue;

        const WatchRight* right = directory_->right(subscription->watcher, subscription->member);
        if (right) {
            subscription->profile = directory_->profile_for(*right, subscription->user_agent);
            subscription->parties = parties_of(*right);
        }
        Subscription& added = add(std::move(subscription));
        expiry_.set(added.id, added.expires_mono);
        if (right)
            deliver(added, now, outbox);
        else
            end(added,
                directory_->is_watchable(added.member) ? SubscriptionEnd::rejected
                                                       : SubscriptionEnd::noresource,
                now, outbox);
    }
    std::set<std::string> registered;
    for (const Binding* binding : locations.all()) registered.insert(binding->aor);
    for (const auto& number : registered) bindings_changed(number, locations, now, outbox);
}

void GroupIndications::save(Outbox& outbox)
{
    for (const auto& [id, subscription] : subscriptions_) {
        if (subscription->kind != SubscriptionKind::requested) continue;
        subscription->counters.settle();
        outbox.store(SubscriptionStored{to_stored(*subscription)});
    }
}

void GroupIndications::describe(LiveView& view) const
{
    view.lamps.reserve(view.lamps.size() + subscriptions_.size());
    for (const auto& [id, one] : subscriptions_) {
        const bool implicit = one->kind == SubscriptionKind::implicit;
        const auto lamp = lamp_state(one->told.sent);
        view.lamps.push_back({
            .watcher = one->watcher,
            .member = one->member,
            .kind = implicit ? "unsolicited" : "subscribed",
            .contact = one->dialog->request_uri,
            .profile = std::string{one->profile->name},
            .state = lamp ? std::string{name(*lamp)} : "idle",
            .version = one->counters.version(),
            .cseq = one->counters.cseq(),
            .sent_at = one->sent_at,
            .answer = one->answer,
            .answered_at = one->answered_at,
            .owed = owes(*one),
            .under_way = one->in_flight != 0,
            .waiting = one->waiting,
            .expires_at = implicit ? one->phone->expires_at : one->expires_at,
        });
    }
    static_cast<IndicationCounters&>(view.counters) = counters_;
}

/// Whether a newer state waits to be sent.
bool GroupIndications::owes(const Subscription& subscription) const
{
    if (subscription.owes_present || subscription.waiting) return true;
    return subscription.told.sent != subscription.projection->current();
}

Subscription& GroupIndications::add(std::unique_ptr<Subscription> subscription)
{
    subscription->id = ids_.next();
    Subscription& added =
        *subscriptions_.try_emplace(subscription->id, std::move(subscription)).first->second;
    open_view(added);
    member(added.member).subscriptions.push_back(&added);
    Watcher& watcher = watchers_[added.watcher];
    watcher.by_member[added.member].push_back(&added);
    note_connection(added.watcher, added.dialog->flow);
    if (added.kind == SubscriptionKind::requested) {
        ++watcher.requested;
        by_dialog_.insert_or_assign(dialog_key(added), &added);
        by_origin_.insert_or_assign(added.origin, &added);
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
    repetition_.cancel(subscription.id);

    std::erase(member(subscription.member).subscriptions, &subscription);
    drop_unused_member(subscription.member);
    if (const auto watcher = watchers_.find(subscription.watcher); watcher != watchers_.end()) {
        auto& by_member = watcher->second.by_member;
        const auto mine = by_member.find(subscription.member);
        if (mine != by_member.end() && std::erase(mine->second, &subscription) &&
            mine->second.empty())
            by_member.erase(mine);
        if (subscription.kind == SubscriptionKind::requested) --watcher->second.requested;
        if (subscription.waiting) --watcher->second.waiting;
    }
    if (subscription.kind != SubscriptionKind::requested) return;
    by_dialog_.erase(dialog_key(subscription));
    by_origin_.erase(subscription.origin);
    outbox.store(SubscriptionRemoved{subscription.dialog->call_id, subscription.local_tag});
}

GroupIndications::Member& GroupIndications::member(std::string_view number)
{
    if (const auto found = members_.find(number); found != members_.end()) return found->second;
    auto entity = write(extension_uri(number, directory_->domain()));
    return members_
        .try_emplace(std::string{number}, Member{MemberState{std::move(entity), run_}, {}, {}})
        .first->second;
}

void GroupIndications::drop_unused_member(std::string_view number)
{
    const auto found = members_.find(number);
    if (found != members_.end() && found->second.state.idle() &&
        found->second.subscriptions.empty())
        members_.erase(found);
}

void GroupIndications::drop_unused_watcher(std::string_view number)
{
    const auto found = watchers_.find(number);
    if (found != watchers_.end() && found->second.phones.empty() && found->second.by_member.empty())
        watchers_.erase(found);
}

void GroupIndications::note_connection(const std::string& watcher, const Flow& flow)
{
    if (flow.connection) watchers_over_[flow.connection].insert(watcher);
}

}  // namespace lampline
