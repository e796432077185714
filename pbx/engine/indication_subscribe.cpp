// Group indications: SUBSCRIBE (RFC 6665 §4.2.1).
#include "core/device_id.hpp"
#include "core/dialog_filter.hpp"
#include "core/event_package.hpp"
#include "core/extension_uri.hpp"
#include "engine/group_indications.hpp"
#include "engine/subscribe_request.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

}  // namespace

void GroupIndications::receive(const SubscribeReceived& request, Moment now, Outbox& outbox)
{
    if (!request.notifier.empty()) return forward_in_dialog(request, now, outbox);
    if (request.event != "dialog")
        return outbox.send(answer(request, 489, {{"Allow-Events", allow_events()}}));
    if (!accepts_type(request, dialog_info_type))
        return outbox.send(answer(request, 406, {{"Accept", std::string{dialog_info_type}}}));
    if (request.parties.to_tag.empty())
        receive_initial(request, now, outbox);
    else
        receive_in_dialog(request, now, outbox);
}

void GroupIndications::receive_initial(const SubscribeReceived& request, Moment now, Outbox& outbox)
{
    auto subscription = requested(
        request, request.recipient_list ? name_of_list(request)
                                        : directory_->watched(extension_of(request.request_uri)));
    subscription->begun_at = now.mono;
    if (!admit(*subscription, request, outbox)) return;
    if (request.contact.host.empty()) {
        return outbox.send(refusal(request, 400, directory_->domain(),
                                   "Contact: expected the address of the phone",
                                   "Missing Contact Header"));
    }
    if (is_too_long(*subscription)) return outbox.send(answer(request, 513));
    if (!subscription->list &&
        told_by_phone(directory_->right(subscription->watcher, subscription->member),
                      subscription->member))
        return forward(std::move(subscription), request, now, outbox);
    Subscription* const known = requested_.of_origin(*subscription);
    if (known && !known->ending && is_repeated(*known, request, now))
        return outbox.send(accept(request, known->local_tag, *known, known->granted));
    const auto origin = origin_of(*subscription);
    if (const auto* tag = settled_.find(origin, request.cseq))
        return outbox.send(accept(request, *tag, *subscription, seconds{0}));

    const auto granted = grant(request, limits(), outbox);
    if (!granted) return;
    const bool fetches = granted->count() == 0;
    const auto lamps = subscription->list ? size_of_list(*subscription) : 1;
    if ((!fetches || subscription->list) && is_one_too_many(*subscription, lamps))
        return outbox.send(too_many(request));
    outbox.send(accept(request, subscription->local_tag, *subscription, *granted));
    if (fetches) {
        settled_.add(origin, request.cseq, subscription->local_tag, now);
        return subscription->list ? fetch_list(std::move(subscription), now, outbox)
                                  : fetch(std::move(subscription), now, outbox);
    }
    // The phone has lost its dialog and begins another one with the same Call-ID and tag.
    if (known) drop(*known, now, outbox);
    take_place_of_end(*subscription, now, outbox);
    Subscription& added = add(std::move(subscription));
    prolong(added, request, *granted, now);
    follow_registration(added, *locations_);
    tell_anew(added, request.contact, request.source, now, outbox);
}

void GroupIndications::receive_in_dialog(const SubscribeReceived& request, Moment now,
                                         Outbox& outbox)
{
    const auto key = dialog_key(request.call_id, request.parties.to_tag);
    auto* const known = requested_.in_dialog(request.call_id, request.parties.to_tag);
    const bool same =
        known && event_id(known->dialog->event) == event_id(request.event_params);
    if (!same || known->forwarded || known->ending || (known->list && known->list->ending) ||
        known->remote_tag != request.parties.from_tag) {
        if (settled_.find(key, request.cseq))
            return outbox.send(accept(request, request.parties.to_tag, seconds{0}));
        outbox.send(answer(request, 481));
        // What asks for something else says nothing of this usage (RFC 6665 §4.1.2.2).
        if (same && hears_end(*known, request)) end_heard(*known, now, outbox);
        return;
    }
    Subscription& subscription = *known;
    if (subscription.watcher != request.authenticated) return outbox.send(answer(request, 403));
    if (request.cseq < subscription.remote_cseq) return outbox.send(answer(request, 500));
    if (request.cseq == subscription.remote_cseq)
        return outbox.send(
            accept(request, subscription.local_tag, subscription, subscription.granted));

    std::optional<std::vector<ContainedEntry>> replaced;
    if (subscription.list && !subscription.list->entries.empty() && contains_list(request)) {
        replaced = contained_list(request, *directory_, dialog_info_type, outbox);
        if (!replaced) return;
        if (is_one_too_many(subscription, replaced->size())) return outbox.send(too_many(request));
    }
    const auto granted = grant(request, limits(), outbox);
    if (!granted) return;
    outbox.send(accept(request, subscription.local_tag, subscription, *granted));
    if (replaced && granted->count() > 0) replace_list(subscription, *std::move(replaced));
    if (granted->count() > 0) return refresh(subscription, request, *granted, now, outbox);

    settled_.add(key, request.cseq, subscription.local_tag, now);
    const std::string watcher = subscription.watcher;
    const auto members = members_of(subscription);
    end(subscription, SubscriptionEnd::timeout, now, outbox);
    reconcile(watcher, members, now, outbox);
}

