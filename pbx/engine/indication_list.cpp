// Group indications: a whole group in one subscription (RFC 4662).
#include <algorithm>
#include <utility>

#include "core/dialog_filter.hpp"
#include "engine/group_indications.hpp"
#include "engine/list_notify.hpp"
#include "engine/list_page.hpp"
#include "engine/notify_path.hpp"

namespace lampline {
namespace {

constexpr std::chrono::seconds longest_fetch{32};

}  // namespace

/// Whether the request for a group is accepted; if not, it has been answered.
bool GroupIndications::admit_list(Subscription& subscription, const SubscribeReceived& request,
                                  Outbox& outbox)
{
    const auto refuse = [&](unsigned status, std::vector<Header> headers = {}) {
        outbox.send(answer(request, status, std::move(headers)));
        return false;
    };
    const auto listed = directory_->listed(subscription.watcher, subscription.member);
    if (!listed) return refuse(403);
    subscription.list = std::make_unique<ResourceList>();
    subscription.profile = profile_of_list(subscription, *listed);
    if (has(request.supported, OptionTag::eventlist)) {
        if (!accepts_lists(request))
            return refuse(406, {{"Accept", types_of_list(dialog_info_type)}});
        require_lists(subscription);
        return true;
    }
    if (!subscription.profile->merged_lists || subscription.profile->single())
        return refuse(421,
                      {{"Require", "eventlist"},
                       {"Warning", "399 " + directory_->domain() +
                                       " \"this is a group: switch on event lists at the phone, or "
                                       "merged_lists in its body profile\""}});
    subscription.list->form = ListForm::merged;
    return true;
}

/// In which dialect the list as a whole is told: in that of its first member.
ProfileRef GroupIndications::profile_of_list(const Subscription& subscription,
                                             const std::vector<const WatchRight*>& listed) const
{
    static const WatchRight by_user_agent{};
    return directory_->profile_for(listed.empty() ? by_user_agent : *listed.front(),
                                   subscription.user_agent, subscription.devices);
}

/// Brings the members in line with the group and the rights of the watcher, which must have the
/// right to see the group. When they are others than before, the list is owed anew where it can be
/// told in full; else who comes and who leaves is.
void GroupIndications::update_list(Subscription& subscription)
{
    ResourceList& list = *subscription.list;
    const auto listed = directory_->listed(subscription.watcher, subscription.member)
                            .value_or(std::vector<const WatchRight*>{});
    subscription.profile = profile_of_list(subscription, listed);
    measure(subscription);

    const auto came = [&](ListedMember& added, const WatchRight& right) {
        // What leaves a merged list leaves no trace in it, and may be back before the phone has
        // seen that.
        const bool told = list.form == ListForm::merged && subscription.counters.cseq() > 0;
        added.told.unknown = list.resumed || told;
        open_member(subscription, added, right);
        watch(subscription, added.member);
    };
    const auto stays = [&](ListedMember& member, const WatchRight& right) {
        if (std::exchange(member.leaving, std::nullopt)) {
            if (member.told.unknown) {
                member.projection.reset();
                member.told = {.unknown = true};
            } else {
                member.owes_present = false;  // nobody has said that it leaves
            }
            watch(subscription, member.member);
        }
        open_member(subscription, member, right);
    };
    list.regroup(listed, came, stays, [&](ListedMember& left) { leave_list(subscription, left); });
}

/// Lets a member be seen in the dialect and by the rights that hold now. What was told in
/// another one is uncertain.
void GroupIndications::open_member(const Subscription& subscription, ListedMember& member_of_list,
                                   const WatchRight& right)
{
    const auto profile =
        directory_->profile_for(right, subscription.user_agent, subscription.devices);
    auto projection =
        member(right.member)
            .state.projection(profile, dialog_filter(subscription.dialog->event), view_of(right));
    if (projection == member_of_list.projection) return;
    const auto before = std::exchange(member_of_list.projection, std::move(projection));
    const auto& sent = subscription.list->under_way;
    const bool settled =
        subscription.in_flight == 0 || std::ranges::count(sent, &member_of_list) == 0;
    if (before && member_of_list.show_anew(*before, settled)) return;
    member_of_list.owes_present = true;
    subscription.list->make_due(member_of_list);
}

/// The watcher may no longer see it here: it is told once more, as dark, if it may be lit.
void GroupIndications::leave_list(Subscription& subscription, ListedMember& left)
{
    unwatch(subscription, left.member);
    const bool told = left.last.cseq != 0 || left.told.unknown;
    if (!told || subscription.list->form == ListForm::merged) return subscription.list->erase(left);
    left.leaving = why_left_list(*directory_, left.member);
    if (std::exchange(left.owes_present, true)) left.told.unknown = true;  // should it be back
    left.event_at.reset();
    left.unanswered_since.reset();
    subscription.list->make_due(left);
}

/// A fact about one member. The list is told at the end of the step, when all facts are there.
void GroupIndications::note_change(Subscription& subscription, std::string_view number, Moment now)
{
    ResourceList& list = *subscription.list;
    ListedMember* const changed = list.find(number);
    if (!changed) return;
    changed->note_event(now.mono);
    list.make_due(*changed);
    if (!std::exchange(list.queued, true)) changed_lists_.push_back(subscription.id);
}

void GroupIndications::finish_step(Moment now, Outbox& outbox)
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
        const auto members = members_of(*found->second);
        found->second->in_flight = 0;  // nobody waits for the answer to the last one
        drop(*found->second, now, outbox);
        reconcile(watcher, members, now, outbox);
    }
}

