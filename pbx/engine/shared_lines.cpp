// The notifier of event packages: claims on shared lines, and the calls that follow them.
#include <algorithm>
#include <string_view>

#include "core/appearance_payload.hpp"
#include "core/extension_uri.hpp"
#include "engine/event_notifier.hpp"

namespace lampline {
namespace {

WatcherPhone phone_of(const SipUri& contact, const std::vector<std::string>& route,
                      const Flow& flow)
{
    return {.contact = contact,
            .target = {.request_uri = {}, .route = route, .flow = flow},
            .expires_at = {},
            .user_agent = {}};
}

/// Whether somebody has published that appearance `index` of `extension` is in use.
bool is_used_elsewhere(const Publications& publications, std::string_view extension, unsigned index)
{
    const auto is_used = [&](const CallInfo& info) {
        return !info.rest && info.index == index &&
               (info.state ? *info.state != AppearanceState::idle : !info.other_state.empty());
    };
    for (const auto& header : publications.call_info(EventPackage::call_info, extension))
        if (const auto said = read_call_info(header.value);
            said && std::ranges::any_of(*said, is_used))
            return true;
    return false;
}

constexpr std::string_view taken{"Appearance Taken"};

/// After this response to its INVITE a phone sends another one by itself, for the same call: to
/// where it is redirected to, without the extension (RFC 3261 §8.1.3.5), with another interval (RFC
/// 4028 §7.3), or a little later.
bool is_sent_again(unsigned status) noexcept
{
    return status < 400 || status == 420 || status == 422 || status == 491;
}

}  // namespace

/// False: answered.
bool EventNotifier::names_appearance(const SubscribeReceived& request, Outbox& outbox) const
{
    if (appearance_in(request.payload)) return true;
    outbox.send(refusal(request, 400, facts_.directory().domain(),
                        "Call-Info is missing or malformed, or has no appearance-index",
                        "Appearance Missing"));
    return false;
}

/// Whether there is somebody who decides on claims: the exchange for the phones of a shared line,
/// or whoever publishes the appearances of the extension. False: answered.
bool EventNotifier::may_claim(const SubscribeReceived& request, const std::string& extension,
                              Outbox& outbox) const
{
    const auto count = facts_.appearance_count(extension);
    const bool own = request.authenticated == extension;
    if (own && count > 0) return true;
    const auto& published = facts_.publications();
    if (count == 0 && (!published.call_info(EventPackage::line_seize, extension).empty() ||
                       !published.call_info(EventPackage::call_info, extension).empty()))
        return true;
    outbox.send(own ? refusal(request, 404, facts_.directory().domain(),
                              "the extension has no appearances", "No Appearances")
                    : refusal(request, 403, facts_.directory().domain(),
                              "only a phone of the line claims its appearances"));
    return false;
}

/// Claims the appearance that is asked for. Of several phones the first gets it; a phone that has
/// it, and knows no more of that, goes on with `before` ended. One that is idle here, and published
/// as in use, is not free. False: answered.
bool EventNotifier::claim(EventSubscription& subscription, const SubscribeReceived& request,
                          SubscriptionId& before, Outbox& outbox)
{
    const auto count = facts_.appearance_count(subscription.member);
    const auto wanted = appearance_in(request.payload);
    if (count == 0 || !wanted || subscription.watcher != subscription.member) return true;
    auto& appearances = facts_.appearances();
    const bool elsewhere =
        wanted->index <= count && !appearances.state(subscription.member, wanted->index) &&
        is_used_elsewhere(facts_.publications(), subscription.member, wanted->index);
    const auto [seizure, own] =
        elsewhere ? Appearances::Claim{}
                  : appearances.seize(
                        subscription.member, wanted->index, count, subscription.id,
                        phone_of(request.contact, request.record_route, request.source));
    if (seizure == Seizure::granted) {
        subscription.appearance = wanted->index;
        before = own;
        return true;
    }
    const bool has_it = seizure == Seizure::taken;
    Reply reply = answer(request, has_it ? 480 : 404);
    reply.phrase = has_it ? taken : "No Such Appearance";
    outbox.send(std::move(reply));
    return false;
}

void EventNotifier::claims_changed(const std::string& extension, Moment now, Outbox& outbox)
{
    facts_.appearances().seat(extension, facts_.appearance_count(extension));
    changed(EventPackage::call_info, extension, now, outbox);
}

/// A claim that is over is named without a state; who has none is told those of others. What a third
/// party says of claims is in `headers`.
void EventNotifier::add_claims(const EventSubscription& subscription, bool over,
                               std::vector<Header>& headers) const
{
    if (subscription.package != EventPackage::line_seize) return;
    const auto& domain = facts_.directory().domain();
    const auto claim = [&](unsigned index) {
        CallInfo info{.uri = write(extension_uri(subscription.member, domain)),
                      .index = index,
                      .rest = false,
                      .state = AppearanceState::seized,
                      .appearance_uri = {}};
        if (over && index == subscription.appearance) info.state.reset();
        return write(info);
    };
    if (subscription.appearance > 0)
        return headers.push_back({"Call-Info", claim(subscription.appearance)});
    if (!headers.empty()) return;
    std::string claims;
    const auto count = facts_.appearance_count(subscription.member);
    for (unsigned index = 1; index <= count; ++index)
        if (facts_.appearances().state(subscription.member, index) == AppearanceState::seized)
            claims += claim(index) + ", ";
    headers.push_back({"Call-Info", claims + write(idle_rest(subscription.member, domain))});
}

bool EventNotifier::choose_appearance(InviteReceived& request, Outbox& outbox)
{
    const auto& extension = request.authenticated;
    auto& appearances = facts_.appearances();
    const auto asked = appearance_in(request.payload);
    if (asked) request.payload = without_appearance(request.payload);
    const auto dialled = extension_of(request.request_uri);
    const bool emergency = facts_.directory().digit_plan().is_emergency(dialled);
    const unsigned index = asked && !emergency ? asked->index : 0;  // which one is no matter then
    const auto phone = phone_of(request.contact, request.record_route, request.source);
    if (index > 0 && appearances.is_claimed_by_another(extension, index, phone)) {
        outbox.send(Reply{.transaction = request.transaction,
                          .status = 480,
                          .phrase = std::string{taken},
                          .headers = {{"Warning", "399 " + facts_.directory().domain() +
                                                      " \"another phone of this line has claimed "
                                                      "appearance " +
                                                      std::to_string(index) + '"'}}});
        return false;
    }
    if (index > 0 && !request.replaces && dialled == extension) {
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
    appearances.expect(extension, request.call_id, index, phone);
    return true;
}

void EventNotifier::appearance_chosen(const InviteReceived& request, unsigned refused, Moment now,
                                      Outbox& outbox)
{
    auto& appearances = facts_.appearances();
    appearances.forget_expected(request.authenticated);
    if (is_sent_again(refused)) return;
    const auto asked = appearance_in(request.payload);
    const auto claim =
        appearances.claim_of(request.authenticated, asked ? asked->index : 0,
                             phone_of(request.contact, request.record_route, request.source));
    if (const auto found = subscriptions_.find(claim); found != subscriptions_.end())
        end(*found->second, SubscriptionEnd::noresource, now, outbox);
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
