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

/// The same for a list that the request contains.
bool GroupIndications::admit_contained(Subscription& subscription, const SubscribeReceived& request,
                                       Outbox& outbox)
{
    auto entries = contained_list(request, *directory_, dialog_info_type, outbox);
    if (!entries) return false;
    subscription.list = std::make_unique<ResourceList>();
    subscription.list->entries = *std::move(entries);
    subscription.profile = profile_of_list(subscription, rights_to(listed_for(subscription)));
    require_lists(subscription);
    return true;
}

/// Whether the watcher may see the list as such.
bool GroupIndications::may_see_list(const Subscription& subscription) const
{
    if (!subscription.list->entries.empty())
        return directory_->find(subscription.watcher) != nullptr;
    return directory_->listed(subscription.watcher, subscription.member).has_value();
}

/// How many lamps it has.
std::size_t GroupIndications::size_of_list(const Subscription& subscription) const
{
    if (!subscription.list->entries.empty()) return subscription.list->entries.size();
    const auto listed = directory_->listed(subscription.watcher, subscription.member);
    return listed ? listed->size() : 0;
}

/// Whom it shows now.
std::vector<GroupIndications::Listed>
GroupIndications::listed_for(const Subscription& subscription) const
{
    std::vector<Listed> listed;
    for (const auto& entry : subscription.list->entries)
        if (const auto* right = directory_->right(subscription.watcher, entry.member))
            listed.push_back({entry.member, right});
    if (!subscription.list->entries.empty()) return listed;
    const auto of_group = directory_->listed(subscription.watcher, subscription.member);
    if (of_group)
        for (const auto* right : *of_group) listed.push_back({right->member, right});
    return listed;
}

std::vector<const WatchRight*> GroupIndications::rights_to(const std::vector<Listed>& listed)
{
    std::vector<const WatchRight*> rights;
    for (const auto& one : listed) rights.push_back(one.right);
    return rights;
}

/// The phone contains another list in its SUBSCRIBE, which is brought in line by the caller.
void GroupIndications::replace_list(Subscription& subscription, std::vector<ContainedEntry> entries)
{
    ResourceList& list = *subscription.list;
    if (list.entries == entries) return;
    list.entries = std::move(entries);
    list.begun = false;  // it knows others than these
}

/// In which dialect the list as a whole is told: in that of its first member.
ProfileRef GroupIndications::profile_of_list(const Subscription& subscription,
                                             const std::vector<const WatchRight*>& listed) const
{
    static const WatchRight by_user_agent{};
    return directory_->profile_for(listed.empty() ? by_user_agent : *listed.front(),
                                   subscription.user_agent, subscription.devices);
}

/// Brings the members in line with the group, or what the phone has listed, and the rights of the
/// watcher, which must have the right to see the list. When they are others than before, the list
/// is owed anew where it can be told in full; else who comes and who leaves is.
void GroupIndications::update_list(Subscription& subscription)
{
    ResourceList& list = *subscription.list;
    const auto shown = listed_for(subscription);
    subscription.profile = profile_of_list(subscription, rights_to(shown));
    measure(subscription);

    const auto came = [&](ListedMember& added, const Listed& one) {
        // What leaves a merged list leaves no trace in it, and may be back before the phone has
        // seen that.
        const bool told = list.form == ListForm::merged && subscription.counters.cseq() > 0;
        added.told.unknown = list.resumed || told;
        added.of_earlier_run = list.resumed;
        open_member(subscription, added, *one.right);
        watch(subscription, added.member);
    };
    const auto stays = [&](ListedMember& member, const Listed& one) {
        if (std::exchange(member.leaving, std::nullopt)) {
            if (member.told.unknown) {
                member.projection.reset();
                member.told = {.unknown = true};
            } else {
                member.owes_present = false;  // nobody has said that it leaves
            }
            watch(subscription, member.member);
        }
        open_member(subscription, member, *one.right);
    };
    std::vector<const Listed*> listed;
    for (const auto& one : shown) listed.push_back(&one);
    list.regroup(listed, came, stays, [&](ListedMember& left) { leave_list(subscription, left); });
    list.name_as_asked();
}

