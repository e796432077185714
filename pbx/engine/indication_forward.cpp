// Group indications: subscriptions to extensions whose phones notify by themselves. The phone is
// the notifier (RFC 6665 §4.2); what is kept here says that it is, for as long as it is.
#include <algorithm>
#include <array>
#include <utility>

#include "core/device_id.hpp"
#include "engine/group_indications.hpp"
#include "engine/subscribe_request.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

constexpr seconds until_answered{64};      // more than any answer takes
constexpr std::size_t max_notifiers = 16;  // of one SUBSCRIBE
constexpr std::size_t max_tag = 256;
constexpr seconds first_pause{60};  // before a phone is asked again that has not accepted
constexpr seconds longest_pause{86400};

/// After such an answer to a refresh there is no subscription any more (RFC 6665 §4.1.2.2).
bool ends_subscription(unsigned status) noexcept
{
    constexpr std::array ending{404U, 405U, 410U, 416U, 480U, 481U, 482U,
                                483U, 484U, 485U, 489U, 501U, 604U};
    return std::ranges::find(ending, status) != ending.end();
}

/// The phone `tag`, which is known from now on; nullptr: there are too many, or the tag is too
/// long to keep.
Notifier* notifier_of(Subscription& subscription, const std::string& tag)
{
    auto& known = subscription.notifiers;
    if (const auto found = std::ranges::find(known, tag, &Notifier::tag); found != known.end())
        return &*found;
    if (tag.empty() || tag.size() > max_tag || known.size() >= max_notifiers) return nullptr;
    return &known.emplace_back(
        Notifier{.tag = tag, .counters = {}, .expires_mono = subscription.expires_mono});
}

/// The one that has `contact`, or else is at `source`; null: none does.
const Binding* phone_among(std::span<const Binding> phones, const SipUri& contact,
                           const Flow& source)
{
    const auto find = [&](auto&& fits) {
        const auto found = std::ranges::find_if(phones, fits);
        return found == phones.end() ? nullptr : &*found;
    };
    if (const auto* phone =
            find([&](const Binding& each) { return equivalent(each.contact, contact); }))
        return phone;
    if (const auto* phone = find([&](const Binding& each) {
            return each.path.empty() && each.flow.transport == source.transport &&
                   each.flow.host == source.host && each.flow.port == source.port;
        }))
        return phone;
    return find([&](const Binding& each) { return same_address(each.contact, contact); });
}

/// Generation of the last registration; 0: no phone is there.
std::uint64_t newest_of(std::span<const Binding> phones)
{
    std::uint64_t newest = 0;
    for (const Binding& phone : phones) newest = std::max(newest, phone.generation);
    return newest;
}

/// Each of `phones`, by what names it whichever way it registers.
std::vector<AskedPhone> asked_of(std::span<const Binding> phones)
{
    std::vector<AskedPhone> asked;
    for (const Binding& phone : phones)
        asked.push_back({phone_key(device_ids(phone.instance, phone.user_agent, phone.contact),
                                   phone.contact),
                         phone.generation});
    return asked;
}

