// Group indications: why a lamp shows what it shows, and what changes, for whoever looks on.
#include <algorithm>
#include <iterator>
#include <utility>

#include "core/device_id.hpp"
#include "engine/group_indications.hpp"

namespace lampline {
namespace {

AccountedCall call_of(const DialogSnapshot& dialog)
{
    return {.call = dialog.call,
            .leg = dialog.leg,
            .direction = dialog.direction,
            .state = dialog.state,
            .held = dialog.held,
            .with = dialog.remote.identity.uri.user,
            .with_name = dialog.remote.identity.display_name,
            .call_id = dialog.dialog.call_id,
            .started_at = {},
            .answered_at = {},
            .unnamed = dialog.discreet};
}

AccountedNotify notify_of(const LastNotify& last)
{
    AccountedNotify notify;
    notify.cseq = last.cseq;
    notify.version = last.version;
    notify.sent_at = *last.sent_at;
    notify.flow = last.sent_in->flow;
    if (last.head) notify.body = *last.head;
    if (last.tail) notify.body += std::to_string(notify.version) + *last.tail;
    notify.answer = last.answer;
    notify.silent = last.answer && last.answer_generated;
    notify.answered_at = last.answered_at;
    return notify;
}

/// What `subscription` remembers of `member`, which it tells of.
const ToldLamp& told_in(const Subscription& subscription, std::string_view member)
{
    if (subscription.list)
        if (const auto* listed = subscription.list->find(member)) return *listed;
    return subscription;
}

LampColour colour_of_member(const MemberState& member)
{
    if (!member.leading()) return LampColour::dark;
    return member.rings() ? LampColour::flashing : LampColour::steady;
}

/// A feature key that is on is shown as a call.
LampLook look_of(const MemberState& member, std::optional<WallTime> since)
{
    if (!member.leading() && member.standing().on)
        return {LampColour::steady, LegState::confirmed, {}};
    return {colour_of_member(member), member.leading(), since};
}

ProfileOrigin origin_of_profile(const Directory& directory, const Subscription& subscription,
                                std::string_view member, const ToldLamp& lamp)
{
    if (directory.device_profile(subscription.devices)) return ProfileOrigin::device;
    const WatchRight* right = directory.right(subscription.watcher, member);
    if (right && right->profile) return ProfileOrigin::group;
    return lamp.projection->profile().get() == &standard_profile ? ProfileOrigin::by_default
                                                                 : ProfileOrigin::user_agent;
}

}  // namespace

void GroupIndications::recall_since(
    const std::function<std::optional<WallTime>(const DialogSnapshot&)>& talks_since)
{
    for (auto& [number, watched] : members_) {
        watched.since.reset();
        bool known = watched.state.leading() == LegState::confirmed;
        for (const auto& dialog : watched.state.live()) {
            const auto since = known ? talks_since(dialog) : std::nullopt;
            known = since.has_value();
            if (known && (!watched.since || *watched.since < *since)) watched.since = since;
        }
        if (!known) watched.since.reset();
    }
}

AccountedLamp GroupIndications::account_of(const Subscription& subscription,
                                           std::string_view watched, Moment now) const
{
    const ToldLamp& of = told_in(subscription, watched);
    AccountedLamp lamp;
    lamp.unsolicited = subscription.kind == SubscriptionKind::implicit;
    if (subscription.list) lamp.list = subscription.member;
    lamp.profile = of.projection->profile()->name;
    lamp.profile_origin = origin_of_profile(*directory_, subscription, watched, of);
    lamp.max_body = subscription.profile->max_body;
    lamp.shown.colour = shown_colour(of.told);
    if (lamp.shown.colour != LampColour::unknown)
        lamp.shown = {lamp.shown.colour, lamp_state(of.told.acknowledged), of.shown_since};
    const auto& present = of.projection->current();
    lamp.present = {colour_of(present), lamp_state(present), {}};
    if (const auto* member = find_member(subscription.watcher, watched);
        member && member->state.leading() == lamp.present.state)
        lamp.present.since = member->since;
    if (of.last.sent_at) lamp.notify = notify_of(of.last);
    lamp.left_out = of.told.left_out;
    if (lamp.notify && subscription.list && subscription.last.cseq == of.last.cseq)
        lamp.notify->list_bytes = subscription.last.body_size();
    lamp.under_way = subscription.in_flight != 0 && subscription.in_flight == of.last.cseq;
    lamp.failures = subscription.failures;
    lamp.waiting = subscription.waiting;
    lamp.retry_at = retry_at(subscription, now);
    lamp.expires_at = subscription.kind == SubscriptionKind::implicit
                          ? subscription.phone->expires_at
                          : subscription.expires_at;
    return lamp;
}

LampAccount GroupIndications::explain(std::string_view watcher, std::string_view watched,
                                      const LocationTable& locations, Moment now) const
{
    LampAccount account;
    account.directory = directory_;
    account.watcher = watcher;
    account.member = watched;
    account.taken_at = now.wall;
    account.member_look.colour = LampColour::dark;
    account.standing = standing_of(watcher, watched);
    if (const auto* member = find_member(watcher, watched)) {
        account.member_look = look_of(member->state, member->since);
        for (const auto& dialog : member->state.live()) account.calls.push_back(call_of(dialog));
    }
    account_phones(account, locations.bindings(watcher), now);
    return account;
}

AccountedPhone GroupIndications::with_lamp(AccountedPhone phone, const Subscription& subscription,
                                           const LampAccount& account, Moment now) const
{
    if (subscription.forwarded)
        phone.why_none = subscription.lapsed ? NoLamp::not_registered : NoLamp::told_by_phone;
    else
        phone.lamp = account_of(subscription, account.member, now);
    return phone;
}

/// The registered phones first, then those that have a lamp, or had one, without being registered.
/// One that is registered by several ways is shown by the one that its lamp belongs to: by another
/// it has not asked, and need not.
void GroupIndications::account_phones(LampAccount& account, std::span<const Binding> bindings,
                                      Moment now) const
{
    const WatchRight* right = directory_->right(account.watcher, account.member);
    const auto known = watchers_.find(account.watcher);
    std::vector<const Subscription*> lamps;
    if (known != watchers_.end())
        if (const auto mine = known->second.by_member.find(account.member);
            mine != known->second.by_member.end())
            std::ranges::copy_if(mine->second, std::back_inserter(lamps),
                                 [](const Subscription* one) { return !is_fetch(*one); });
    const auto all = lamps;
    const auto belongs_to = [&](const Subscription& one, const Binding& binding) {
        return one.phone ? equivalent(one.phone->contact, binding.contact)
                         : registration_of(one, bindings) == &binding;
    };

    for (const auto& binding : bindings) {
        const WatcherPhone phone{
            binding.contact,
            target_of(binding),
            binding.generation,
            binding.expires_at,
            binding.user_agent,
            device_ids(binding.instance, binding.user_agent, binding.contact)};
        AccountedPhone shown;
        shown.contact = write(binding.contact);
        shown.user_agent = binding.user_agent;
        shown.registered = true;
        shown.why_none = right ? NoLamp::not_subscribed : NoLamp::not_allowed;
        if (const auto* had = ended_.last(account.watcher, account.member, &phone))
            shown.ended = had->end;
        if (known != watchers_.end())
            for (const auto& each : known->second.phones)
                if (each->refuses() && each->generation == binding.generation &&
                    equivalent(each->contact, binding.contact)) {
                    shown.refusal.emplace(each->refusal, each->refused_at);
                    if (right && right->unsolicited) shown.why_none = NoLamp::refuses;
                }
        const auto own = std::ranges::stable_partition(
            lamps, [&](const Subscription* one) { return !belongs_to(*one, binding); });
        for (const auto* one : own) account.phones.push_back(with_lamp(shown, *one, account, now));
        const bool by_another_way = std::ranges::any_of(
            all, [&](const Subscription* one) { return !one->phone && is_of(phone, *one); });
        if (own.empty() && (!by_another_way || shown.refusal))
            account.phones.push_back(std::move(shown));
        lamps.erase(own.begin(), own.end());
    }
    for (const auto* one : lamps) {
        AccountedPhone shown;
        shown.contact = one->dialog->request_uri;
        shown.user_agent = one->user_agent;
        account.phones.push_back(with_lamp(shown, *one, account, now));
    }
    if (!account.phones.empty()) return;
    if (const auto* one = ended_.last(account.watcher, account.member)) {
        AccountedPhone shown;
        shown.contact = one->dialog->request_uri;
        shown.why_none = NoLamp::not_registered;
        shown.ended = one->end;
        account.phones.push_back(std::move(shown));
    }
}

std::vector<ResentNotify> GroupIndications::resend(std::string_view watcher,
                                                   std::string_view watched, Moment now,
                                                   Outbox& outbox)
{
    std::vector<ResentNotify> resent;
    const auto found = watchers_.find(watcher);
    if (found == watchers_.end()) return resent;
    const auto mine = found->second.by_member.find(watched);
    if (mine == found->second.by_member.end()) return resent;
    for (Subscription* subscription : mine->second) {
        if (subscription->forwarded || is_fetch(*subscription)) continue;
        const auto before = subscription->counters.cseq();
        auto* const listed = subscription->list ? subscription->list->find(watched) : nullptr;
        if (listed) {
            listed->owes_present = true;
            subscription->list->make_due(*listed);
        } else {
            subscription->owes_present = true;
        }
        stop_waiting(*subscription, now);
        deliver(*subscription, now, outbox);
        const auto sent = subscription->counters.cseq();
        resent.push_back({subscription->dialog->request_uri, sent == before, sent});
    }
    return resent;
}

void GroupIndications::show(const Subscription& subscription, LampStep step, Moment now,
                            Outbox& outbox) const
{
    if (!outbox.listened || !subscriptions_.contains(subscription.id) || is_fetch(subscription) ||
        subscription.ending)
        return;
    if (!subscription.list)
        return show(subscription, subscription.member, subscription, step, now, outbox);
    if (step == LampStep::ended)
        for (const auto& member : subscription.list->members)
            show(subscription, member->member, *member, step, now, outbox);
    else
        for (const auto* member : subscription.list->under_way)
            show(subscription, member->member, *member, step, now, outbox);
}

/// Who is no longer in the list.
void GroupIndications::show_left(Subscription& subscription, Moment now, Outbox& outbox) const
{
    for (const auto& member : std::exchange(subscription.list->left, {}))
        if (outbox.listened && !is_fetch(subscription))
            show(subscription, member->member, *member, LampStep::ended, now, outbox);
}

/// The member is another now, and the phone will be told later.
void GroupIndications::show_changed(const Subscription& subscription, const std::string& member,
                                    Moment now, Outbox& outbox) const
{
    const ToldLamp* lamp = &subscription;
    if (subscription.list) lamp = subscription.list->find(member);
    if (lamp && outbox.listened) show(subscription, member, *lamp, LampStep::changed, now, outbox);
}

void GroupIndications::show(const Subscription& subscription, const std::string& member,
                            const ToldLamp& lamp, LampStep step, Moment now, Outbox& outbox) const
{
    LampEvent event;
    event.step = step;
    event.watcher = subscription.watcher;
    event.member = member;
    event.contact = subscription.dialog->request_uri;
    event.shown = step == LampStep::ended ? LampColour::unknown : shown_colour(lamp.told);
    event.present = colour_of(lamp.projection->current());
    event.cseq = lamp.last.cseq;
    event.answer = lamp.last.answer;
    outbox.shown.push_back({now.wall, std::move(event)});
}

}  // namespace lampline