/// Lets a member be seen in the dialect and by the rights that hold now. What was told in
/// another one is uncertain.
void GroupIndications::open_member(const Subscription& subscription, ListedMember& member_of_list,
                                   const WatchRight& right)
{
    const auto profile =
        directory_->profile_for(right, subscription.user_agent, subscription.devices);
    auto projection =
        member(subscription.watcher, member_of_list.member)
            .state.projection(profile, dialog_filter(subscription.dialog->event), view_of(right));
    if (projection == member_of_list.projection) return;
    const auto before = std::exchange(member_of_list.projection, std::move(projection));
    const auto& sent = subscription.list->under_way;
    const bool settled =
        subscription.in_flight == 0 || std::ranges::count(sent, &member_of_list) == 0;
    if (!before || !member_of_list.show_anew(*before, settled)) member_of_list.owes_present = true;
    subscription.list->make_due(member_of_list);
}

/// The watcher may no longer see it here: it is told once more, as dark, if it may be lit, unless
/// the phone itself has left it out. Where it was back for less than the way of the NOTIFY that says
/// so, that one says all.
void GroupIndications::leave_list(Subscription& subscription, ListedMember& left)
{
    unwatch(subscription, left.member);
    const bool told = left.last.cseq != 0 || left.told.unknown;
    ResourceList& list = *subscription.list;
    if (!told || list.form == ListForm::merged || !list.lists(left.member)) return list.erase(left);
    left.leaving = why_left_list(*directory_, left.member);
    const bool being_told = subscription.in_flight != 0 && list.is_being_told_gone(left);
    if (std::exchange(left.owes_present, !being_told)) left.told.unknown = true;  // if it is back
    left.event_at.reset();
    left.unanswered_since.reset();
    list.make_news(left);
}

/// A fact about one member.
void GroupIndications::note_change(Subscription& subscription, std::string_view number, Moment now)
{
    ResourceList& list = *subscription.list;
    ListedMember* const changed = list.find(number);
    if (!changed) return;
    changed->note_event(now.mono);
    list.make_news(*changed);
    note_news(subscription);
}

/// Its last NOTIFY has left.
void GroupIndications::forget_list(Subscription& subscription, Moment now, Outbox& outbox)
{
    const std::string watcher = subscription.watcher;
    const auto members = members_of(subscription);
    if (is_fetch(subscription) || !directory_->find(watcher)) {
        subscription.in_flight = 0;  // nobody waits for the answer
        drop(subscription, now, outbox);
    } else {
        await_end(subscription, *subscription.list->ending, now, outbox);
    }
    reconcile(watcher, members, now, outbox);
}

ListNotify GroupIndications::write_page(const Subscription& subscription,
                                        std::optional<SubscriptionEnd> end, std::size_t room,
                                        std::uint32_t version) const
{
    return compose_list_notify(subscription, *directory_, end, room, version);
}

std::size_t GroupIndications::room_over_connection(const Subscription& subscription)
{
    const std::size_t own = subscription.profile->max_body;
    return own == 0 ? largest_list_body : own;
}

bool GroupIndications::can_name_all(const Subscription& subscription) const
{
    return can_be_told_in_full(subscription, *directory_);
}

/// A merged one is told at once, whatever was left out.
bool GroupIndications::is_last_word(const Subscription& subscription, const ListNotify& page)
{
    return page.whole || subscription.list->form == ListForm::merged;
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
    const auto settle = [&](const ListedStep& one) {
        ListedMember& member = *one.member;
        member.told.note_sent(
            member.projection->target(Step::present),
            member.projection->left_out(Step::present, {DocumentKind::full, one.detail}));
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
        for (const auto& one : next.told) settle(one);
        return !next.told.empty();
    }
    for (const auto& one : next.told) {
        if (owes_more(one) || is_news(one, one.member->last)) continue;
        settle(one);
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
void GroupIndications::send_list(Subscription& subscription, ComposedList<ListNotify> composed,
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
        member->told.note_sent(member->projection->target(step),
                               member->projection->left_out(step, {DocumentKind::full, detail}));
        if (member->leaving) member->told.unknown = true;
        member->told_gone = member->leaving.has_value();
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
    list.named = notify.named;
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
