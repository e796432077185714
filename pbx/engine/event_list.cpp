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
    if (subscription.list && !subscription.list->entries.empty())
        return facts_.directory().find(subscription.watcher) != nullptr;
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
/// more than they may. A list counts by its members; `contained`: those that the SUBSCRIBE names.
bool EventNotifier::is_one_too_many(const EventSubscription& added, std::size_t contained) const
{
    std::size_t of_phone = std::max<std::size_t>(1, contained);
    if (added.list && contained == 0)
        if (const auto listed = facts_.directory().listed(added.watcher, added.member))
            of_phone = std::max(of_phone, listed->size());
    std::size_t all = of_phone;
    if (const auto found = watchers_.find(added.watcher); found != watchers_.end()) {
        const Watcher& watcher = found->second;
        all += watcher.requested.all();
        of_phone += watcher.requested.of(added.phone_key);
        for (const auto* one : watcher.subscriptions) {
            if (one == &added) {  // it has another list from now on
                --all;
                --of_phone;
                continue;
            }
            if (!one->list || one->ending || one->list->counted() == 0) continue;
            const std::size_t more = one->list->counted() - 1;  // it counts as one already
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
    if (subscription.list) {
        kept.list = name(ListForm::rlmi);
        kept.entries = subscription.list->entries;
    }
    return kept;
}

/// The phone contains another list in its SUBSCRIBE.
void EventNotifier::replace_list(EventSubscription& subscription,
                                 std::vector<ContainedEntry> entries, Moment now)
{
    EventList& list = *subscription.list;
    if (list.entries == entries) return;
    list.entries = std::move(entries);
    list.begun = false;  // it knows others than these
    update_list(subscription, now);
}

/// Brings the members in line with the group, or what the phone has listed, and the rights of the
/// watcher.
void EventNotifier::update_list(EventSubscription& subscription, Moment now)
{
    EventList& list = *subscription.list;
    const auto follow = [&](EventMember& member) {
        auto& seen = resource(subscription, member.member, now);
        seen.subscriptions.push_back(&subscription);
        member.current = seen.parts.front();
        member.dark = seen.dark;
        list.make_due(member);
    };
    const auto came = [&](EventMember& added, const auto&) {
        added.unknown = list.resumed;
        follow(added);
    };
    const auto stays = [&](EventMember& member, const auto&) {
        if (!std::exchange(member.leaving, std::nullopt)) return;
        // Unless the phone may know of it, nobody has said that it leaves.
        member.owes_present = member.unknown;
        if (member.unknown) member.told = nullptr;
        follow(member);
    };
    const auto leaves = [&](EventMember& left) { leave_list(subscription, left); };
    if (list.entries.empty()) {
        const auto listed = facts_.directory()
                                .listed(subscription.watcher, subscription.member)
                                .value_or(std::vector<const WatchRight*>{});
        list.regroup(listed, came, stays, leaves);
    } else {
        std::vector<const ContainedEntry*> seen;
        for (const auto& entry : list.entries)
            if (row_of(subscription.package).may_watch(facts_, subscription.watcher, entry.member))
                seen.push_back(&entry);
        list.regroup(seen, came, stays, leaves);
        list.name_as_asked();
    }
    list.left.clear();
}

/// The watcher may no longer see it here: it is told once more, as dark, if it was told, and not if
/// it is being told that, or the phone itself has left it out.
void EventNotifier::leave_list(EventSubscription& subscription, EventMember& left)
{
    leave_resource(subscription, left.member);
    EventList& list = *subscription.list;
    if ((!left.told && !left.unknown) || !list.lists(left.member)) return list.erase(left);
    left.leaving = why_left_list(facts_.directory(), left.member);
    const bool being_told = subscription.in_flight != 0 && list.is_being_told_gone(left);
    if (std::exchange(left.owes_present, !being_told)) left.unknown = true;  // should it be back
    list.make_news(left);
}

/// A fact about one member.
void EventNotifier::note_change(EventSubscription& subscription, std::string_view extension,
                                const EventPartRef& current)
{
    EventList& list = *subscription.list;
    EventMember* const changed = list.find(extension);
    if (!changed || changed->leaving) return;
    changed->current = current;
    list.make_news(*changed);
    note_news(subscription);
}

/// Its last NOTIFY has left.
void EventNotifier::forget_list(EventSubscription& subscription, Moment now, Outbox& outbox)
{
    const std::string watcher = subscription.watcher;
    const auto reason = subscription.list->ending.value();
    if (owes_end(subscription, reason, now)) {
        await_end(subscription, reason, now, outbox);
    } else {
        subscription.in_flight = 0;  // nobody waits for the answer
        drop(subscription, now, outbox);
    }
    reconcile(watcher, now, outbox);
}

EventNotifier::Page EventNotifier::write_page(const EventSubscription& subscription,
                                              std::optional<SubscriptionEnd> end, std::size_t room,
                                              std::uint32_t version) const
{
    return PageWriter{*subscription.list,
                      subscription,
                      facts_.directory(),
                      end,
                      room,
                      row_of(subscription.package).content_type}
        .write(version);
}

std::size_t EventNotifier::room_of(const EventSubscription& subscription) const
{
    return std::min(largest_list_body, room_on_path(*subscription.dialog, settings_.safe_size));
}

bool EventNotifier::can_name_all(const EventSubscription& subscription) const
{
    return PageWriter{*subscription.list,    subscription,
                      facts_.directory(),    std::nullopt,
                      room_of(subscription), row_of(subscription.package).content_type}
        .can_name_all();
}

/// The next NOTIFY; with `end`, the last one.
void EventNotifier::send_list(EventSubscription& subscription, ComposedList<Page> composed,
                              std::optional<SubscriptionEnd> end, Moment now, Outbox& outbox)
{
    EventList& list = *subscription.list;
    auto& [page, dialog] = composed;
    auto& counters = counters_of(subscription);
    if (dialog != subscription.dialog) ++counters.by_connection;
    if (page.oversized) ++counters.oversized;
    if (reads_as_linphone(subscription)) {
        auto spoken = std::make_shared<NotifyDialog>(*dialog);
        spoken->event.front() = 'P';  // `presence`: there is no other package with lists
        dialog = std::move(spoken);
    }
    list.under_way.clear();
    for (const auto& body : page.bodies) {
        EventMember& member = *body.member;
        member.told = hides(end) || member.leaving ? member.dark : member.current;
        member.lit = member.lit || !says_the_same(*member.told, *member.dark);
        member.unknown = member.unknown || member.leaving;
        member.told_gone = member.leaving.has_value();
        member.owes_present = false;
        list.under_way.push_back(&member);
    }
    list.anew = false;
    list.named = page.named;
    subscription.over = end.has_value();
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
void EventNotifier::end_list(EventSubscription& subscription, SubscriptionEnd reason,
                             LastWord last_word, Moment now, Outbox& outbox)
{
    auto& ending = subscription.list->ending;
    if (!ending && darkens_first(subscription, reason, now, outbox)) return;
    if (ending && *ending != SubscriptionEnd::timeout) reason = *ending;
    ending.reset();
    send_list(subscription, compose(subscription, reason), reason, now, outbox);
    if (last_word == LastWord::owed && owes_end(subscription, reason, now))
        return await_end(subscription, reason, now, outbox);
    subscription.in_flight = 0;
    drop(subscription, now, outbox);
}

}  // namespace lampline
