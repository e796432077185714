// Group indications: how subscriptions that phones tell by themselves end, for the watcher and for
// the phone, or are begun anew.
#include <algorithm>
#include <utility>

#include "engine/group_indications.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

constexpr seconds first_pause{60};  // before a phone is asked again that has not accepted
constexpr seconds longest_pause{86400};

/// `phone` has been asked since it began. Who has notified and begun anew is a notifier that is
/// gone; who had not accepted may do so now.
bool has_asked(const Subscription& subscription, const AskedPhone& phone)
{
    const auto notifies = [&](std::uint64_t generation) {
        return std::ranges::find(subscription.notifiers, generation, &Notifier::generation) !=
               subscription.notifiers.end();
    };
    return notifies(phone.generation) ||
           std::ranges::any_of(subscription.asked, [&](const AskedPhone& before) {
               return before == phone || (before.key == phone.key && notifies(before.generation));
           });
}

/// It lives, and `phone` was asked and has not accepted.
bool lacks(const Subscription& subscription, const AskedPhone& phone)
{
    if (!subscription.forwarded || subscription.lapsed || subscription.granted.count() == 0)
        return false;
    const auto& asked = subscription.asked;
    const auto& notifiers = subscription.notifiers;
    return std::ranges::find(asked, phone) != asked.end() &&
           std::ranges::find(notifiers, phone.generation, &Notifier::generation) == notifiers.end();
}

}  // namespace

/// The last NOTIFY, in the name of the phone and above all that it has said; the phone hears of it
/// by the 481 to its next one. To the watcher's phone it is owed as any other end, with a row of its
/// own, which a restart knows by the dialog that is noted.
void GroupIndications::end_for_watcher(const Subscription& subscription, const Notifier& notifier,
                                       SubscriptionEnd reason, LastWord last_word, Moment now,
                                       Outbox& outbox)
{
    const auto& call_id = subscription.dialog->call_id;
    note_ended(dialog_key(call_id, notifier.tag), 0, now, outbox);
    if (end_in_dialog(subscription.watcher, subscription.member, call_id, notifier.tag)) return;
    auto over = std::make_unique<Subscription>();
    static_cast<SubscriptionUsage&>(*over) = subscription;
    over->local_tag = notifier.tag;
    over->counters = notifier.counters;
    over->expires_mono = notifier.expires_mono;
    over->expires_at = now.seconds() + std::chrono::ceil<seconds>(notifier.expires_mono - now.mono);
    over->devices = subscription.devices;
    over->profile = subscription.profile;
    auto dialog = std::make_shared<NotifyDialog>(*subscription.dialog);
    dialog->from = from_with(subscription, notifier.tag);
    over->dialog = std::move(dialog);
    tell_end(std::move(over), reason, last_word, now, outbox);
}

/// The end that is owed to a phone of `watcher` in that dialog; nullptr: none is.
Subscription* GroupIndications::end_in_dialog(std::string_view watcher, std::string_view watched,
                                              std::string_view call_id,
                                              std::string_view notifier_tag) const
{
    const auto known = watchers_.find(watcher);
    if (known == watchers_.end()) return nullptr;
    const auto ends = known->second.ending.find(watched);
    if (ends == known->second.ending.end()) return nullptr;
    const auto found = std::ranges::find_if(ends->second, [&](const Subscription* one) {
        return one->local_tag == notifier_tag && one->dialog->call_id == call_id;
    });
    return found == ends->second.end() ? nullptr : *found;
}

/// What end_for_watcher() had stored in an earlier run.
void GroupIndications::restore_end(std::unique_ptr<Subscription> over,
                                   const std::vector<Binding>& expired, Moment now, Outbox& outbox)
{
    const auto& watcher = over->watcher;
    const auto& member = over->member;
    SubscriptionRemoved removed{over->dialog->call_id, over->local_tag};
    if (end_in_dialog(watcher, member, removed.call_id, removed.local_tag)) return;
    const auto reason = directory_->right(watcher, member) ? SubscriptionEnd::deactivated
                        : is_there(watcher, member)        ? SubscriptionEnd::rejected
                                                           : SubscriptionEnd::noresource;
    auto* const owed = tell_end(std::move(over), reason, LastWord::owed, now, outbox);
    if (!owed) return outbox.store(std::move(removed));
    follow_registration(*owed, *locations_);
    recall_expired(*owed, expired);
}

