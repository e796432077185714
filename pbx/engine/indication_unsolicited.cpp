// Group indications: NOTIFY without SUBSCRIBE, for phones of watchers that have registered but not
// subscribed.
#include <algorithm>

#include "core/device_id.hpp"
#include "core/extension_uri.hpp"
#include "engine/group_indications.hpp"

namespace lampline {

void GroupIndications::bindings_changed(std::string_view aor, const LocationTable& locations,
                                        Moment now, Outbox& outbox)
{
    update_standing(aor, now, outbox);
    end_of_left(std::string{aor}, now, outbox);
    end_where_nobody_notifies(aor, now, outbox);
    const auto bindings =
        follows_phones(aor) ? locations.bindings(aor) : std::span<const Binding>{};
    const std::string number{aor};
    auto watcher = watchers_.find(number);
    if (watcher == watchers_.end()) {
        if (bindings.empty()) return;
        watcher = watchers_.try_emplace(number).first;
    }
    if (const auto come = replace_phones(watcher->second, bindings, now, outbox); !come.empty()) {
        reconcile(number, now, outbox);
        settle_owed_ends(number, come, now, outbox);
    }
    drop_unused_watcher(number);
}

void GroupIndications::registration_expired(const std::string& aor, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(aor);
    if (watcher == watchers_.end()) return;
    for (Subscription* one : all_of(watcher->second)) {
        if (one->kind != SubscriptionKind::requested) continue;
        note_expired(*one, *locations_);
        silence_lapsed(*one, now, outbox);
    }
}

void GroupIndications::phone_left(const PhoneLeft& left, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(left.aor);
    if (watcher == watchers_.end()) return;
    std::vector<Subscription*> gone;
    for (Subscription* one : all_of(watcher->second)) {
        // Its rights were withdrawn before: it goes dark, step by step or at once, and is over then.
        const bool ends = left.expelled && (one->ending || (one->list && one->list->ending));
        if (has_left(*one, left) && !ends) gone.push_back(one);
    }
    end_all(left.aor, gone, now, outbox);
}

/// What the phones of `number` have subscribed to ends with their registration. What a phone told
/// them by itself is no longer passed on.
void GroupIndications::end_of_left(const std::string& number, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(number);
    if (watcher == watchers_.end()) return;
    std::vector<Subscription*> left;
    std::vector<Subscription*> come_back;
    for (Subscription* one : all_of(watcher->second)) {
        if (one->kind != SubscriptionKind::requested) continue;
        const bool lapsed = one->lapsed;
        if (!follow_registration(*one, *locations_))
            left.push_back(one);
        else if (one->forwarded && lapsed && !one->lapsed)
            come_back.push_back(one);
    }
    end_all(number, left, now, outbox);
    for (Subscription* one : come_back) end_come_back(*one, now, outbox);
}

/// Their phones are gone.
void GroupIndications::end_all(const std::string& number, const std::vector<Subscription*>& left,
                               Moment now, Outbox& outbox)
{
    std::vector<std::string> members;
    for (Subscription* one : left) {
        const auto of_one = members_of(*one);
        members.insert(members.end(), of_one.begin(), of_one.end());
        end(*one, SubscriptionEnd::deactivated, now, outbox, LampEnd::left);
    }
    if (!members.empty()) reconcile(number, members, now, outbox);
}

/// Takes over the phones that are registered now; what was told to those that are gone ends
/// silently, see lose(). Returns those that have come.
std::vector<std::shared_ptr<WatcherPhone>>
GroupIndications::replace_phones(Watcher& watcher, std::span<const Binding> bindings, Moment now,
                                 Outbox& outbox)
{
    std::vector<std::shared_ptr<WatcherPhone>> phones;
    std::vector<std::shared_ptr<WatcherPhone>> come;
    for (const auto& binding : bindings) {
        const auto same = [&](const auto& phone) {
            return phone->generation == binding.generation &&
                   equivalent(phone->contact, binding.contact);
        };
        const auto known = std::ranges::find_if(watcher.phones, same);
        if (known == watcher.phones.end()) {
            phones.push_back(std::make_shared<WatcherPhone>(
                WatcherPhone{binding.contact, target_of(binding), binding.generation,
                             binding.expires_at, binding.user_agent,
                             device_ids(binding.instance, binding.user_agent, binding.contact),
                             binding.refusal.lamps, binding.refusal.at}));
            come.push_back(phones.back());
            note_connection(binding.aor, phones.back()->target.flow);
            continue;
        }
        WatcherPhone& phone = **known;
        phone.expires_at = binding.expires_at;
        Target target = target_of(binding);
        const bool moved = !(phone.target.request_uri == target.request_uri) ||
                           phone.target.route != target.route ||
                           !(phone.target.flow == target.flow);
        phone.contact = binding.contact;
        phone.target = std::move(target);
        phones.push_back(*known);
        if (!moved) continue;
        note_connection(binding.aor, phone.target.flow);
        for (Subscription* subscription : told_unasked(phone, watcher)) {
            move(*subscription, write(phone.target.request_uri), phone.target.route,
                 phone.target.flow, now);
            deliver(*subscription, now, outbox);
        }
    }
    std::swap(watcher.phones, phones);
    for (const auto& old : phones)
        if (!std::ranges::count(watcher.phones, old)) lose(*old, watcher, come, now, outbox);
    return come;
}

/// Brings the implicit subscriptions of all members in line with the rights of `watcher`.
void GroupIndications::reconcile(const std::string& watcher, Moment now, Outbox& outbox)
{
    const auto found = watchers_.find(watcher);
    if (found == watchers_.end()) return;
    std::vector<std::string> members;
    for (const auto& right : directory_->watched_by(watcher)) members.push_back(right.member);
    for (const auto& [watched, subscriptions] : found->second.by_member)
        if (!directory_->right(watcher, watched)) members.push_back(watched);
    for (const auto& watched : members) reconcile(watcher, watched, now, outbox);
}

/// `members` may have lost a subscription: who has none is told unasked again.
void GroupIndications::reconcile(const std::string& watcher,
                                 const std::vector<std::string>& members, Moment now,
                                 Outbox& outbox)
{
    for (const auto& member : members) reconcile(watcher, member, now, outbox);
    drop_unused_watcher(watcher);
}

/// Each phone of the watcher has an implicit subscription for `watched` when that is switched on,
/// it does not refuse, it has not subscribed by itself, and the end of an earlier one is not under
/// way.
void GroupIndications::reconcile(const std::string& watcher, const std::string& watched, Moment now,
                                 Outbox& outbox)
{
    const auto found = watchers_.find(watcher);
    if (found == watchers_.end()) return;
    const WatchRight* right = directory_->right(watcher, watched);
    const bool allowed = is_told_unasked(watcher, watched);
    for (const auto& phone : found->second.phones) {
        const auto [implicit, subscribed] = told_to(*phone, watcher, watched);
        const bool wanted = allowed && !subscribed && !phone->refuses();
        bool may_be_lit = false;
        bool ends_first = false;
        for (Subscription* over : ends_owed_to(*phone, found->second, watched)) {
            const bool unasked = over->kind == SubscriptionKind::implicit;
            if (!(unasked && subscribed) && !(wanted && over->in_flight == 0)) {
                ends_first = true;
                continue;
            }
            may_be_lit = may_be_lit || over->lit_is_stored;
            if (!wanted) forget_lit(*over, outbox);  // what takes its place goes on with it
            drop(*over, now, outbox);
        }
        if (implicit && !allowed) {
            end(*implicit,
                directory_->find(watched) ? SubscriptionEnd::rejected : SubscriptionEnd::noresource,
                now, outbox);
        } else if (implicit && subscribed) {
            forget_lit(*implicit, outbox);
            drop(*implicit, now, outbox);
        } else if (!implicit && wanted && !ends_first) {
            Subscription& added = add(implied(phone, *right));
            added.lit_is_stored = may_be_lit;
            deliver(added, now, outbox);
        }
    }
}

/// No feature key.
bool GroupIndications::is_told_unasked(std::string_view watcher, std::string_view watched) const
{
    const WatchRight* right = directory_->right(watcher, watched);
    return right && right->unsolicited && right->member == watched;
}

GroupIndications::ToldTo GroupIndications::told_to(const WatcherPhone& phone,
                                                   std::string_view watcher,
                                                   std::string_view watched) const
{
    ToldTo told;
    const auto known = watchers_.find(watcher);
    if (known == watchers_.end()) return told;
    const auto& by_member = known->second.by_member;
    const auto subscriptions = by_member.find(watched);
    if (subscriptions == by_member.end()) return told;
    for (Subscription* one : subscriptions->second) {
        if (one->phone.get() == &phone) told.implicit = one;
        if (one->kind == SubscriptionKind::requested && !is_fetch(*one) && is_of(phone, *one))
            told.subscribed = true;
    }
    return told;
}

std::unique_ptr<Subscription> GroupIndications::implied(std::shared_ptr<WatcherPhone> phone,
                                                        const WatchRight& right)
{
    auto subscription = std::make_unique<Subscription>();
    subscription->kind = SubscriptionKind::implicit;
    subscription->watcher = right.watcher;
    subscription->member = right.member;
    subscription->local_tag = tokens_();
    subscription->user_agent = phone->user_agent;
    subscription->devices = phone->devices;
    subscription->profile = directory_->profile_for(right, phone->user_agent, phone->devices);
    subscription->view = view_of(right);
    const auto& domain = directory_->domain();
    subscription->dialog = unasked_dialog(
        *phone, extension_uri(right.watcher, domain), extension_uri(right.member, domain), "dialog",
        subscription->local_tag, tokens_() + "@" + domain);
    subscription->phone = std::move(phone);
    return subscription;
}

/// The phone has answered that it does not want unsolicited NOTIFYs: none until it registers anew.
void GroupIndications::leave_alone(std::shared_ptr<WatcherPhone> phone, const std::string& watcher,
                                   unsigned status, Moment now, Outbox& outbox)
{
    phone->refusal = status;
    phone->refused_at = now.wall;
    outbox.announce(UnaskedRefused{
        watcher, phone->contact, {.lamps = status, .packages = 0, .at = now.seconds()}});
    for (Subscription* one : told_unasked(*phone, watchers_.at(watcher))) {
        forget_lit(*one, outbox);
        drop(*one, now, outbox);
    }
}

/// All that is told to `phone`, and the ends.
std::vector<Subscription*> GroupIndications::told_unasked(const WatcherPhone& phone,
                                                          const Watcher& watcher)
{
    auto told = all_of(watcher);
    std::erase_if(told, [&](const Subscription* one) { return one->phone.get() != &phone; });
    return told;
}

}  // namespace lampline
