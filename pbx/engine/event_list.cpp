// The notifier of event packages: a whole group in one subscription (RFC 4662).
#include "engine/event_list.hpp"

#include <algorithm>
#include <utility>

#include "engine/event_notifier.hpp"
#include "engine/list_page.hpp"

namespace lampline {
namespace {

class PageWriter final : public ListPageWriter<EventMember> {
public:
    using ListPageWriter<EventMember>::ListPageWriter;

private:
    /// As many as every member has.
    [[nodiscard]] std::size_t forms() const noexcept override { return 2; }
    [[nodiscard]] DialogInfoText text_of(EventMember& member, std::size_t form) const override
    {
        const auto& part = is_hidden(member) ? member.dark : member.current;
        return {part->listed[form], nullptr};
    }
};

}  // namespace

bool EventNotifier::admit_list(const SubscribeReceived& request, EventPackage package,
                               std::string_view group, Outbox& outbox) const
{
    const auto& row = row_of(package);
    const auto& directory = facts_.directory();
    if (!row.has_lists || !directory.listed(request.authenticated, group)) {
        outbox.send(answer(request, 403));
        return false;
    }
    if (!has(request.supported, OptionTag::eventlist)) {
        auto reply = refusal(request, 421, directory.domain(),
                             "this is a group: switch on event lists at the phone");
        reply.headers.push_back({"Require", "eventlist"});
        outbox.send(std::move(reply));
        return false;
    }
    if (accepts_lists(request)) return true;
    outbox.send(answer(request, 406, {{"Accept", types_of_list(row.content_type)}}));
    return false;
}

bool EventNotifier::may_watch(const EventSubscription& subscription) const
{
    if (subscription.list)
        return facts_.directory().listed(subscription.watcher, subscription.member).has_value();
    return row_of(subscription.package)
        .may_watch(facts_, subscription.watcher, subscription.member);
}

/// Why it may not.
SubscriptionEnd EventNotifier::why_not(const EventSubscription& subscription) const
{
    const auto& directory = facts_.directory();
    const bool there = subscription.list ? directory.find_group(subscription.member) != nullptr
                                         : directory.find(subscription.member) != nullptr;
    return there ? SubscriptionEnd::rejected : SubscriptionEnd::noresource;
}

/// Whether the phone of `added`, or all phones of its watcher together, would then have asked for
/// more than they may. A list counts by its members.
bool EventNotifier::is_one_too_many(const EventSubscription& added) const
{
    std::size_t of_phone = 1;
    if (added.list)
        if (const auto listed = facts_.directory().listed(added.watcher, added.member))
            of_phone = std::max(of_phone, listed->size());
    std::size_t all = of_phone;
    if (const auto found = watchers_.find(added.watcher); found != watchers_.end()) {
        const auto& [subscriptions, phones, requested] = found->second;
        all += requested.all();
        of_phone += requested.of(added.phone_key);
        for (const auto* one : subscriptions) {
            if (!one->list || one->list->members.empty()) continue;
            const std::size_t more = one->list->members.size() - 1;  // it counts as one already
            all += more;
            if (one->phone_key == added.phone_key) of_phone += more;
        }
    }
    return of_phone > settings_.max_subscriptions_per_phone ||
           all > settings_.max_subscriptions_per_watcher;
}

StoredSubscription EventNotifier::stored(const EventSubscription& subscription)
{
    auto kept = to_stored(subscription);
    if (subscription.list) kept.list = name(ListForm::rlmi);
    return kept;
}

/// Brings the members in line with the group and the rights of the watcher.
void EventNotifier::update_list(EventSubscription& subscription, Moment now)
{
    EventList& list = *subscription.list;
    const auto listed = facts_.directory()
                            .listed(subscription.watcher, subscription.member)
                            .value_or(std::vector<const WatchRight*>{});
    const auto follow = [&](EventMember& member) {
        auto& seen = resource(subscription, member.member, now);
        seen.subscriptions.push_back(&subscription);
        member.current = seen.parts.front();
        member.dark = seen.dark;
        list.make_due(member);
    };
    const auto came = [&](EventMember& added, const WatchRight&) {
        added.unknown = list.resumed;
        follow(added);
    };
    const auto stays = [&](EventMember& member, const WatchRight&) {
        if (!std::exchange(member.leaving, std::nullopt)) return;
        // Unless the phone may know of it, nobody has said that it leaves.
        member.owes_present = member.unknown;
        if (member.unknown) member.told = nullptr;
        follow(member);
    };
    list.regroup(listed, came, stays, [&](EventMember& left) { leave_list(subscription, left); });
    list.left.clear();
}

/// The watcher may no longer see it here: it is told once more, as dark, if it was told.
void EventNotifier::leave_list(EventSubscription& subscription, EventMember& left)
{
    leave_resource(subscription, left.member);
    if (!left.told && !left.unknown) return subscription.list->erase(left);
    left.leaving = why_left_list(facts_.directory(), left.member);
    if (std::exchange(left.owes_present, true)) left.unknown = true;  // should it be back
    subscription.list->make_due(left);
}

/// A fact about one member. The list is told at the end of the step, when all facts are there.
void EventNotifier::note_change(EventSubscription& subscription, std::string_view extension,
                                const EventPartRef& current)
{
    EventList& list = *subscription.list;
    EventMember* const changed = list.find(extension);
    if (!changed || changed->leaving) return;
    changed->current = current;
    list.make_due(*changed);
    if (!std::exchange(list.queued, true)) changed_lists_.push_back(subscription.id);
}

void EventNotifier::finish_step(Moment now, Outbox& outbox)
{
    for (const auto id : std::exchange(changed_lists_, {})) {
        const auto found = subscriptions_.find(id);
        if (found == subscriptions_.end()) continue;
        found->second->list->queued = false;
        deliver(*found->second, now, outbox);
    }
    for (const auto id : std::exchange(told_lists_, {})) {
        const auto found = subscriptions_.find(id);
        if (found == subscriptions_.end()) continue;
        const std::string watcher = found->second->watcher;
        found->second->in_flight = 0;  // nobody waits for the answer to the last one
        drop(*found->second, now, outbox);
        reconcile(watcher, now, outbox);
    }
    for (const auto id : std::exchange(told_fetches_, {}))
        if (const auto told = subscriptions_.find(id); told != subscriptions_.end())
            drop(*told->second, now, outbox);
}

/// As with lists of lamps, by the same steps.
void EventNotifier::deliver_list(EventSubscription& subscription, Moment now, Outbox& outbox)
{
    EventList& list = *subscription.list;
    const bool owes_all = std::exchange(subscription.owes_present, false);
    const bool regrouped = std::exchange(list.regrouped, false);
    if (owes_all || (regrouped && can_name_all(subscription))) list.begin_anew();
    list.forget_settled();
    if (!list.anew && list.due.empty() && !list.ending) return;
    if (!has_turn(subscription, now)) return;
    if (list.ending)
        if (auto last = compose(subscription, list.ending); last.page.whole) {
            send_list(subscription, std::move(last), list.ending, now, outbox);
            subscription.over = true;
            return told_lists_.push_back(subscription.id);
        }
    auto next = compose(subscription, std::nullopt);
    if (subscription.counters.reserve() && !subscription.fetch)
        outbox.store(SubscriptionStored{stored(subscription)});
    send_list(subscription, std::move(next), std::nullopt, now, outbox);
}

/// What the next NOTIFY tells, with `end` the last one; it goes another way where only a connection
/// takes it whole.
EventNotifier::ComposedList EventNotifier::compose(const EventSubscription& subscription,
                                                   std::optional<SubscriptionEnd> end) const
{
    const auto& counters = subscription.counters;
    const std::uint32_t version = counters.cseq() == 0 ? 0 : counters.version() + 1;
    const auto within = [&](std::size_t room) {
        return PageWriter{*subscription.list,
                          subscription,
                          facts_.directory(),
                          end,
                          room,
                          row_of(subscription.package).content_type}
            .write(version);
    };
    auto page = within(list_room(subscription));
    if (page.whole) return {std::move(page), subscription.dialog};
    auto connected = by_connection(subscription, facts_.locations());
    if (!connected) return {std::move(page), subscription.dialog};
    return {within(largest_list_body), std::move(connected)};
}

std::size_t EventNotifier::list_room(const EventSubscription& subscription) const
{
    return std::min(largest_list_body, room_on_path(*subscription.dialog, settings_.safe_size));
}

bool EventNotifier::can_name_all(const EventSubscription& subscription) const
{
    return PageWriter{*subscription.list,      subscription,
                      facts_.directory(),      std::nullopt,
                      list_room(subscription), row_of(subscription.package).content_type}
        .can_name_all();
}

/// The next NOTIFY; with `end`, the last one.
void EventNotifier::send_list(EventSubscription& subscription, ComposedList composed,
                              std::optional<SubscriptionEnd> end, Moment now, Outbox& outbox)
{
    EventList& list = *subscription.list;
    auto& [page, dialog] = composed;
    auto& counters = counters_of(subscription);
    if (dialog != subscription.dialog) ++counters.by_connection;
    if (page.oversized) ++counters.oversized;
    list.under_way.clear();
    for (const auto& body : page.bodies) {
        EventMember& member = *body.member;
        member.told = hides(end) || member.leaving ? member.dark : member.current;
        member.lit = member.lit || !says_the_same(*member.told, *member.dark);
        member.unknown = member.unknown || member.leaving;
        member.owes_present = false;
        list.under_way.push_back(&member);
    }
    list.anew = false;
    SendNotify notify{.subscription = subscription.id,
                      .dialog = std::move(dialog),
                      .subscription_state = {},
                      .content_type = std::move(page.content_type),
                      .body_head = std::move(page.body),
                      .body_tail = {}};
    send(subscription, std::move(notify),
         end                  ? terminated_state(*end)
         : subscription.fetch ? "active;expires=0"
                              : active_state(subscription, now),
         now, outbox);
}

/// The phone has the last NOTIFY.
void EventNotifier::list_acknowledged(EventSubscription& subscription)
{
    EventList& list = *subscription.list;
    list.begun = true;
    const auto told = list.under_way;
    for (EventMember* member : told) {
        if (member->leaving) {
            member->unknown = true;
            if (!member->owes_present) list.erase(*member);
            continue;
        }
        member->unknown = false;
        member->lit = member->told && !says_the_same(*member->told, *member->dark);
        if (member->is_owed()) list.make_due(*member);
    }
    list.left.clear();
}

/// The last NOTIFY, with what fits: who is not named in it is in no list any more.
void EventNotifier::end_list(EventSubscription& subscription, SubscriptionEnd reason, Moment now,
                             Outbox& outbox)
{
    auto& ending = subscription.list->ending;
    if (!ending && darkens_first(subscription, reason, now, outbox)) return;
    if (ending && *ending != SubscriptionEnd::timeout) reason = *ending;
    ending.reset();
    auto last = compose(subscription, reason);
    send_list(subscription, std::move(last), reason, now, outbox);
    subscription.in_flight = 0;
    drop(subscription, now, outbox);
}

/// When the last NOTIFY cannot darken all that may be lit, the members leave one after the other
/// before it, and after what is under way. False: it can, or the phone does not answer.
bool EventNotifier::darkens_first(EventSubscription& subscription, SubscriptionEnd reason,
                                  Moment now, Outbox& outbox)
{
    EventList& list = *subscription.list;
    const bool withdrawn =
        reason == SubscriptionEnd::rejected || reason == SubscriptionEnd::noresource;
    if (!withdrawn || subscription.waiting) return false;
    if (compose(subscription, reason).page.whole) return false;
    std::vector<EventMember*> all;
    for (const auto& member : list.members)
        if (!member->leaving) all.push_back(member.get());
    for (auto* member : all) {
        if (perhaps_lit(*member)) {
            leave_list(subscription, *member);
        } else {
            leave_resource(subscription, member->member);
            list.erase(*member);
        }
    }
    list.left.clear();
    list.ending = reason;
    list.anew = false;
    subscription.owes_present = false;
    deliver(subscription, now, outbox);
    return true;
}

}  // namespace lampline