/// A watcher's phone whose registration expired may be out of reach, and somebody else where it
/// was. So what others tell it is over for them at once, and for itself when it is back: it begins
/// anew then, and has the truth.
void GroupIndications::silence_lapsed(const Subscription& subscription, Moment now, Outbox& outbox)
{
    if (!subscription.forwarded || !subscription.lapsed) return;
    for (const Notifier& notifier : subscription.notifiers)
        note_ended(dialog_key(subscription.dialog->call_id, notifier.tag), 0, now, outbox);
}

/// That has happened to it.
bool GroupIndications::is_silenced(const Subscription& subscription) const
{
    const auto& notifiers = subscription.notifiers;
    return !notifiers.empty() && std::ranges::all_of(notifiers, [&](const Notifier& notifier) {
        const auto dialog = dialog_key(subscription.dialog->call_id, notifier.tag);
        return ended_at_watchers_.last_cseq(dialog).has_value();
    });
}

/// By the way that it has registered now.
void GroupIndications::end_come_back(Subscription& subscription, Moment now, Outbox& outbox)
{
    const auto* phone = registration_of(subscription, locations_->bindings(subscription.watcher));
    if (phone) {
        const auto target = target_of(*phone);
        const bool same = same_address(contact_of(subscription), phone->contact);
        move(subscription, same ? subscription.dialog->request_uri : write(target.request_uri),
             same ? subscription.dialog->route : target.route, target.flow, now);
    }
    note_end(subscription, LampEnd::left, 0, now);
    for (const Notifier& notifier : subscription.notifiers)
        end_for_watcher(subscription, notifier, SubscriptionEnd::deactivated, LastWord::owed, now,
                        outbox);
    end_forwarded(subscription, now, outbox);
}

/// The phone hears of it by the 481 to its next NOTIFY, also when that comes after a restart.
void GroupIndications::note_ended(std::string dialog, std::uint32_t last_cseq, Moment now,
                                  Outbox& outbox)
{
    if (!ended_at_watchers_.add(dialog, last_cseq)) return;
    outbox.store(NotifierEnded{.dialog = std::move(dialog),
                               .last_cseq = last_cseq,
                               .at = now.seconds(),
                               .until = now.seconds() + settings_.max_forwarded_expires});
}

void GroupIndications::recall(const std::vector<NotifierEnded>& ended, Moment now)
{
    for (const auto& each : ended)
        if (each.until > now.seconds()) ended_at_watchers_.add(each.dialog, each.last_cseq);
}

/// It ends with the last of its phones.
void GroupIndications::forget_notifier(Subscription& subscription, std::string_view tag, Moment now,
                                       Outbox& outbox)
{
    std::erase_if(subscription.notifiers, [&](const Notifier& each) { return each.tag == tag; });
    if (subscription.notifiers.empty()) return end_forwarded(subscription, now, outbox);
    outbox.store(SubscriptionStored{to_stored(subscription)});
    end_of_gone_phones(subscription, locations_->bindings(subscription.member), now, outbox);
}

/// The phones of `member` came, left or registered anew.
void GroupIndications::end_where_nobody_notifies(std::string_view member, Moment now,
                                                 Outbox& outbox)
{
    const auto found = members_.find(member);
    if (found == members_.end()) return;
    const auto phones = locations_->bindings(member);
    std::vector<SubscriptionId> told_by_it;
    for (const Subscription* one : found->second.subscriptions)
        if (one->forwarded) told_by_it.push_back(one->id);
    for (const auto id : told_by_it)
        if (const auto one = subscriptions_.find(id); one != subscriptions_.end())
            end_of_gone_phones(*one->second, phones, now, outbox);
}

