// What a REFER points to: within a call, outside any (click to dial from a dialer), and its elder,
// BYE with Also.
#include <algorithm>

#include "base/text.hpp"
#include "core/dialog_match.hpp"
#include "core/extension_uri.hpp"
#include "core/refer.hpp"
#include "engine/call_engine.hpp"
#include "engine/route_question.hpp"

namespace lampline {
namespace {

/// What a phone has written where the edge has put a comma before it, as it cannot be read.
std::string_view as_written(std::string_view value) noexcept
{
    if (value.starts_with(',')) value.remove_prefix(1);
    return value;
}

/// The value of the only header of that name; nullptr: none. `count` says how many there are.
const std::string* only_header(const PayloadRef& payload, std::string_view name, std::size_t& count)
{
    const std::string* found = nullptr;
    count = 0;
    if (!payload) return found;
    for (const auto& header : payload->headers) {
        if (header.name != name) continue;
        ++count;
        if (!found) found = &header.value;
    }
    return found;
}

}  // namespace

std::optional<std::pair<unsigned, std::string>>
CallEngine::fault_of_referral(const std::optional<ReferTo>& to, std::string_view referrer,
                              std::string_view header)
{
    const auto says = [&](std::string_view words) { return std::string{header}.append(words); };
    if (!to) return {{400, says(": expected one SIP URI, with a well-formed Replaces if any")}};
    // A dialog of ours says who is meant, wherever the transferor has seen that phone to be.
    const bool is_here = addresses_.called_by(to->uri) ||
                         (to->replaces &&
                          find_replaced(*to->replaces, referrer, Untagged::own) != nullptr);
    if (!to->wants_invite || to->elsewhere || !is_here)
        return {{403, says(": only calls within this exchange")}};
    return std::nullopt;
}

Result<CallEngine::Referral, Reply> CallEngine::referral_of(const PayloadRef& payload,
                                                            std::string_view referrer,
                                                            TransactionId transaction)
{
    const auto refuse = [&](unsigned status, std::string_view phrase, std::string_view warning) {
        return unexpected{Reply{.transaction = transaction,
                                .status = status,
                                .phrase = std::string{phrase},
                                .headers = {addresses_.warning_of(warning)}}};
    };
    std::size_t count = 0;
    const auto* value = only_header(payload, "Refer-To", count);
    auto to = value && count == 1 ? parse_refer_to(*value) : std::nullopt;
    if (const auto fault = fault_of_referral(to, referrer, "Refer-To"))
        return refuse(fault->first,
                      fault->first == 400 ? "Bad Refer-To" : "Not A Place To Transfer To",
                      fault->second);
    Referral referral{.to = std::move(*to)};
    referral.headers = std::move(referral.to.headers);
    if (const auto* by = only_header(payload, "Referred-By", count)) {
        if (count != 1 || !is_referred_by(*by))
            return refuse(400, "Bad Referred-By", "Referred-By: expected one address");
        referral.headers.push_back({"Referred-By", *by});
    }
    const auto* subscribe = only_header(payload, "Refer-Sub", count);
    const auto wish = subscribe ? std::string_view{*subscribe} : std::string_view{};
    referral.silent = same_word(trimmed(wish.substr(0, wish.find(';'))), "false");
    return referral;
}

std::string CallEngine::referred_to(const PayloadRef& payload) const
{
    std::size_t count = 0;
    const auto* value = only_header(payload, "Refer-To", count);
    if (!value) return {};
    const auto to = parse_refer_to(*value);
    return to && !to->elsewhere ? asked_for(to->uri) : std::string{as_written(*value)};
}

void CallEngine::receive(const ReferReceived& input, Moment now, Outbox& outbox)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    std::size_t dialogs = 0;
    only_header(input.payload, "Target-Dialog", dialogs);
    if (dialogs > 0) return receive_target_dialog(input, now, outbox);
    auto referral = referral_of(input.payload, input.authenticated, input.transaction);
    if (!referral) return outbox.send(std::move(referral.error()));
    const auto refuse = [&](unsigned status, std::string_view phrase, std::string_view warning,
                            std::string_view reason = {}) {
        Reply reply{.transaction = input.transaction,
                    .status = status,
                    .phrase = std::string{phrase},
                    .headers = {addresses_.warning_of(warning)}};
        if (!reason.empty()) reply.headers.push_back({"Reason", std::string{reason}});
        outbox.send(std::move(reply));
    };
    // A URI without a user names the phone that the dialer stands beside: that of who sends it.
    const auto clicked = input.request_uri.user.empty() ? input.authenticated
                                                        : extension_of(input.request_uri);
    if (clicked != input.authenticated) {
        const auto* dialer = directory_->find(input.authenticated);
        if (!dialer || !dialer->trusted)
            return refuse(403, "Not Your Phone",
                          "Only phones of your own can be made to call; those of others if your "
                          "extension is trusted");
        if (!directory_->find(clicked))
            return refuse(404, "No Such Extension", "There is no extension " + clicked);
    }
    const auto called = addresses_.called_by(referral->to.uri);
    if (referral->to.replaces || !called)
        return refuse(403, "Not A Place To Transfer To",
                      "Refer-To: calls are taken by an INVITE with Replaces");

