// Calls from and to outside: who is meant and who is shown, by which way, and for how long.
#include <algorithm>
#include <span>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/numeric_address.hpp"
#include "core/trunk_identity.hpp"
#include "engine/call_engine.hpp"
#include "engine/displays.hpp"
#include "engine/named_hops.hpp"

namespace lampline {
namespace {

/// A shorter limit counts; 0 is none.
std::chrono::minutes shorter(std::chrono::minutes left, std::chrono::minutes right) noexcept
{
    if (left.count() == 0 || right.count() == 0) return std::max(left, right);
    return std::min(left, right);
}

/// What of an INVITE from outside the phones are told. What makes them ring in another way, or
/// answer by themselves, is the office's own.
PayloadRef told_to_phones(const Trunk& trunk, const PayloadRef& payload)
{
    auto told = across_border(payload);
    if (!payload || !trunk.trusted) return told;
    auto diversions = told_diversions(payload->headers);
    if (diversions.empty()) return told;
    auto more = std::make_shared<Payload>(*told);
    std::ranges::move(diversions, std::back_inserter(more->headers));
    return more;
}

/// Who calls, as the office sees it: what a trusted carrier asserts, else what the caller says.
/// Who has the number of somebody here keeps it, but not the office's domain: nobody is to take a
/// stranger for a colleague.
NameAddr caller_of(const Trunk& trunk, const InviteReceived& input, const Directory& directory)
{
    const bool asserted = trunk.trusted && input.asserted;
    const NameAddr& named = asserted ? *input.asserted : input.parties.from;
    auto number = extension_of(named.uri);
    if (wants_privacy(input.parties.from, input.payload) || number.empty() || number == "anonymous")
        return anonymous_party();
    const bool somebody_here = directory.find(number) || directory.find_ring_group(number);
    return {named.display_name,
            extension_uri(number, somebody_here ? trunk.domain : directory.domain())};
}

/// `route` is refused since who pays, or the trunk, has as many calls as it may have.
bool is_at_limit(const Route& route)
{
    const auto reason = reason_of_limit(route);
    return route.status == 403 ? !reason.empty() : reason == no_circuit_reason;
}

/// Of the diversions of a call, those that a trunk is told.
std::span<const Diversion> told_outside(const Hunting& hunting)
{
    const std::span<const Diversion> chain{hunting.diversions};
    // What a phone says of earlier diversions is nothing that we could vouch for.
    return hunting.invitation.extension.empty() ? chain : chain.subspan(hunting.diversions_known);
}

}  // namespace

std::optional<InviteReceived> CallEngine::take_from_outside(const InviteReceived& input,
                                                            Outbox& outbox)
{
    const auto* rules = directory_->find_trunk(input.trunk);
    if (!rules) {
        reject(input, 403, "No Such Trunk", outbox);
        return std::nullopt;
    }
    const auto& trunk = rules->trunk();
    InviteReceived taken = input;
    taken.parties.from = caller_of(trunk, input, *directory_);
    auto number = extension_of(input.request_uri);
    // A call to the contact that we have registered: whom it is for stands in the To.
    if (number == trunk_contact_user(trunk.name)) number = extension_of(input.parties.to.uri);
    taken.request_uri = extension_uri(number, directory_->domain());
    if (auto meant = rules->inbound(number); meant && directory_->find(meant->on_behalf_of))
        taken.on_behalf_of = std::move(meant->on_behalf_of);
    taken.to_us = true;
    taken.payload = told_to_phones(trunk, input.payload);
    if (input.replaces || input.join) {  // the dialogs of this exchange are those of its phones
        reject(taken, 403, "Not From Outside", outbox);
        return std::nullopt;
    }
    return taken;
}

void CallEngine::name_as_here(std::vector<Diversion>& diversions, std::string_view trunk) const
{
    const auto* back = trunk.empty() ? nullptr : directory_->find_trunk(trunk);
    if (!back || !back->trunk().trusted || diversions.empty()) return;
    told_diversions_.name_as_here(diversions, back->trunk(), directory_->domain());
}

void CallEngine::keep_inside(std::vector<Header>& headers, std::string_view trunk)
{
    if (trunk.empty()) return;
    std::vector<Header> told;
    for (auto& header : headers) {
        if (!same_word(header.name, "Warning")) {
            told.push_back(std::move(header));
            continue;
        }
        for (const auto text : {loop_warning, too_often_warning}) {
            const auto quoted = '"' + std::string{text};
            if (header.value.find(quoted) != std::string::npos)  // by a pseudonym (RFC 3261 §20.43)
                told.push_back({header.name, "399 lampline " + quoted + '"'});
        }
    }
    headers = std::move(told);
}

TrunkCredentialsRef CallEngine::credentials_of(std::string_view trunk) const
{
    const auto* rules = trunk.empty() ? nullptr : directory_->find_trunk(trunk);
    return rules ? rules->trunk().credentials : nullptr;
}

void CallEngine::ring_outside(Call& call, const HuntMember& member, Moment now, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    const Hunt& hunt = hunting.hunt;
    const auto* rules = directory_->find_trunk(member.trunk);
    if (!rules || !rules->trunk().enabled) return;
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    const bool proxied = call.mode == CallMode::proxy;
    // What the caller says would go out as it is.
    if (proxied && rules->trunk().mode != CallMode::proxy) return;
    const auto& trunk = rules->trunk();
    // Others may have taken what was free when this call was routed.
    const bool counted = hunting.counted_over == trunk.name;
    auto limits = trunk.limits;
    if (counted) limits.calls_per_day = 0;  // it is one of them, by another server
    if (!hunt.unlimited && outside_.trunk_limit(trunk.name, limits) != OutsideLimit::none) {
        hunting.full = true;
        return;
    }
    // Where one server of the trunk was tried, the next is, whatever was heard of that one since.
    const bool goes_on =
        hunting.wave > 0 && hunt.waves[hunting.wave - 1].members.front().trunk == member.trunk;
    const auto paths = hunt.unlimited || goes_on ? trunks_.all_paths(trunk) : trunks_.paths(trunk);
    // Another may be preferred by now, or be gone.
    const auto found = std::ranges::find(paths, member.server, &TrunkPath::flow);
    if (found == paths.end()) return;
    const auto& path = *found;
    auto to = extension_uri(member.number, trunk.domain);
    Target target{to, path.route, path.flow};
    if (is_numeric_address(trunk.domain)) target.request_uri.port = path.flow.port;
    if (!goes_along(hunting, target, &trunk)) return;

    const auto& invitation = hunting.invitation;
    auto identity = identity_on(*rules, {.party = invitation.from,
                                         .extension = invitation.extension,
                                         .payer = hunt.payer,
                                         .anonymous = invitation.anonymous});
    auto headers = std::move(identity.headers);
    std::ranges::move(
        diversions_on(*rules, told_outside(hunting), member.number, directory_->domain()),
        std::back_inserter(headers));
    Leg& leg = send_invite(call,
                           {.phone = party_of(hunt),
                            .from = std::move(identity.from),
                            .to = {{}, std::move(to)},
                            .target = std::move(target),
                            .contact_user = trunk_contact_user(trunk.name),
                            .headers = std::move(headers),
                            .payload = across_border(invitation.payload),
                            .trunk = rules->shared()},
                           invitation, now, outbox);
    if (hunt.outside)
        told_diversions_.add(leg.id, *rules, told_outside(hunting), directory_->domain());
    leg.payer = hunt.payer;
    leg.counted = true;
    if (!hunt.unlimited)
        leg.may_last =
            shorter(trunk.limits.minutes,
                    hunt.payer.empty()
                        ? 0min
                        : directory_->digit_plan().outside_rights_of(hunt.payer).limits.minutes);
    outside_.began(leg.payer, leg.trunk,
                   {.payer = !std::exchange(hunting.counted, true), .trunk = !counted}, outbox);
    hunting.counted_over = leg.trunk;
}

std::vector<Deflection> CallEngine::sent_on_by_trunk(Hunting& hunting, const Leg& leg,
                                                     const ResponseReceived& response) const
{
    std::vector<Deflection> to;
    const auto* rules = directory_->find_trunk(leg.trunk);
    // Who called from outside has no rights that could be asked for.
    if (!rules || hunting.hunt.payer.empty()) return to;
    const auto& trunk = rules->trunk();
    for (const auto& uri : response.redirects) {
        // A tel URI says by its phone-context whose number it is.
        const auto host = uri.scheme == UriScheme::tel ? phone_context(uri).value_or("") : uri.host;
        const bool there = same_host(host, trunk.domain) || same_host(host, leg.flow.host) ||
                           std::ranges::any_of(trunk.servers, [&](const TrunkServer& server) {
                               return same_host(server.host, host);
                           });
        if (!there && !addresses_.is_number_here(uri)) continue;
        auto number = extension_of(uri);
        if (const auto meant = rules->inbound(number); meant && !meant->outside)
            number = meant->destination;  // it is one of the office's
        Deflection next{std::move(number), hunting.hunt.number, hunting.diversions, trunk.name,
                        hunting.hunt.payer};
        const auto route = route_of(hunting, next);
        if (route.kind == RouteKind::hunt)
            to.push_back(std::move(next));
        else if (is_at_limit(route))
            hunting.limit = {route.status, route.phrase, why_refused(route)};
    }
    return to;
}

bool CallEngine::leads_to(const Hunt& hunt, std::string_view domain) const
{
    return hunt.outside && std::ranges::all_of(hunt.waves, [&](const HuntWave& wave) {
               const auto* rules = directory_->find_trunk(wave.members.front().trunk);
               return rules && same_host(rules->trunk().domain, domain);
           });
}

bool CallEngine::misses(const Route& route, std::string_view domain) const
{
    if (domain.empty() || route.kind == RouteKind::reject) return false;
    return route.kind != RouteKind::hunt || !leads_to(route.hunt, domain);
}

void CallEngine::limit_duration(Call& call, Leg& leg, Moment now)
{
    if (leg.may_last.count() == 0) return;
    leg.must_end_at = now.wall + leg.may_last;
    watch_duration(call, now);
}

void CallEngine::watch_duration(Call& call, Moment now)
{
    std::optional<std::chrono::system_clock::time_point> first;
    for (const auto& leg : call.legs)
        if (leg.must_end_at && leg.talking() && (!first || *leg.must_end_at < *first))
            first = leg.must_end_at;
    if (first)
        set_timer(call, CallTimer::outside,
                  now.mono + std::max<std::chrono::nanoseconds>(0s, *first - now.wall));
}

void CallEngine::duration_over(Call& call, Moment now, Outbox& outbox)
{
    const auto over = std::ranges::find_if(call.legs, [&](const Leg& leg) {
        return leg.must_end_at && leg.talking() && *leg.must_end_at <= now.wall;
    });
    if (over == call.legs.end()) return watch_duration(call, now);
    end_call(call, {}, LegInput::timeout, LegInput::timeout,
             "SIP;cause=403;text=\"Time limit of calls to outside\"", now, outbox);
}

void CallEngine::no_longer_outside(Leg& leg)
{
    if (std::exchange(leg.counted, false)) outside_.ended(leg.payer, leg.trunk);
}

Header CallEngine::connects_none_outside(std::string_view by) const
{
    return addresses_.warning_of(std::string{by} + " may not forward calls to outside");
}

bool CallEngine::may_not_meet(const InviteReceived& input, const Leg& party) const
{
    return !input.trunk.empty() && !party.trunk.empty() && !may_connect_outside(input.actor());
}

void CallEngine::refuse_to_meet(const InviteReceived& input, Outbox& outbox)
{
    reject(input, 403, "Not Allowed", outbox, {connects_none_outside(input.actor())});
}

std::optional<NameAddr> CallEngine::shown_to(const Leg& leg, const Leg& other) const
{
    if (leg.trunk.empty()) return presented(other);
    const auto* rules = directory_->find_trunk(leg.trunk);
    if (!rules || !rules->trunk().trusted || rules->trunk().caller_id.anonymous ||
        other.extension.empty() || other.anonymous || other.slot)
        return std::nullopt;
    return NameAddr{other.phone.display_name,
                    extension_uri(rules->number_of(other.extension), rules->trunk().domain)};
}

NameAddr CallEngine::party_of(const Hunt& hunt) const
{
    // Its number may look like one of the office's.
    if (hunt.outside) return {{}, extension_uri(hunt.number, directory_->domain())};
    return addresses_.party_of(hunt.number, {});
}

}  // namespace lampline
