// Whether an INVITE becomes a call, and of which kind; what is told to who is refused.
#include <algorithm>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "engine/call_engine.hpp"

namespace lampline {
namespace {

/// Calls beyond the limit that are kept free for emergency numbers.
constexpr std::size_t room_for_emergencies = 100;

/// What the INVITE of a phone says, as other phones may be told it: who has diverted the call to it
/// and wants to stay private is nobody (RFC 5806, RFC 7044 §10.1). `payload` itself when all is told.
PayloadRef told_on(const PayloadRef& payload)
{
    const auto tells_diversion = [](const Header& header) {
        return same_word(header.name, "Diversion") || same_word(header.name, "History-Info");
    };
    if (!payload || std::ranges::none_of(payload->headers, tells_diversion)) return payload;
    auto told = std::make_shared<Payload>(*payload);
    auto hidden = told_diversions(payload->headers);
    auto in_its_place = hidden.begin();
    for (auto& header : told->headers)
        if (tells_diversion(header)) header = std::move(*in_its_place++);
    return told->headers == payload->headers ? payload : told;
}

}  // namespace

void CallEngine::receive(const InviteReceived& received, Moment now, Outbox& outbox)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    std::optional<InviteReceived> changed;
    if (!received.trunk.empty()) {
        changed = take_from_outside(received, outbox);
        if (!changed) return;
    } else if (auto told = told_on(received.payload); told != received.payload) {
        changed = received;
        changed->payload = std::move(told);
    }
    const InviteReceived& input = changed ? *changed : received;
    if (input.max_forwards == 0) return reject(input, 483, "Too Many Hops", outbox);
    // As if a Replaces were not there it would be an ordinary call. Who calls for help is let do so.
    if (input.uri_has_headers && !is_emergency(extension_of(input.request_uri)))
        return reject(input, 400, "Bad Request-URI", outbox,
                      {addresses_.warning_of("Request-URI: expected one without headers")});
    if (calls_.size() >= settings_.max_calls &&
        (!input.trunk.empty() || !has_room_for_emergency(extension_of(input.request_uri))))
        return reject(input, 486, "Too Many Calls", outbox,
                      {{"Retry-After", "5"}, {"Reason", std::string{congestion_reason}}});
    if (input.session_timer.expires > 0s &&
        input.session_timer.expires < settings_.min_session_expires)
        return reject(input, 422, "Session Interval Too Small", outbox,
                      {{"Min-SE", std::to_string(settings_.min_session_expires.count())}});
    const auto refuse_extension = [&] {
        std::vector<Header> unsupported;
        for (const auto& tag : input.unsupported) unsupported.push_back({"Unsupported", tag});
        reject(input, 420, "Bad Extension", outbox, std::move(unsupported));
    };
    if (!input.unsupported.empty() && (input.join || input.replaces)) return refuse_extension();
    if (input.join) return receive_join(input, now, outbox);
    if (input.replaces) return receive_replaces(input, now, outbox);  // never an ordinary call

