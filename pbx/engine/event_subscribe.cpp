// The notifier of event packages: SUBSCRIBE (RFC 6665 §4.2.1).
#include <utility>

#include "base/text.hpp"
#include "core/dialog_filter.hpp"
#include "core/extension_uri.hpp"
#include "core/feature_event.hpp"
#include "engine/event_notifier.hpp"

namespace lampline {
namespace {

using std::chrono::seconds;

/// Parameters do not count.
bool is_of_type(std::string_view content_type, std::string_view type)
{
    return same_word(trimmed(content_type.substr(0, content_type.find(';'))), type);
}

/// The Event of our NOTIFYs: only `id` is echoed (RFC 6665 §8.2.1).
std::string event_of(EventPackage package, std::string_view params)
{
    std::string event{name(package)};
    if (const auto id = event_id(params); !id.empty()) event.append(";id=").append(id);
    return event;
}

/// How long what is over may take still: several NOTIFYs that are to be answered, changes that are
/// to be stored.
constexpr seconds patience{32};

}  // namespace

void EventNotifier::receive(const SubscribeReceived& request, Moment now, Outbox& outbox)
{
    const auto package = event_package(request.event);
    if (!package) return outbox.send(answer(request, 489, {{"Allow-Events", allow_events()}}));
    const auto type = row_of(*package).content_type;
    if (!accepts_type(request, type))
        return outbox.send(answer(request, 406, {{"Accept", std::string{type}}}));
    if (request.parties.to_tag.empty())
        receive_initial(request, *package, now, outbox);
    else
        receive_in_dialog(request, *package, now, outbox);
}

/// False: the body cannot be read, and the request is answered.
bool EventNotifier::read_asked(const SubscribeReceived& request, EventPackage package,
                               std::vector<DialledFeature>& asked, Outbox& outbox) const
{
    const auto& row = row_of(package);
    if (!row.read_request || !has_body(request.payload)) return true;
    if (!is_of_type(request.payload->content_type, row.content_type)) {
        outbox.send(answer(request, 415, {{"Accept", std::string{row.content_type}}}));
        return false;
    }
    auto read = row.read_request(request.payload->body);
    if (!read) {
        outbox.send(refusal(request, 400, facts_.directory().domain(),
                            "the body is not XML of at most 32 KB and 16 levels without a DOCTYPE, "
                            "or a forward has no number, or a switch is neither true nor false",
                            "Malformed Body"));
        return false;
    }
    asked = std::move(*read);
    return true;
}

void EventNotifier::receive_initial(const SubscribeReceived& request, EventPackage package,
                                    Moment now, Outbox& outbox)
{
    std::optional<std::vector<ContainedEntry>> contained;
    if (request.recipient_list) {
        contained =
            contained_list(request, facts_.directory(), row_of(package).content_type, outbox);
        if (!contained) return;
    }
    const auto extension = contained ? name_of_list(request) : extension_of(request.request_uri);
    // An extension that is not there and one that may not be seen look the same.
    const bool single =
        !contained && row_of(package).may_watch(facts_, request.authenticated, extension);
    if (!single && !contained && !admit_list(request, package, extension, outbox)) return;
    if (request.contact.host.empty()) {
        return outbox.send(refusal(request, 400, facts_.directory().domain(),
                                   "Contact: expected the address of the phone",
                                   "Missing Contact Header"));
    }
    auto subscription = std::make_unique<EventSubscription>();
    begin(*subscription, request, request.authenticated, extension,
          event_of(package, request.event_params), tokens_());
    subscription->package = package;
    subscription->begun_at = now.mono;
    subscription->user_agent = request.user_agent.substr(0, max_user_agent);
    subscription->phone_key = phone_key(*subscription, facts_.locations());
    const auto together = row_of(package).type_together;
    subscription->together = !together.empty() && !request.accept.empty() &&
                             accepts_type(request, together.substr(0, together.find(';')));
    if (!single) {
        subscription->list = std::make_unique<EventList>();
        if (contained) subscription->list->entries = *std::move(contained);
        require_lists(*subscription);
    }
    if (is_too_long(*subscription)) return outbox.send(answer(request, 513));
    auto* const known = requested_.of_origin(*subscription);
    if (known && !known->ending && is_repeated(*known, request, now))
        return outbox.send(accept(request, known->local_tag, *known, known->granted));
    const auto origin = origin_of(*subscription);
    if (const auto* tag = settled_.find(origin, request.cseq))
        return outbox.send(accept(request, *tag, *subscription, seconds{0}));

    std::vector<DialledFeature> asked;
    if (!read_asked(request, package, asked, outbox)) return;
    if (package == EventPackage::line_seize &&
        (!may_claim(request, extension, outbox) || !names_appearance(request, outbox)))
        return;
    const auto granted = grant(request, limits_of(package), outbox);
    if (!granted) return;
    if (is_one_too_many(*subscription, single ? 0 : subscription->list->entries.size()))
        return outbox.send(
            refusal(request, 403, facts_.directory().domain(), "too many subscriptions"));
    if (granted->count() == 0) {  // the present state once, and no subscription (§4.4.3)
        settled_.add(origin, request.cseq, subscription->local_tag, now);
        outbox.send(accept(request, subscription->local_tag, *subscription, *granted));
        subscription->expires_mono = now.mono + patience;
        subscription->fetch = true;
        if (subscription->list) subscription->list->ending = SubscriptionEnd::timeout;
        auto& shown = add(std::move(subscription), now);
        follow_registration(shown, facts_.locations());
        expiry_.set(shown.id, shown.expires_mono);
        await(shown, request, asked, outbox);
        shown.answers = true;
        return deliver(shown, now, outbox);
    }
    // The phone has lost its dialog and begins another one with the same Call-ID and tag. What it
    // had claimed in that one is not free in between.
    const bool had_claim = known && std::exchange(known->appearance, 0) > 0 &&
                           facts_.appearances().release(known->member, known->id);
    if (known) drop(*known, now, outbox);
    auto& added = add(std::move(subscription), now);
    SubscriptionId before{};
    if (package == EventPackage::line_seize && !claim(added, request, before, outbox)) {
        drop(added, now, outbox);
        if (had_claim) claims_changed(extension, now, outbox);
        return;
    }
    outbox.send(accept(request, added.local_tag, added, *granted));
    refresh(added, request, *granted, asked, now, outbox);
    if (const auto own = subscriptions_.find(before); own != subscriptions_.end())
        end(*own->second, SubscriptionEnd::noresource, now, outbox);
    if (added.appearance > 0 || had_claim) claims_changed(added.member, now, outbox);
}

void EventNotifier::receive_in_dialog(const SubscribeReceived& request, EventPackage package,
                                      Moment now, Outbox& outbox)
{
    const auto key = dialog_key(request.call_id, request.parties.to_tag);
    auto* const known = requested_.in_dialog(request.call_id, request.parties.to_tag);
    const bool same = known && known->package == package &&
                      event_id(known->dialog->event) == event_id(request.event_params);
    if (!same || known->over || known->ending || (known->list && known->list->ending) ||
        known->remote_tag != request.parties.from_tag) {
        if (settled_.find(key, request.cseq))
            return outbox.send(accept(request, request.parties.to_tag, seconds{0}));
        outbox.send(answer(request, 481));
        // What asks for something else says nothing of this usage (RFC 6665 §4.1.2.2).
        if (same && hears_end(*known, request)) end_heard(*known, now, outbox);
        return;
    }
    auto& subscription = *known;
    if (subscription.watcher != request.authenticated) return outbox.send(answer(request, 403));
    if (request.cseq < subscription.remote_cseq) return outbox.send(answer(request, 500));
    if (request.cseq == subscription.remote_cseq)
        return outbox.send(
            accept(request, subscription.local_tag, subscription, subscription.granted));

    std::vector<DialledFeature> asked;
    if (!read_asked(request, package, asked, outbox)) return;
    std::optional<std::vector<ContainedEntry>> replaced;
    if (subscription.list && !subscription.list->entries.empty() && contains_list(request)) {
        replaced =
            contained_list(request, facts_.directory(), row_of(package).content_type, outbox);
        if (!replaced) return;
        if (is_one_too_many(subscription, replaced->size()))
            return outbox.send(
                refusal(request, 403, facts_.directory().domain(), "too many subscriptions"));
    }
    const auto granted = grant(request, limits_of(package), outbox);
    if (!granted) return;
    outbox.send(accept(request, subscription.local_tag, subscription, *granted));
    if (replaced && granted->count() > 0) replace_list(subscription, *std::move(replaced), now);
    if (granted->count() > 0) return refresh(subscription, request, *granted, asked, now, outbox);
    settled_.add(key, request.cseq, subscription.local_tag, now);
    if (!asked.empty() || subscription.unsettled > 0)
        return end_when_settled(subscription, request, asked, now, outbox);
    const std::string watcher = subscription.watcher;
    end(subscription, SubscriptionEnd::timeout, now, outbox);
    reconcile(watcher, now, outbox);
}

/// What is asked for with the last word is told as the last word, when it is done.
void EventNotifier::end_when_settled(EventSubscription& subscription,
                                     const SubscribeReceived& request,
                                     const std::vector<DialledFeature>& asked, Moment now,
                                     Outbox& outbox)
{
    subscription.fetch = true;
    subscription.remote_cseq = request.cseq;
    subscription.granted = seconds{0};
    subscription.expires_mono = now.mono + patience;
    expiry_.set(subscription.id, subscription.expires_mono);
    await(subscription, request, asked, outbox);
    stop_waiting(subscription, now);
    outbox.store(SubscriptionRemoved{subscription.dialog->call_id, subscription.local_tag});
}

/// Asks for the change of features. Each is told when it is settled.
void EventNotifier::await(EventSubscription& subscription, const SubscribeReceived& request,
                          const std::vector<DialledFeature>& asked, Outbox& outbox)
{
    for (const auto& feature : asked) {
        const auto part = feature_event_of(feature.feature);
        if (part < subscription.told.size()) subscription.told[part] = nullptr;
        outbox.ask({.leg = {},
                    .extension = request.authenticated,
                    .address = request.source.host,
                    .dialled = feature,
                    .subscription = subscription.id});
    }
    subscription.unsettled += asked.size();
}

ExpiryLimits EventNotifier::limits_of(EventPackage package) const noexcept
{
    constexpr seconds seized{15};
    if (package == EventPackage::line_seize) return {seconds{1}, seized, seized};
    return settings_.expires;
}

/// Begins or prolongs. The phone is there now, wherever it was before, and gets the whole present
/// state.
void EventNotifier::refresh(EventSubscription& subscription, const SubscribeReceived& request,
                            seconds granted, const std::vector<DialledFeature>& asked, Moment now,
                            Outbox& outbox)
{
    const bool named = !request.contact.host.empty();
    const SipUri contact = named ? request.contact : contact_of(subscription);
    prolong(subscription, request, granted, now);
    subscription.fetch = false;
    expiry_.set(subscription.id, subscription.expires_mono);
    move(subscription, named ? write(request.contact) : subscription.dialog->request_uri,
         subscription.dialog->route, request.source, now);
    follow_registration(subscription, facts_.locations());
    // Who changes one thing is told about that, and about nothing else again.
    const bool knows_the_rest = subscription.certain && !asked.empty();
    subscription.owes_present = subscription.owes_present || !knows_the_rest;
    await(subscription, request, asked, outbox);
    subscription.failures = 0;
    stop_waiting(subscription, now);
    phone_heard(subscription.watcher, contact, request.source, now);
    reconcile(subscription.watcher, now, outbox);
    subscription.gap = gap_for(subscription);
    subscription.answers = true;
    subscription.counters.reserve();
    outbox.store(SubscriptionStored{stored(subscription)});
    // A claim is granted before the one that it takes the place of ends.
    if (subscription.appearance > 0) return deliver(subscription, now, outbox);
    note_news(subscription);
}

}  // namespace lampline