Reply GroupIndications::too_many(const SubscribeReceived& request) const
{
    return refusal(request, 403, directory_->domain(), "too many subscriptions");
}

/// Whether the phone of `added`, or all phones of its watcher together, would then have asked for
/// more lamps than they may.
bool GroupIndications::is_one_too_many(const Subscription& added, std::size_t lamps) const
{
    std::size_t of_phone = lamps;
    std::size_t all = of_phone;
    if (const auto found = watchers_.find(added.watcher); found != watchers_.end()) {
        const Watcher& watcher = found->second;
        all += watcher.requested.all();
        of_phone += watcher.requested.of(added.phone_key);
        for (const auto* list : watcher.lists) {
            if (list == &added) {  // it has another one from now on
                --all;
                --of_phone;
                continue;
            }
            all += list->list->counted();
            if (list->phone_key == added.phone_key) of_phone += list->list->counted();
        }
    }
    return of_phone > settings_.max_subscriptions_per_phone ||
           all > settings_.max_subscriptions_per_watcher;
}

/// Whether the watcher may see what it asks for; if not, it has been answered. An extension that is
/// not there and one that may not be seen look the same.
bool GroupIndications::admit(Subscription& subscription, const SubscribeReceived& request,
                             Outbox& outbox)
{
    if (request.recipient_list) return admit_contained(subscription, request, outbox);
    const WatchRight* right = directory_->right(subscription.watcher, subscription.member);
    if (!right) return admit_list(subscription, request, outbox);
    subscription.profile =
        directory_->profile_for(*right, subscription.user_agent, subscription.devices);
    subscription.view = view_of(*right);
    return true;
}

/// The phone is there now, wherever it was before, and gets the full present state: at once, or
/// after the answer to what is under way to the same place.
void GroupIndications::refresh(Subscription& subscription, const SubscribeReceived& request,
                               seconds granted, Moment now, Outbox& outbox)
{
    const bool named = !request.contact.host.empty();
    const SipUri contact = named ? request.contact : contact_of(subscription);
    prolong(subscription, request, granted, now);
    move(subscription, named ? write(request.contact) : subscription.dialog->request_uri,
         subscription.dialog->route, request.source, now);
    follow_registration(subscription, *locations_);
    subscription.devices =
        devices_of(subscription.watcher, contact, request.source, subscription.user_agent);
    if (subscription.list) {
        update_list(subscription);
        show_left(subscription, now, outbox);
    } else {
        change_dialect(subscription, *directory_->right(subscription.watcher, subscription.member));
    }
    tell_anew(subscription, contact, request.source, now, outbox);
}

/// What has just begun, or goes on, is stored and told.
void GroupIndications::tell_anew(Subscription& subscription, const SipUri& contact,
                                 const Flow& source, Moment now, Outbox& outbox)
{
    expiry_.set(subscription.id, subscription.expires_mono);
    subscription.owes_present = true;
    subscription.failures = 0;
    stop_waiting(subscription, now);
    // The end of an unsolicited lamp that this takes the place of is not told first.
    for (const auto& member : members_of(subscription))
        reconcile(subscription.watcher, member, now, outbox);
    phone_heard(subscription.watcher, contact, source, now);
    subscription.counters.reserve();
    outbox.store(SubscriptionStored{to_stored(subscription)});
    note_news(subscription);
}

/// The present state once, and no subscription (RFC 6665 §4.4.3).
void GroupIndications::fetch(std::unique_ptr<Subscription> subscription, Moment now, Outbox& outbox)
{
    subscription->id = ids_.next();
    open_view(*subscription);
    send(*subscription, Step::present, DocumentKind::full,
         terminated_state(SubscriptionEnd::timeout), now, outbox);
    drop_unused_member(subscription->watcher, subscription->member);
}

ExpiryLimits GroupIndications::limits() const noexcept
{
    return {settings_.min_expires, settings_.default_expires, settings_.max_expires};
}

std::unique_ptr<Subscription> GroupIndications::requested(const SubscribeReceived& request,
                                                          std::string watched)
{
    auto subscription = std::make_unique<Subscription>();
    begin(*subscription, request, request.authenticated, std::move(watched),
          echoed_event(request.event_params), tokens_());
    subscription->user_agent = request.user_agent.substr(0, max_user_agent);
    if (subscription->user_agent.empty())  // as it said when it registered
        if (const auto* binding =
                binding_of(request.authenticated, request.contact, request.source))
            subscription->user_agent = binding->user_agent.substr(0, max_user_agent);
    subscription->devices = devices_of(request.authenticated, request.contact, request.source,
                                       subscription->user_agent);
    subscription->phone_key = phone_key(subscription->devices, request.contact);
    return subscription;
}

/// The registration of the phone at `contact`, or at `flow`; null when it has none.
const Binding* GroupIndications::binding_of(std::string_view watcher, const SipUri& contact,
                                            const Flow& flow) const
{
    return lampline::binding_of(locations_->bindings(watcher), contact, flow);
}

std::vector<std::string> GroupIndications::devices_of(std::string_view watcher,
                                                      const SipUri& contact, const Flow& flow,
                                                      std::string_view user_agent) const
{
    const auto* binding = binding_of(watcher, contact, flow);
    return device_ids(binding ? std::string_view{binding->instance} : "", user_agent, contact);
}

}  // namespace lampline