    const auto* phone = addresses_.addressed_phone(input.request_uri);
    const bool elsewhere = !phone && !input.to_us;
    if (elsewhere && !directory_->serves_elsewhere(input.request_uri.host))
        return reject(input, 404, "Not A Number Here", outbox);
    const auto dialled = addresses_.dialled_by(input);
    // A carrier calls numbers of its own plan, which its trunk has names for.
    if (input.trunk.empty() && !phone && input.to_us &&
        addresses_.is_of_other_plan(input.request_uri) && !is_emergency(dialled))
        return reject(input, 404, "Not A Number Here", outbox,
                      {addresses_.warning_of("Request-URI: its phone-context is not of this exchange")});
    std::vector<Diversion> diversions;
    // Whom a phone does not want told to others is part of a loop all the same.
    if (const auto& known = input.trunk.empty() ? received.payload : input.payload; known)
        diversions = parse_diversions(known->headers);
    name_as_here(diversions, input.trunk);
    const auto shown = addresses_.number_shown_by(input);
    const PhoneAddress own{input.source, input.contact, input.authenticated};
    auto route = lampline::route(
        {input.authenticated, dialled, &own, diversions, shown, phone, input.trunk},
        router_view());
    // Who calls where it was told to, by us all the same, would be told so for ever.
    if (elsewhere && route.mode == CallMode::redirect) route.mode = CallMode::bridge;
    // A number at another proxy's is no number here.
    const bool here =
        route.kind == RouteKind::feature ||
        (route.kind == RouteKind::hunt && !leads_to(route.hunt, input.request_uri.host));
    if (elsewhere && here) return reject(input, 404, "Not A Number Here", outbox);
    // What a call requires is for who answers it: that is not us where we only pass it on, or say
    // where else to call (RFC 3261 §16.3).
    const bool is_ours = route.kind != RouteKind::hunt || route.mode == CallMode::bridge;
    if (!input.unsupported.empty() && is_ours && route.kind != RouteKind::reject)
        return refuse_extension();
    if (const auto refusal = code_refusal(route, *directory_))
        return reject(input, refusal->status, refusal->phrase, outbox,
                      {addresses_.warning_of(refusal->reason)});
    switch (route.kind) {
    case RouteKind::hunt:
        if (route.mode == CallMode::redirect && route.hunt.outside)
            return redirect_outside(input, route, outbox);
        if (route.mode == CallMode::redirect) return redirect(input, route, diversions, outbox);
        return start_call(input, std::move(route), std::move(diversions), now, outbox);
    case RouteKind::feature:
        if (route.feature->feature >= Feature::pickup_directed)
            return receive_pickup_code(input, *route.feature, now, outbox);
        return start_feature_call(input, *route.feature, now, outbox);
    case RouteKind::calling_card: return start_card_call(input, now, outbox);
    case RouteKind::park: return receive_park(input, route.slot, now, outbox);
    case RouteKind::reject: break;
    }
    reject(input, route.status, route.phrase, outbox, why_refused(route), refused_by(route));
}

std::vector<Header> CallEngine::why_refused(const Route& route) const
{
    std::vector<Header> headers;
    if (!route.warning.empty()) headers.push_back(addresses_.warning_of(route.warning));
    if (const auto reason = reason_of_limit(route); !reason.empty())
        headers.push_back({"Reason", std::string{reason}});
    return headers;
}

RouteExplanation CallEngine::explain_route(const RouteTest& test, Moment now)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    const bool outside = !test.trunk.empty();
    const bool known = outside ? directory_->find_trunk(test.trunk) != nullptr
                               : directory_->find(test.from) != nullptr;
    if (!known) return {.known_caller = false};
    RouteQuestion question{test.from, test.dialled, nullptr, {}, test.caller, nullptr, test.trunk};
    if (outside) question.from = {};
    // Who has a single phone calls from that one, which does not ring.
    const auto phones = locations_.bindings(question.from);
    PhoneAddress own;
    if (phones.size() == 1) {
        own = {phones.front().flow, phones.front().contact, phones.front().aor};
        question.own = &own;
    }
    // A number of somebody here tells nothing of who shows it out there.
    const bool ours = question.caller && (directory_->find(*question.caller) ||
                                          directory_->find_ring_group(*question.caller));
    if (outside && ours) question.caller = "";
    return explain(lampline::route(question, router_view()), question, router_view());
}

bool CallEngine::has_room_for_emergency(std::string_view dialled) const
{
    return calls_.size() < settings_.max_calls + room_for_emergencies && is_emergency(dialled);
}

void CallEngine::reject(const InviteReceived& input, unsigned status, std::string_view phrase,
                        Outbox& outbox, std::vector<Header> headers, RefusedBy by)
{
    keep_inside(headers, input.trunk);
    outbox.send(Reply{.transaction = input.transaction,
                      .status = status,
                      .phrase = std::string{phrase},
                      .headers = std::move(headers)});
    const auto dialled = addresses_.dialled_by(input);
    // The Request-URI of a pickup says nothing: nobody was called there.
    const bool calls = !input.replaces && !input.join;
    const auto* callee = calls ? directory_->find(dialled) : nullptr;
    const bool outside = !input.trunk.empty();
    const auto caller =
        outside ? input.parties.from
                : addresses_.party_of(input.authenticated, input.parties.from.display_name);
    outbox.announce(CallRefused{.call = call_ids_.next(),
                                .caller = outside ? extension_of(caller.uri) : input.authenticated,
                                .caller_name = caller.display_name,
                                .dialled = dialled,
                                .callee = callee ? callee->number : std::string{},
                                .callee_name = callee ? callee->display_name : std::string{},
                                .sip_call_id = input.call_id,
                                .status = status,
                                .phrase = std::string{phrase},
                                .trunk = input.trunk,
                                .on_behalf_of = input.on_behalf_of,
                                .by = by});
}

}  // namespace lampline