    const auto answer = place({.action = CallAction::place, .from = clicked, .to = called->number},
                              *called, input.call_id, now, outbox);
    switch (answer.outcome) {
    case OrderOutcome::begun: break;
    case OrderOutcome::overloaded:
        return refuse(486, "Too Many Calls", "Try again in a minute", congestion_reason);
    case OrderOutcome::bad_member:
        return answer.code == "unknown_number"
                   ? refuse(404, "No Such Number", "Refer-To: there is no such number")
                   : refuse(403, "Not A Place To Transfer To", "Refer-To: " + answer.message,
                            reason_of_limit(
                                route(question_of_click(clicked, *called), router_view())));
    default: {
        const auto route = lampline::route(question_of_click(clicked, *called), router_view());
        if (refused_by_office(route))
            return refuse(route.status, route.phrase, "Refer-To: " + answer.message,
                          reason_of_limit(route));
        return refuse(480, "No Phone Registered", "Register the phone that is to call");
    }
    }
    Call& call = *find_shown(answer.call->id);
    call.referred = std::move(referral->headers);
    if (called->phone || !called->domain.empty()) call.called_at = referral->to.uri;
    if (referral->silent)
        outbox.send(Reply{.transaction = input.transaction,
                          .status = 202,
                          .local_tag = tokens_(),
                          .headers = {{"Refer-Sub", "false"}}});
    else
        set_timer(call, CallTimer::referral,
                  refer_subscriptions_.accept(input, call.id, now, outbox));
}

void CallEngine::receive_target_dialog(const ReferReceived& input, Moment now, Outbox& outbox)
{
    std::size_t count = 0;
    const auto* value = only_header(input.payload, "Target-Dialog", count);
    const auto named = count == 1 ? parse_target_dialog(*value) : std::nullopt;
    const auto refuse = [&](unsigned status, std::string_view phrase, std::string_view warning) {
        outbox.send(Reply{.transaction = input.transaction,
                          .status = status,
                          .phrase = std::string{phrase},
                          .headers = {addresses_.warning_of(warning)}});
    };
    if (!named)
        return refuse(400, "Bad Target-Dialog",
                      "Target-Dialog: expected one Call-ID, with local-tag and remote-tag");
    Leg* leg = own_dialog(*named, input.authenticated);
    if (!leg)
        return refuse(481, "No Such Dialog",
                      "Target-Dialog: your extension has no dialog with this Call-ID and these tags");
    Call& call = *find(leg->id).first;
    const auto refuse_in_call = [&](Reply reply) {
        reply.transaction = input.transaction;
        refuse_referral(call, *leg, input.payload, std::move(reply), outbox);
    };
    auto referral = referral_of(input.payload, leg->extension, input.transaction);
    if (!referral) return refuse_in_call(std::move(referral.error()));
    if (leg->proxied)  // the phones follow it by themselves, within their dialog
        return refuse_in_call(
            {.status = 488, .phrase = "Call In Proxy Mode", .headers = {proxied_warning()}});
    if (auto refusal = refusal_to_refer(call, *leg)) return refuse_in_call(std::move(*refusal));

    if (referral->silent)
        outbox.send(Reply{.transaction = input.transaction,
                          .status = 202,
                          .local_tag = tokens_(),
                          .headers = {{"Refer-Sub", "false"}}});
    else  // in the dialog that this REFER begins (RFC 3515 §2.4.4)
        set_timer(call, CallTimer::referral,
                  refer_subscriptions_.accept(input, call.id, now, outbox));
    follow_referral(call, *leg, std::move(*referral), false, now, outbox);
    sweep(call, now, outbox);
}

