// Group indications: subscriptions to extensions whose phones notify by themselves. The phone is
// the notifier (RFC 6665 §4.2); what is kept here says that it is, for as long as it is.
#include <algorithm>
#include <array>

#include "engine/group_indications.hpp"
#include "engine/subscribe_request.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

constexpr seconds until_answered{64};  // more than any answer takes

/// After such an answer to a refresh there is no subscription any more (RFC 6665 §4.1.2.2).
bool ends_subscription(unsigned status) noexcept
{
    constexpr std::array ending{404U, 405U, 410U, 416U, 480U, 481U, 482U,
                                483U, 484U, 485U, 489U, 501U, 604U};
    return std::ranges::find(ending, status) != ending.end();
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
    asked->forwarded = true;
    asked->local_tag = request.parties.from_tag;
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
    if (!known && request.expires.value_or(settings_.default_expires).count() > 0) {
        auto again = requested(request, request.notifier);
        again->forwarded = true;
        again->local_tag = request.parties.from_tag;
        again->profile = directory_->profile_for(*right, again->user_agent, again->devices);
        known = keep_forwarded(std::move(again), request, now, outbox);
        if (!known) return;
    }
    if (known) {
        known->remote_cseq = request.cseq;
        const bool named = !request.contact.host.empty();
        move(*known, named ? write(request.contact) : known->dialog->request_uri,
             known->dialog->route, request.source);
    }
    outbox.send(ForwardSubscribe{.request = request.transaction,
                                 .subscription = known ? known->id : SubscriptionId{},
                                 .watcher = watcher,
                                 .member = request.notifier,
                                 .targets = {}});
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
    expiry_.set(kept.id, kept.expires_mono);
    return &kept;
}

void GroupIndications::receive(const SubscribeForwarded& answered, Moment now, Outbox& outbox)
{
    const auto found = subscriptions_.find(answered.subscription);
    if (found == subscriptions_.end() || !found->second->forwarded) return;
    Subscription& subscription = *found->second;
    const bool accepted = answered.status / 100 == 2;
    const auto granted = std::min(answered.expires.value_or(settings_.default_expires),
                                  settings_.max_forwarded_expires);
    if (accepted && granted.count() > 0) {
        subscription.granted = granted;
        subscription.expires_at = now.seconds() + granted;
        subscription.expires_mono = now.mono + granted;
        expiry_.set(subscription.id, subscription.expires_mono);
        outbox.store(SubscriptionStored{to_stored(subscription)});
        return reconcile(subscription.watcher, subscription.member, now, outbox);
    }
    const bool never_was = subscription.granted.count() == 0;
    if (!accepted && !never_was && !ends_subscription(answered.status)) return;
    if (accepted) note_end(subscription, LampEnd::unsubscribed, 0, now);
    end_forwarded(subscription, now, outbox);
}

void GroupIndications::receive(const ForwardedEnded& ended, Moment now, Outbox& outbox)
{
    auto* const known = requested_.in_dialog(ended.call_id, ended.watcher_tag);
    if (known && known->forwarded) end_forwarded(*known, now, outbox);
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