/// A phone that is gone tells nobody any more, nor does one that has registered anew: it has
/// rebooted, and says no last word. What others tell goes on; but where nobody is left, or one of
/// `phones` has not been asked, all is to be begun anew: then as soon as none of the others shows a
/// call, whose lamp would go dark.
void GroupIndications::end_of_gone_phones(Subscription& subscription,
                                          std::span<const Binding> phones, Moment now,
                                          Outbox& outbox)
{
    if (subscription.lapsed) return;
    auto there = asked_of(phones);
    std::erase_if(subscription.asked, [&](const AskedPhone& phone) {
        return std::ranges::find(there, phone.key, &AskedPhone::key) == there.end();
    });
    auto& notifiers = subscription.notifiers;
    if (notifiers.empty() && !phones.empty()) return;  // it waits for an answer
    const auto unasked = std::erase_if(
        there, [&](const AskedPhone& phone) { return !has_asked(subscription, phone); });
    const auto gone = std::ranges::stable_partition(notifiers, [&](const Notifier& notifier) {
        return std::ranges::find(phones, notifier.generation, &Binding::generation) != phones.end();
    });
    const bool shows_call =
        std::any_of(notifiers.begin(), gone.begin(),
                    [](const Notifier& notifier) { return notifier.shows_call; });
    if (gone.size() == notifiers.size() || (unasked > 0 && !shows_call)) {
        const std::string watcher = subscription.watcher;
        const std::vector<std::string> members{subscription.member};
        end(subscription, SubscriptionEnd::deactivated, now, outbox);
        return reconcile(watcher, members, now, outbox);
    }
    if (gone.empty()) return;
    subscription.asked = std::move(there);
    for (const Notifier& notifier : gone)
        end_for_watcher(subscription, notifier, SubscriptionEnd::deactivated, LastWord::owed, now,
                        outbox);
    notifiers.erase(gone.begin(), gone.end());
    outbox.store(SubscriptionStored{to_stored(subscription)});
}

/// A phone that was asked in vain shows by its REGISTER that it is there. That all is begun anew
/// is the only way to ask it, and ends what other phones tell: so it is done ever more rarely, for
/// one that is there and will never accept, and while those show no call, whose lamp would go dark.
void GroupIndications::ask_again(const Binding& phone, Moment now, Outbox& outbox)
{
    const auto* extension = directory_->find(phone.aor);
    const auto watched = members_.find(phone.aor);
    if (!extension || !extension->phone_notifies) {
        asked_in_vain_.erase(phone.aor);
        return;
    }
    if (watched == members_.end()) return;
    const auto there = asked_of(locations_->bindings(phone.aor));
    const auto own = asked_of({&phone, 1}).front();
    const auto& subscriptions = watched->second.subscriptions;
    const auto any_lacks = [&](const AskedPhone& one) {
        return std::ranges::any_of(subscriptions,
                                   [&](const Subscription* each) { return lacks(*each, one); });
    };
    if (!any_lacks(own)) {
        const bool told = std::ranges::any_of(subscriptions, [](const Subscription* each) {
            return each->forwarded && each->granted.count() > 0;
        });
        if (told && std::ranges::none_of(there, any_lacks)) asked_in_vain_.erase(phone.aor);
        return;
    }
    const auto known = asked_in_vain_.find(phone.aor);
    if (known == asked_in_vain_.end()) {
        asked_in_vain_.emplace(phone.aor, AskedInVain{now.mono + first_pause, first_pause});
        return;
    }
    auto& [due, pause] = known->second;
    if (now.mono < due) return;
    std::vector<SubscriptionId> begun_anew;
    for (const Subscription* each : subscriptions)
        if (lacks(*each, own) &&
            std::ranges::none_of(each->notifiers, &Notifier::shows_call))
            begun_anew.push_back(each->id);
    if (begun_anew.empty()) return;
    pause = std::min(2 * pause, longest_pause);
    due = now.mono + pause;
    const std::vector<std::string> members{phone.aor};
    for (const auto id : begun_anew)
        if (const auto one = subscriptions_.find(id); one != subscriptions_.end()) {
            const std::string watcher = one->second->watcher;
            end(*one->second, SubscriptionEnd::deactivated, now, outbox);
            reconcile(watcher, members, now, outbox);
        }
}

/// Whoever was told by the phone may be told unasked again.
void GroupIndications::end_forwarded(Subscription& subscription, Moment now, Outbox& outbox)
{
    const std::string watcher = subscription.watcher;
    const std::vector<std::string> members{subscription.member};
    drop(subscription, now, outbox);
    reconcile(watcher, members, now, outbox);
}

}  // namespace lampline
