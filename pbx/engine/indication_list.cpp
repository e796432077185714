// Group indications: a whole group in one subscription (RFC 4662).
#include <algorithm>
#include <utility>

#include "core/dialog_filter.hpp"
#include "engine/group_indications.hpp"
#include "engine/list_notify.hpp"
#include "engine/notify_path.hpp"

namespace lampline {
namespace {

constexpr std::size_t most_over_tcp = 32 * 1024;  // bytes of a body

bool accepts_lists(const std::vector<std::string>& accept)
{
    const auto takes = [&](std::string_view type) {
        const auto range = std::string{type.substr(0, type.find('/'))} + "/*";
        return std::ranges::any_of(accept, [&](std::string_view one) {
            return one == type || one == range || one == "*/*";
        });
    };
    return accept.empty() || (takes("multipart/related") && takes("application/rlmi+xml"));
}

/// The watcher may still see the group; who may not see a member is told that it is dark.
SubscriptionEnd why_left(const Directory& directory, std::string_view member)
{
    return directory.find(member) ? SubscriptionEnd::rejected : SubscriptionEnd::noresource;
}

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
        if (!accepts_lists(request.accept))
            return refuse(406, {{"Accept", "application/dialog-info+xml, application/rlmi+xml, "
                                           "multipart/related"}});
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

/// Its NOTIFYs say that they are to be read as a list.
void GroupIndications::require_lists(Subscription& subscription)
{
    auto dialog = std::make_shared<NotifyDialog>(*subscription.dialog);
    dialog->require = OptionTag::eventlist;
    subscription.dialog = std::move(dialog);
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
/// right to see the group. When they are others than before, the list is owed anew.
void GroupIndications::update_list(Subscription& subscription)
{
    ResourceList& list = *subscription.list;
    const auto listed = directory_->listed(subscription.watcher, subscription.member)
                            .value_or(std::vector<const WatchRight*>{});
    const bool begun = subscriptions_.contains(subscription.id);
    subscription.profile = profile_of_list(subscription, listed);
    measure(subscription);

    auto before = std::exchange(list.members, {});
    std::vector<std::string_view> names_before;
    for (const auto& member : before)
        if (!member->leaving) names_before.emplace_back(member->member);
    const auto same = [](const std::string_view name, const WatchRight* right) {
        return name == right->member;
    };
    if (!std::ranges::equal(names_before, listed, same)) subscription.owes_present = true;

    for (const WatchRight* right : listed) {
        const auto known = std::ranges::find_if(
            before, [&](const auto& member) { return member && member->member == right->member; });
        if (known == before.end()) {
            ListedMember& added = list.add(right->member);
            added.told.unknown = list.resumed;
            open_member(subscription, added, *right);
            if (begun) watch(subscription, added.member);
            continue;
        }
        ListedMember& member = **known;
        list.members.push_back(std::move(*known));
        if (std::exchange(member.leaving, std::nullopt)) {
            member.projection.reset();
            member.told = {.unknown = true};
            watch(subscription, member.member);
        }
        open_member(subscription, member, *right);
    }
    for (auto& member : before) {
        if (!member) continue;
        ListedMember& left = *member;
        list.members.push_back(std::move(member));
        if (!left.leaving) leave_list(subscription, left);
    }
}

/// Lets a member be seen in the dialect and with the parties that hold now. What was told in
/// another one is uncertain.
void GroupIndications::open_member(const Subscription& subscription, ListedMember& member_of_list,
                                   const WatchRight& right)
{
    const auto profile =
        directory_->profile_for(right, subscription.user_agent, subscription.devices);
    const auto parties = parties_of(right);
    const auto before = member_of_list.projection;
    if (before && parties == before->parties() && *profile == *before->profile()) return;
    member_of_list.projection =
        member(right.member)
            .state.projection(profile, dialog_filter(subscription.dialog->event), parties);
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
    const bool told = left.told.sent || left.told.unknown;
    if (!told || subscription.list->form == ListForm::merged) return subscription.list->erase(left);
    left.leaving = why_left(*directory_, left.member);
    left.told = {};
    left.owes_present = true;
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
}

void GroupIndications::deliver_list(Subscription& subscription, Moment now, Outbox& outbox)
{
    ResourceList& list = *subscription.list;
    if (std::exchange(subscription.owes_present, false)) list.begin_anew();
    list.forget_settled();
    if (!list.anew && list.due.empty()) return;
    if (subscription.profile->gap.count() > 0 && !has_turn(subscription, now)) return;
    if (subscription.counters.reserve()) outbox.store(SubscriptionStored{to_stored(subscription)});
    send_list(subscription, std::nullopt, now, outbox);
}

/// The next NOTIFY; with `end`, the last one.
void GroupIndications::send_list(Subscription& subscription, std::optional<SubscriptionEnd> end,
                                 Moment now, Outbox& outbox)
{
    ResourceList& list = *subscription.list;
    const auto numbers = subscription.counters.take();
    auto dialog = subscription.dialog;
    auto notify =
        compose_list_notify(subscription, *directory_, end, subscription.room, numbers.version);
    if (!notify.whole)
        if (auto connected = by_connection(subscription, *locations_)) {
            dialog = std::move(connected);
            const std::size_t own = subscription.profile->max_body;
            notify = compose_list_notify(subscription, *directory_, end,
                                         own == 0 ? most_over_tcp : own, numbers.version);
            ++counters_.notifies_by_connection;
        }
    if (notify.oversized) ++counters_.notifies_oversized;

    std::optional<std::chrono::steady_clock::time_point> event_at;
    list.under_way.clear();
    for (auto& [member, step, text] : notify.told) {
        if (const auto at = std::exchange(member->event_at, std::nullopt)) {
            if (!member->unanswered_since) member->unanswered_since = at;
            event_at = event_at ? std::min(*event_at, *at) : *at;
        }
        member->told.note_sent(member->projection->target(step));
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
                           .subscription_state =
                               end ? terminated_state(*end) : active_state(subscription, now),
                           .content_type = std::move(notify.content_type),
                           .body_head = std::move(notify.head),
                           .version = numbers.version,
                           .body_tail = std::move(notify.tail),
                           .event_at = event_at});
    ++counters_.notifies_sent;
    show(subscription, LampStep::notified, now, outbox);
}

/// The phone has the last NOTIFY.
void GroupIndications::list_acknowledged(Subscription& subscription, Moment now)
{
    ResourceList& list = *subscription.list;
    const auto told = list.under_way;
    for (ListedMember* member : told) {
        acknowledged(*member, now);
        if (member->leaving && !member->owes_present)
            list.erase(*member);
        else if (member->next_step() != Step::none)
            list.make_due(*member);
    }
}

}  // namespace lampline