Leg* CallEngine::own_dialog(const Replaces& named, std::string_view extension)
{
    for (const auto id : index_.by_call_id(named.call_id)) {
        Leg* leg = find(id).second;
        // Which tag is whose is written the other way round by who sees it from its own side.
        const bool is_meant = rung_of(leg->dialog, named) <= MatchRung::exchanged;
        if (is_meant && leg->extension == extension && leg->state != LegState::terminated)
            return leg;
    }
    return nullptr;
}

void CallEngine::receive(const SubscribeReceived& input, Moment now, Outbox& outbox)
{
    if (const auto kept = refer_subscriptions_.receive(input, now, outbox))
        timers_.set(kept->call, CallTimer::referral, kept->expires_at);
}

/// Where the Contact of a BYE names a third party, and is not merely the phone's own (as most
/// phones write it), it means what Also means.
bool CallEngine::sends_on(Call& call, Leg& leg, const RequestReceived& input, std::string& reason,
                          Moment now, Outbox& outbox)
{
    std::optional<ReferTo> to;
    Reply reply{.transaction = input.transaction, .status = 200};
    if (!leg.trunk.empty()) {  // nobody outside sends calls on
    } else if (!input.also.empty()) {
        to = parse_refer_to(input.also);
        if (const auto fault = fault_of_referral(to, leg.extension, "Also")) {
            reply.status = fault->first;
            reply.headers = {addresses_.warning_of(fault->second)};
            if (reason.empty())  // its peer hears no more of it than that the call is over
                reason = fault->first == 400
                             ? "SIP;cause=400;text=\"Bad Also\""
                             : "SIP;cause=403;text=\"Not A Place To Transfer To\"";
            const auto target = to && !to->elsewhere ? asked_for(to->uri)
                                                     : std::string{as_written(input.also)};
            move_failed(call, leg.id,
                        failed_move(MoveKind::transfer, target, fault->first, {}, reply.headers),
                        outbox);
            to.reset();
        }
    } else if (const auto& contact = input.left_contact) {
        const auto number = extension_of(*contact);
        const bool third = addresses_.is_own_host(contact->host) && contact->port == 0 &&
                           !addresses_.is_of_other_plan(*contact) &&
                           number != leg.extension &&
                           !equivalent(*contact, leg.dialog_state.target) &&
                           directory_->is_destination(number);
        if (third) to = ReferTo{.uri = *contact, .replaces = {}};
    }
    outbox.send(std::move(reply));
    const auto called = to ? addresses_.called_by(to->uri) : std::nullopt;
    const Leg* transferee = call.peer_of(leg);
    const bool leads_somewhere = called || (to && to->replaces);
    const bool can = leads_somewhere && leg.talking() && transferee && transferee->talking() &&
                     !transferee->slot && call.phase == CallPhase::talking && !is_moving(call);
    if (!can) return false;

    const std::string by = leg.extension;
    call.transfer = Transfer{.transferor = leg.id,
                             .transferee = transferee->id,
                             .reports = false,
                             .to = asked_for(to->uri)};
    leaves_transfer(call, leg, now, outbox);
    if (to->replaces)
        consult(call, leg, *to->replaces, {}, now, outbox);
    else if (called)
        ring_target(call, by, *called, std::move(to->headers), now, outbox);
    return true;
}

}  // namespace lampline
