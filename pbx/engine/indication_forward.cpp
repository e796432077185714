// Group indications: subscriptions to extensions whose phones notify by themselves. The phone is
// the notifier (RFC 6665 §4.2); what is kept here says that it is, for as long as it is.
#include <algorithm>
#include <array>
#include <utility>

#include "engine/group_indications.hpp"
#include "engine/subscribe_request.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

constexpr seconds until_answered{64};      // more than any answer takes
constexpr std::size_t max_notifiers = 16;  // of one SUBSCRIBE
constexpr std::size_t max_tag = 256;

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
    const auto& tag = request.parties.to_tag;
    const WatchRight* right = directory_->right(watcher, request.notifier);
    if (!right) return outbox.send(answer(request, 403));
    if (!told_by_phone(right, request.notifier) ||  // it is to be begun anew, with us
        ended_at_watchers_.last_cseq(dialog_key(request.call_id, tag))) {
        outbox.send(answer(request, 481));
        auto* const over = end_in_dialog(watcher, request.notifier, request.call_id, tag);
        if (over && hears_end(*over, request)) end_heard(*over, now, outbox);
        return;
    }
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
    if (is_one_too_many(*asked, 1)) {
        outbox.send(too_many(request));
        return nullptr;
    }
    // The phone has lost its dialog and begins another one with the same Call-ID and tag.
    if (auto* before = requested_.in_dialog(asked->dialog->call_id, asked->local_tag))
        drop(*before, now, outbox);
    take_place_of_end(*asked, now, outbox);
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
    const bool showed_call = notifier->shows_call;
    notifier->shows_call = notify.shows_call.value_or(showed_call);
    const bool goes_dark = showed_call && !notifier->shows_call;
    outbox.send(PassNotify{.request = notify.transaction, .flow = known->dialog->flow});
    if (notify.over) return forget_notifier(*known, notify.notifier_tag, now, outbox);
    if ((notifier->counters.reserve() || learnt) && known->granted.count() > 0)
        outbox.store(SubscriptionStored{to_stored(*known)});
    if (goes_dark)  // for which a phone waits that came meanwhile
        end_of_gone_phones(*known, locations_->bindings(known->member), now, outbox);
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

}  // namespace lampline