void GroupIndications::deliver_list(Subscription& subscription, Moment now, Outbox& outbox)
{
    ResourceList& list = *subscription.list;
    const bool owes_all = std::exchange(subscription.owes_present, false);
    const bool regrouped = std::exchange(list.regrouped, false);
    if (owes_all || (regrouped && can_be_told_in_full(subscription, *directory_)))
        list.begin_anew();
    list.forget_settled();
    if (!list.anew && list.due.empty() && !list.ending) return;
    if (!has_turn(subscription, now)) return;
    if (list.ending)
        if (auto last = compose(subscription, list.ending);
            last.notify.whole || list.form == ListForm::merged) {
            send_list(subscription, std::move(last), list.ending, now, outbox);
            return told_lists_.push_back(subscription.id);
        }
    auto next = compose(subscription, std::nullopt);
    while (settle_told_already(subscription, next.notify, now)) {
        list.forget_settled();
        if (list.due.empty()) return;
        next = compose(subscription, std::nullopt);
    }
    if (subscription.counters.reserve() && !is_fetch(subscription))
        outbox.store(SubscriptionStored{to_stored(subscription)});
    send_list(subscription, std::move(next), std::nullopt, now, outbox);
}

/// What the next NOTIFY tells, with `end` the last one; it goes another way where only a connection
/// takes it whole.
GroupIndications::ComposedList GroupIndications::compose(const Subscription& subscription,
                                                         std::optional<SubscriptionEnd> end) const
{
    const auto& counters = subscription.counters;
    const std::uint32_t version = counters.cseq() == 0 ? 0 : counters.version() + 1;
    auto notify = compose_list_notify(subscription, *directory_, end, subscription.room, version);
    if (notify.whole) return {std::move(notify), subscription.dialog};
    auto connected = by_connection(subscription, *locations_);
    if (!connected) return {std::move(notify), subscription.dialog};
    const std::size_t own = subscription.profile->max_body;
    return {compose_list_notify(subscription, *directory_, end,
                                own == 0 ? largest_list_body : own, version),
            std::move(connected)};
}

/// Who would be told what the phone has confirmed last is owed nothing: what has changed does not
/// fit. False: nobody is.
bool GroupIndications::settle_told_already(Subscription& subscription, const ListNotify& next,
                                           Moment now)
{
    const ResourceList& list = *subscription.list;
    if (list.anew || list.ending) return false;
    const auto owes_more = [](const ListedStep& one) {
        return one.step != Step::present || one.member->owes_present || one.member->leaving;
    };
    const auto settle = [&](ListedMember& member) {
        member.told.note_sent(member.projection->target(Step::present));
        member.event_at.reset();
        acknowledged(member, now);
    };
    bool any = false;
    const auto is_news = [](const ListedStep& one, const LastNotify& last) {
        return !one.member->says_nothing_new(one.text, {DocumentKind::full, one.detail}, last);
    };
    if (list.form == ListForm::merged) {
        if (std::ranges::any_of(next.told, owes_more)) return false;
        if (!subscription.last.has_confirmed(next.head, next.tail) &&
            std::ranges::any_of(next.told, [&](const ListedStep& one) {
                return is_news(one, subscription.last);
            }))
            return false;
        for (const auto& one : next.told) settle(*one.member);
        return !next.told.empty();
    }
    for (const auto& one : next.told) {
        if (owes_more(one) || is_news(one, one.member->last)) continue;
        settle(*one.member);
        any = true;
    }
    return any;
}