/// All of `there` have been asked since they began. Who has notified and begun anew is a notifier
/// that is gone; who had not accepted may do so now.
bool has_asked(const Subscription& subscription, std::span<const AskedPhone> there)
{
    const auto notifies = [&](std::uint64_t generation) {
        return std::ranges::find(subscription.notifiers, generation, &Notifier::generation) !=
               subscription.notifiers.end();
    };
    return std::ranges::all_of(there, [&](const AskedPhone& phone) {
        return notifies(phone.generation) ||
               std::ranges::any_of(subscription.asked, [&](const AskedPhone& before) {
                   return before == phone ||
                          (before.key == phone.key && notifies(before.generation));
               });
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

/// It has no tag of ours, and is named by that of the watcher.
void begin_at_phone(Subscription& subscription, const SubscribeReceived& request)
{
    subscription.forwarded = true;
    begin(subscription, request, subscription.watcher, subscription.member,
          subscription.dialog->event, request.parties.from_tag);
}

Reply nobody_there(const SubscribeReceived& request, const std::string& member,
                   const std::string& domain)
{
    return answer(
        request, 480,
        {{"Warning", "399 " + domain + " \"no phone of " + member +
                         " is registered, and it is its phone that notifies its watchers\""}});
}

}  // namespace

/// An initial SUBSCRIBE that has been admitted.
void GroupIndications::forward(std::unique_ptr<Subscription> asked,
                               const SubscribeReceived& request, Moment now, Outbox& outbox)
{
    std::vector<Target> targets;
    for (const Binding& binding : locations_->bindings(asked->member))
        targets.push_back(target_of(binding));
    if (targets.empty())
        return outbox.send(nobody_there(request, asked->member, directory_->domain()));
    begin_at_phone(*asked, request);
    ForwardSubscribe command{.request = request.transaction,
                             .subscription = {},
                             .watcher = asked->watcher,
                             .member = asked->member,
                             .targets = std::move(targets)};
    if (request.expires.value_or(settings_.default_expires).count() > 0) {
        auto* kept = keep_forwarded(std::move(asked), request, now, outbox);
        if (!kept) return;
        command.subscription = kept->id;
    }
    outbox.send(std::move(command));
}

/// A SUBSCRIBE within the dialog of a watcher and a phone.
void GroupIndications::forward_in_dialog(const SubscribeReceived& request, Moment now,
                                         Outbox& outbox)
{
    const auto& watcher = request.authenticated;
    auto* known = requested_.in_dialog(request.call_id, request.parties.from_tag);
    if (known && !known->forwarded) known = nullptr;
    const WatchRight* right = directory_->right(watcher, request.notifier);
    if (!told_by_phone(right, request.notifier))  // 481: it is to be begun anew, with us
        return outbox.send(answer(request, right ? 481 : 403));
    if (ended_at_watchers_.last_cseq(dialog_key(request.call_id, request.parties.to_tag)))
        return outbox.send(answer(request, 481));
    if (!known && request.expires.value_or(settings_.default_expires).count() > 0) {
        auto again = requested(request, request.notifier);
        begin_at_phone(*again, request);
        again->profile = directory_->profile_for(*right, again->user_agent, again->devices);
        known = keep_forwarded(std::move(again), request, now, outbox);
        if (!known) return;
    }
    if (known) {
        known->remote_cseq = request.cseq;
        const bool named = !request.contact.host.empty();
        move(*known, named ? write(request.contact) : known->dialog->request_uri,
             known->dialog->route, request.source, now);
    }
    const auto* phone = phone_at(request.notifier, request.request_uri);
    outbox.send(ForwardSubscribe{.request = request.transaction,
                                 .subscription = known ? known->id : SubscriptionId{},
                                 .watcher = watcher,
                                 .member = request.notifier,
                                 .targets = {},
                                 .flow = phone ? std::optional{phone->flow} : std::nullopt});
}

/// nullptr: it has too many, and is answered. Until a phone accepts it lasts as long as an answer
/// may take.
Subscription* GroupIndications::keep_forwarded(std::unique_ptr<Subscription> asked,
                                               const SubscribeReceived& request, Moment now,
                                               Outbox& outbox)
{
    if (is_too_long(*asked)) {
        outbox.send(answer(request, 513));
        return nullptr;
    }
    if (is_one_too_many(*asked)) {
        outbox.send(too_many(request));
        return nullptr;
    }
    // The phone has lost its dialog and begins another one with the same Call-ID and tag.
    if (auto* before = requested_.in_dialog(asked->dialog->call_id, asked->local_tag))
        drop(*before, now, outbox);
    Subscription& kept = add(std::move(asked));
    prolong(kept, request, until_answered, now);
    kept.granted = {};
    follow_registration(kept, *locations_);
    kept.asked = asked_of(locations_->bindings(kept.member));
    expiry_.set(kept.id, kept.expires_mono);
    return &kept;
}

/// The registration of the phone of `member` at `contact`; null: it has none.
const Binding* GroupIndications::phone_at(std::string_view member, const SipUri& contact) const
{
    for (const Binding& binding : locations_->bindings(member))
        if (equivalent(binding.contact, contact)) return &binding;
    return nullptr;
}

void GroupIndications::receive(const SubscribeForwarded& answered, Moment now, Outbox& outbox)
{
    const auto found = subscriptions_.find(answered.subscription);
    if (found == subscriptions_.end() || !found->second->forwarded) return;
    Subscription& subscription = *found->second;
    const bool accepted = answered.status / 100 == 2;
    if (accepted && answered.expires != seconds{0})
        return prolong_forwarded(subscription, answered, now, outbox);
    const bool never_was = subscription.granted.count() == 0;
    if (never_was) return end_forwarded(subscription, now, outbox);
    if (!accepted && !ends_subscription(answered.status)) return;
    if (accepted) note_end(subscription, LampEnd::unsubscribed, 0, now);
    forget_notifier(subscription, answered.notifier_tag, now, outbox);
}

/// It lasts as long as the longest that one of its phones has granted.
void GroupIndications::prolong_forwarded(Subscription& subscription,
                                         const SubscribeForwarded& answered, Moment now,
                                         Outbox& outbox)
{
    const auto granted = std::min(answered.expires.value_or(settings_.default_expires),
                                  settings_.max_forwarded_expires);
    auto* const notifier = notifier_of(subscription, answered.notifier_tag);
    if (notifier) {
        notifier->expires_mono = now.mono + granted;
        notifier->counters.reserve();
        static_cast<void>(learn_phone(*notifier, subscription, answered.contact, answered.source));
    }
    subscription.granted = granted;
    subscription.expires_mono = now.mono + granted;
    for (const auto& each : subscription.notifiers)
        subscription.expires_mono = std::max(subscription.expires_mono, each.expires_mono);
    subscription.expires_at =
        now.seconds() + std::chrono::ceil<seconds>(subscription.expires_mono - now.mono);
    const auto phones = locations_->bindings(subscription.member);
    if (subscription.asked.empty()) subscription.asked = asked_of(phones);
    expiry_.set(subscription.id, subscription.expires_mono);
    outbox.store(SubscriptionStored{to_stored(subscription)});
    reconcile(subscription.watcher, subscription.member, now, outbox);
    silence_lapsed(subscription, now, outbox);
    end_of_gone_phones(subscription, phones, now, outbox);  // one came while it was asked
}

/// Notes which phone says what `notifier` does; true: that is news.
bool GroupIndications::learn_phone(Notifier& notifier, const Subscription& subscription,
                                   const SipUri& contact, const Flow& source) const
{
    const auto phones = locations_->bindings(subscription.member);
    const auto* phone = phone_among(phones, contact, source);
    auto generation = phone ? phone->generation : notifier.generation;
    if (generation == 0) generation = newest_of(phones);  // it goes with any of them
    return std::exchange(notifier.generation, generation) != generation;
}

/// With phones that have expired or registered anew since, for bindings_changed() to find.
void GroupIndications::restore_notifiers(Subscription& subscription,
                                         const std::vector<StoredNotifier>& notifiers)
{
    const auto phones = locations_->bindings(subscription.member);
    subscription.asked = asked_of(phones);
    for (const auto& each : notifiers)
        subscription.notifiers.push_back(
            {.tag = each.tag,
             .counters = {each.reserved_cseq, each.reserved_version},
             .expires_mono = subscription.expires_mono,
             .generation = each.generation == 0 ? newest_of(phones) : each.generation});
}

void GroupIndications::receive(const NotifyReceived& notify, Moment now, Outbox& outbox)
{
    const auto refuse = [&] {
        outbox.send(Reply{.transaction = notify.transaction,
                          .status = 481,
                          .phrase = {},
                          .local_tag = notify.watcher_tag,
                          .headers = {},
                          .session_timer = {},
                          .payload = {}});
    };
    if (const auto last =
            ended_at_watchers_.last_cseq(dialog_key(notify.call_id, notify.notifier_tag));
        last && *last != notify.cseq)
        return refuse();
    const WatchRight* right = directory_->right(notify.watcher, notify.member);
    if (!told_by_phone(right, notify.member)) return pass_last(notify, now, outbox);
    auto* const known = requested_.in_dialog(notify.call_id, notify.watcher_tag);
    if (!known || !known->forwarded || known->watcher != notify.watcher ||
        known->member != notify.member)
        return outbox.send(PassNotify{.request = notify.transaction});
    auto* const notifier = notifier_of(*known, notify.notifier_tag);
    if (!notifier) return refuse();  // its end could not be told
    if (known->lapsed) {             // somebody else may be there by now
        silence_lapsed(*known, now, outbox);
        return refuse();
    }
    const bool learnt = learn_phone(*notifier, *known, notify.contact, notify.source);
    notifier->counters.note(notify.cseq, notify.version);
    outbox.send(PassNotify{.request = notify.transaction, .flow = known->dialog->flow});
    if (notify.over) return forget_notifier(*known, notify.notifier_tag, now, outbox);
    if ((notifier->counters.reserve() || learnt) && known->granted.count() > 0)
        outbox.store(SubscriptionStored{to_stored(*known)});
}

/// The right went while nothing was known of the subscription, so that its end is told with the
/// phone's own CSeq.
void GroupIndications::pass_last(const NotifyReceived& notify, Moment now, Outbox& outbox)
{
    const bool seen = directory_->right(notify.watcher, notify.member) != nullptr;
    note_ended(dialog_key(notify.call_id, notify.notifier_tag), notify.cseq, now, outbox);
    outbox.send(PassNotify{.request = notify.transaction,
                           .flow = {},
                           .last_state = terminated_state(seen ? SubscriptionEnd::deactivated
                                                               : SubscriptionEnd::rejected)});
}

void GroupIndications::receive(const ForwardedEnded& ended, Moment now, Outbox& outbox)
{
    auto* const known = requested_.in_dialog(ended.call_id, ended.watcher_tag);
    if (known && known->forwarded) forget_notifier(*known, ended.notifier_tag, now, outbox);
}

/// The last NOTIFY, in the name of the phone and above all that it has said; the phone hears of it
/// by the 481 to its next one.
void GroupIndications::end_for_watcher(const Subscription& subscription, const Notifier& notifier,
                                       SubscriptionEnd reason, Moment now, Outbox& outbox)
{
    Subscription last;
    last.id = ids_.next();
    last.watcher = subscription.watcher;
    last.member = subscription.member;
    last.user_agent = subscription.user_agent;
    last.profile = subscription.profile;
    last.projection = subscription.projection;
    last.counters = notifier.counters;
    auto dialog = std::make_shared<NotifyDialog>(*subscription.dialog);
    dialog->from = from_with(subscription, notifier.tag);
    last.dialog = std::move(dialog);
    measure(last);
    send(last, Step::clear, DocumentKind::full, terminated_state(reason), now, outbox);
    note_ended(dialog_key(subscription.dialog->call_id, notifier.tag), 0, now, outbox);
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
    const std::string watcher = subscription.watcher;
    const std::vector<std::string> members{subscription.member};
    end(subscription, SubscriptionEnd::deactivated, now, outbox, LampEnd::left);
    reconcile(watcher, members, now, outbox);
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
/// rebooted, and says no last word. What others tell goes on; but where one of `phones` has not
/// been asked, or nobody is left, all is to be begun anew.
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
    const bool all_asked = has_asked(subscription, there);
    const auto gone = std::ranges::stable_partition(notifiers, [&](const Notifier& notifier) {
        return std::ranges::find(phones, notifier.generation, &Binding::generation) != phones.end();
    });
    if (gone.size() == notifiers.size() || !all_asked) {
        const std::string watcher = subscription.watcher;
        const std::vector<std::string> members{subscription.member};
        end(subscription, SubscriptionEnd::deactivated, now, outbox);
        return reconcile(watcher, members, now, outbox);
    }
    if (gone.empty()) return;
    subscription.asked = std::move(there);
    for (const Notifier& notifier : gone)
        end_for_watcher(subscription, notifier, SubscriptionEnd::deactivated, now, outbox);
    notifiers.erase(gone.begin(), gone.end());
    outbox.store(SubscriptionStored{to_stored(subscription)});
}

/// A phone that was asked in vain shows by its REGISTER that it is there. That all is begun anew
/// is the only way to ask it, and ends what other phones tell: so it is done ever more rarely, for
/// one that is there and will never accept.
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
    pause = std::min(2 * pause, longest_pause);
    due = now.mono + pause;
    std::vector<SubscriptionId> begun_anew;
    for (const Subscription* each : subscriptions)
        if (lacks(*each, own)) begun_anew.push_back(each->id);
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
