// The notifier of event packages: claims on shared lines, and the calls that follow them.
#include <algorithm>

#include "core/extension_uri.hpp"
#include "engine/event_notifier.hpp"

namespace lampline {
namespace {

/// The first value of a Call-Info header of `payload` that is about appearances; nullopt: none, or
/// malformed.
std::optional<CallInfo> appearance_in(const PayloadRef& payload)
{
    if (!payload) return std::nullopt;
    for (const auto& header : payload->headers) {
        if (header.name != "Call-Info") continue;
        const auto infos = read_call_info(header.value);
        if (!infos) continue;
        for (const auto& info : *infos)
            if (info.index > 0) return info;
    }
    return std::nullopt;
}

/// Appearances are between a phone and its exchange: the other side has lines of its own.
PayloadRef without_appearance(const PayloadRef& payload)
{
    auto rest = std::make_shared<Payload>(*payload);
    std::erase_if(rest->headers, [](const Header& header) {
        return header.name == "Call-Info" &&
               header.value.find("appearance-index") != std::string::npos;
    });
    return rest;
}

}  // namespace

/// False: answered.
bool EventNotifier::names_appearance(const SubscribeReceived& request, Outbox& outbox) const
{
    if (appearance_in(request.payload)) return true;
    Reply reply = answer(request, 400,
                         {{"Warning", "399 " + facts_.directory().domain() +
                                          " \"Call-Info has no appearance-index\""}});
    reply.phrase = "Appearance Missing";
    outbox.send(std::move(reply));
    return false;
}

/// Claims the appearance that is asked for. Of several phones the first gets it. False: answered.
bool EventNotifier::claim(EventSubscription& subscription, const SubscribeReceived& request,
                          Outbox& outbox)
{
    const auto count = facts_.appearance_count(subscription.member);
    const auto wanted = appearance_in(request.payload);
    if (count == 0 || !wanted || subscription.watcher != subscription.member) return true;
    const auto seizure = facts_.appearances().seize(subscription.member, wanted->index, count,
                                                    subscription.id, request.source);
    if (seizure == Seizure::granted) {
        subscription.appearance = wanted->index;
        return true;
    }
    const bool taken = seizure == Seizure::taken;
    Reply reply = answer(request, taken ? 480 : 404);
    reply.phrase = taken ? "Appearance Taken" : "No Such Appearance";
    outbox.send(std::move(reply));
    return false;
}

Header EventNotifier::claim_header(const EventSubscription& subscription) const
{
    const auto line = extension_uri(subscription.member, facts_.directory().domain());
    return {"Call-Info", write(CallInfo{.uri = write(line),
                                        .index = subscription.appearance,
                                        .rest = false,
                                        .state = AppearanceState::seized,
                                        .appearance_uri = {}})};
}

/// A phone that is gone claims nothing.
void EventNotifier::release_unregistered(const std::string& aor, Moment now, Outbox& outbox)
{
    const auto watcher = watchers_.find(aor);
    if (watcher == watchers_.end()) return;
    Subscriptions gone;
    for (auto* one : watcher->second.subscriptions) {
        if (one->appearance == 0) continue;
        const auto bindings = facts_.locations().bindings(aor);
        const bool there = std::ranges::any_of(bindings, [&](const Binding& binding) {
            return same_phone(WatcherPhone{.contact = binding.contact,
                                           .target = target_of(binding),
                                           .expires_at = {},
                                           .user_agent = {}},
                              contact_of(*one), one->dialog->flow);
        });
        if (!there) gone.push_back(one);
    }
    for (auto* one : gone) end(*one, SubscriptionEnd::noresource, now, outbox);
}

bool EventNotifier::choose_appearance(InviteReceived& request, Outbox& outbox)
{
    const auto& extension = request.authenticated;
    auto& appearances = facts_.appearances();
    const auto asked = appearance_in(request.payload);
    if (asked) request.payload = without_appearance(request.payload);
    const unsigned index = asked ? asked->index : 0;
    if (index > 0 && !request.replaces && extension_of(request.request_uri) == extension) {
        const auto state = appearances.state(extension, index);
        if (const auto* held = appearances.held(extension, index)) {
            request.replaces = Replaces{
                .call_id = held->call_id, .to_tag = held->remote_tag, .from_tag = held->local_tag};
        } else if (state && *state != AppearanceState::seized) {
            outbox.send(Reply{
                .transaction = request.transaction, .status = 403, .phrase = "Not On Public Hold"});
            return false;
        }
    }
    appearances.expect(extension, request.call_id, index, request.source);
    return true;
}

std::optional<PayloadRef> EventNotifier::note_appearance(const RequestReceived& request,
                                                         std::string_view extension)
{
    if (request.method != Method::invite || !shares_line(extension)) return std::nullopt;
    const auto said = appearance_in(request.payload);
    if (!said) return std::nullopt;
    if (facts_.appearances().place_of(request.leg))
        asked_holds_.insert_or_assign(
            request.transaction,
            AskedHold{request.leg, said->state == AppearanceState::held_private});
    return without_appearance(request.payload);
}

std::vector<LegId> EventNotifier::settle_holds(std::span<const SipCommand> sent)
{
    std::vector<LegId> settled;
    if (asked_holds_.empty()) return settled;
    for (const auto& command : sent) {
        const auto* reply = std::get_if<Reply>(&command);
        if (!reply || reply->status < 200) continue;
        const auto asked = asked_holds_.extract(reply->transaction);
        if (!asked || reply->status >= 300) continue;
        facts_.appearances().note_private(asked.mapped().leg, asked.mapped().is_private);
        settled.push_back(asked.mapped().leg);
    }
    return settled;
}

void EventNotifier::hold_settled(LegId leg, Moment now, Outbox& outbox)
{
    if (const auto* extension = facts_.appearances().extension_of(leg))
        changed(EventPackage::call_info, *extension, now, outbox);
}

std::optional<Header> EventNotifier::appearance_header(const DialogSnapshot& dialog) const
{
    const auto place = facts_.appearances().place_of(dialog.leg);
    if (!place) return std::nullopt;
    const auto line = extension_uri(dialog.extension, facts_.directory().domain());
    return Header{"Call-Info", write(CallInfo{.uri = write(line),
                                              .index = place->index,
                                              .rest = false,
                                              .state = {},
                                              .appearance_uri = {}})};
}

}  // namespace lampline