/// The present state once (RFC 6665 §4.4.3): a subscription that ends when all is told.
void GroupIndications::fetch_list(std::unique_ptr<Subscription> subscription, Moment now,
                                  Outbox& outbox)
{
    subscription->list->ending = SubscriptionEnd::timeout;
    subscription->expires_at = now.seconds() + longest_fetch;
    subscription->expires_mono = now.mono + longest_fetch;
    Subscription& added = add(std::move(subscription));
    expiry_.set(added.id, added.expires_mono);
    deliver(added, now, outbox);
}

/// When the last NOTIFY cannot darken all that may be lit, the members leave one after the other
/// before it, and after what is under way. False: it can, or the phone does not answer.
bool GroupIndications::darkens_first(Subscription& subscription, SubscriptionEnd reason, Moment now,
                                     Outbox& outbox)
{
    ResourceList& list = *subscription.list;
    const bool withdrawn =
        reason == SubscriptionEnd::rejected || reason == SubscriptionEnd::noresource;
    if (!withdrawn || list.form == ListForm::merged || subscription.waiting) return false;
    if (compose(subscription, reason).notify.whole) return false;
    std::vector<ListedMember*> all;
    for (const auto& member : list.members)
        if (!member->leaving) all.push_back(member.get());
    for (auto* member : all) {
        if (perhaps_lit(*member)) {
            leave_list(subscription, *member);
        } else {
            unwatch(subscription, member->member);
            list.erase(*member);
        }
    }
    show_left(subscription, now, outbox);
    list.ending = reason;
    list.anew = false;
    subscription.owes_present = false;
    deliver(subscription, now, outbox);
    return true;
}

/// The last NOTIFY of a list that was ending, with what fits.
void GroupIndications::finish_list(Subscription& subscription, Moment now, Outbox& outbox)
{
    auto& ending = subscription.list->ending;
    const auto reason = std::exchange(ending, std::nullopt).value();
    auto last = compose(subscription, reason);
    ending = reason;
    send_list(subscription, std::move(last), reason, now, outbox);
    subscription.in_flight = 0;
    drop(subscription, now, outbox);
}

/// The next NOTIFY; with `end`, the last one.
void GroupIndications::send_list(Subscription& subscription, ComposedList composed,
                                 std::optional<SubscriptionEnd> end, Moment now, Outbox& outbox)
{
    ResourceList& list = *subscription.list;
    auto& [notify, dialog] = composed;
    const auto numbers = subscription.counters.take();
    if (dialog != subscription.dialog) ++counters_.notifies_by_connection;
    if (notify.oversized) ++counters_.notifies_oversized;

    std::optional<std::chrono::steady_clock::time_point> event_at;
    list.under_way.clear();
    for (auto& [member, step, text, detail] : notify.told) {
        if (const auto at = std::exchange(member->event_at, std::nullopt)) {
            if (!member->unanswered_since) member->unanswered_since = at;
            event_at = event_at ? std::min(*event_at, *at) : *at;
        }
        member->told.note_sent(member->projection->target(step));
        if (member->leaving) member->told.unknown = true;
        member->owes_present = false;
        member->last = {.cseq = numbers.cseq,
                        .version = numbers.version,
                        .sent_at = now.wall,
                        .sent_in = dialog,
                        .head = text.head ? text.head : notify.head,
                        .tail = text.tail ? text.tail : notify.tail};
        list.under_way.push_back(member);
    }
    list.anew = false;
    subscription.in_flight = numbers.cseq;
    subscription.last = {.cseq = numbers.cseq,
                         .version = numbers.version,
                         .sent_at = now.wall,
                         .sent_in = dialog,
                         .head = notify.head,
                         .tail = notify.tail};
    outbox.send(SendNotify{.subscription = subscription.id,
                           .dialog = std::move(dialog),
                           .cseq = numbers.cseq,
                           .subscription_state = end ? terminated_state(*end)
                                                 : is_fetch(subscription)
                                                     ? "active;expires=0"
                                                     : active_state(subscription, now),
                           .content_type = std::move(notify.content_type),
                           .body_head = std::move(notify.head),
                           .version = numbers.version,
                           .body_tail = std::move(notify.tail),
                           .event_at = event_at});
    ++counters_.notifies_sent;
    show(subscription, LampStep::notified, now, outbox);
}

/// The phone has the last NOTIFY.
void GroupIndications::list_acknowledged(Subscription& subscription, Moment now, Outbox& outbox)
{
    ResourceList& list = *subscription.list;
    list.begun = true;
    const auto told = list.under_way;
    for (ListedMember* member : told) {
        acknowledged(*member, now);
        if (member->leaving && !member->owes_present)
            list.erase(*member);
        else if (member->leaving)
            member->told.unknown = true;
        else if (member->next_step() != Step::none)
            list.make_due(*member);
    }
    show_left(subscription, now, outbox);
}

}  // namespace lampline
