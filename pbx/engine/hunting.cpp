// Whom a call rings next: waves, delays, and on to another number.
#include <algorithm>
#include <span>

#include "core/extension_uri.hpp"
#include "core/others_refusal.hpp"
#include "engine/call_engine.hpp"
#include "engine/early_answer.hpp"
#include "engine/named_hops.hpp"

namespace lampline {
namespace {

bool still_rings(const Leg& leg) noexcept
{
    return leg.role == LegRole::callee && !leg.peer && leg.state < LegState::confirmed;
}

/// Where the call that is under way may go on to, after `diversions`.
RouteQuestion question_of(const Hunting& hunting, std::span<const Diversion> diversions = {})
{
    return {.from = hunting.caller,
            .dialled = hunting.dialled,
            .own = &hunting.own,
            .diversions = diversions,
            .caller = hunting.presented,
            .under_way = hunting.call,
            .party = hunting.invitation.extension,
            .counted = hunting.instead_of ? &*hunting.instead_of : nullptr};
}

/// Takes the front of `waiting`.
HuntMember take_first(std::vector<Hunting::Waiting>& waiting)
{
    auto member = std::move(waiting.front().member);
    waiting.erase(waiting.begin());
    return member;
}

}  // namespace

void CallEngine::begin_hunt(Call& call, Route route, Hunting hunting, Moment now, Outbox& outbox)
{
    hunting.call = call.id;
    hunting.since = now.mono;
    hunting.diversions_known = hunting.diversions.size();
    hunting.asked = hunting.invitation.payload;
    call.hunting = std::make_unique<Hunting>(std::move(hunting));
    follow(call, std::move(route), now, outbox);
}

LegId CallEngine::call_phone(Call& call, const std::string& extension, Target target,
                             Hunting hunting, Moment now, Outbox& outbox)
{
    hunting.call = call.id;
    hunting.since = now.mono;
    hunting.hunt.number = extension;
    hunting.hunt.waves = {{.members = {}}};
    hunting.one_phone = true;
    hunting.asked = hunting.invitation.payload;
    if (settings_.ring_timeout > 0s) hunting.wave_ends = now.mono + settings_.ring_timeout;
    call.hunting = std::make_unique<Hunting>(std::move(hunting));
    ring(call, extension, call.hunting->invitation, std::move(target), now, outbox);
    const LegId rung = call.legs.back().id;
    wave_goes_on(call, now, outbox);
    return rung;
}

void CallEngine::follow(Call& call, Route route, Moment now, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    const bool goes_on = !hunting.hunt.number.empty() && hunting.hunt.number != route.hunt.number;
    const bool diverted = goes_on || route.diversions.size() > hunting.diversions.size();
    hunting.hunt = std::move(route.hunt);
    hunting.diversions = std::move(route.diversions);
    hunting.wave = 0;
    hunting.rang_out = hunting.heard = hunting.full = false;
    hunting.counted = route.counted;
    hunting.counted_over.clear();
    hunting.limit.reset();
    hunting.on_route = hunting.off_route = false;
    if (diverted) show_diversion(call, outbox);
    show_awaited(call, outbox);
    if (const auto* group = directory_->find_ring_group(hunting.hunt.number)) {
        const auto& first = hunting.hunt.waves.front().members.front().extension;
        order_.began(group->number, first);
        if (group->strategy == RingStrategy::round_robin)
            outbox.store(TurnTaken{group->number, first});
    }
    ring_wave(call, now, outbox);
}

/// The next phones learn how the call came to them, the caller that it goes on.
void CallEngine::show_diversion(Call& call, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    auto payload =
        hunting.asked ? std::make_shared<Payload>(*hunting.asked) : std::make_shared<Payload>();
    payload->headers =
        diverted_headers(payload->headers, hunting.dialled, hunting.diversions,
                         hunting.diversions_known, hunting.hunt.number, directory_->domain());
    hunting.invitation.payload = std::move(payload);

    Leg& caller = call.caller();
    if (!caller.invite_in || caller.proxied) return;  // a proxy says nothing by itself
    caller.other = party_of(hunting.hunt);
    tell_progress(call,
                  {.transaction = caller.invite_in,
                   .status = 181,
                   .phrase = "Call Is Being Forwarded"},
                  outbox);
    call.told_progress = 0;  // that the next phones ring is news
    if (caller.state == LegState::early)
        announce(caller, outbox);
    else
        move(caller, LegInput::provisional_with_tag, outbox);
}

void CallEngine::ring_wave(Call& call, Moment now, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    for (; hunting.wave < hunting.hunt.waves.size(); ++hunting.wave) {
        const HuntWave& wave = hunting.hunt.waves[hunting.wave];
        hunting.waiting.clear();
        for (const auto& member : wave.members) {
            if (member.delay > 0s)
                hunting.waiting.push_back({now.mono + member.delay, member});
            else
                ring_member(call, member, now, outbox);
        }
        std::ranges::stable_sort(hunting.waiting, {}, &Hunting::Waiting::from);
        hunting.must_be_heard = wave.heard_within > 0s;
        const auto patience = hunting.must_be_heard ? wave.heard_within
                              : wave.ring_for > 0s  ? wave.ring_for
                                                    : settings_.ring_timeout;
        hunting.wave_ends.reset();
        if (patience > 0s) hunting.wave_ends = now.mono + patience;
        if (wave_goes_on(call, now, outbox)) return;
    }
    hunt_is_over(call, now, outbox);
}

void CallEngine::ring_member(Call& call, const HuntMember& member, Moment now, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    if (!member.trunk.empty()) return ring_outside(call, member, now, outbox);
    if (const auto* group = directory_->find_ring_group(hunting.hunt.number)) {
        // Much may have changed since the group was asked who can ring.
        const auto question = question_of(hunting);
        const auto why = passes_over(*group, member.extension, question, router_view(),
                                     hunting.hunt.emergency);
        if (!why.empty() && why != out_of_reach) return;
    }
    const auto ring_at = [&](const Binding& binding) {
        if (member.q_thousandths && *member.q_thousandths != binding.q_thousandths) return;
        auto target = target_of(binding);
        if (!goes_along(hunting, target, nullptr)) return;
        ring(call, member.extension, hunting.invitation, std::move(target), now, outbox);
    };
    if (member.contact.empty()) {
        for (const auto* binding : locations_.targets(member.extension, &hunting.own))
            ring_at(*binding);
        return;
    }
    // One phone was addressed, and is tried even when it seems out of reach.
    for (const auto& binding : locations_.bindings(member.extension)) {
        if (locations_.is_at(binding, hunting.own) || member.contact != write(binding.contact)) continue;
        ring_at(binding);
    }
}

bool CallEngine::wave_goes_on(Call& call, Moment now, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    while (std::ranges::none_of(call.legs, still_rings)) {  // then there is nothing to wait for
        if (hunting.waiting.empty()) {
            if (!call.pickup) return false;
            break;
        }
        ring_member(call, take_first(hunting.waiting), now, outbox);
    }
    auto deadline = hunting.wave_ends;
    if (!hunting.waiting.empty() && (!deadline || hunting.waiting.front().from < *deadline))
        deadline = hunting.waiting.front().from;
    if (deadline)
        set_timer(call, CallTimer::ring, *deadline);
    else
        timers_.cancel(call.id, CallTimer::ring);
    return true;
}

void CallEngine::hunt_due(Call& call, Moment now, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    if (hunting.wave_ends && *hunting.wave_ends <= now.mono) {
        const bool heard = std::ranges::any_of(call.legs, [](const Leg& leg) {
            return still_rings(leg) && leg.state > LegState::trying;
        });
        const bool must_be_heard = std::exchange(hunting.must_be_heard, false);
        if (must_be_heard && heard) {
            hunting.wave_ends.reset();
            if (settings_.ring_timeout > 0s) hunting.wave_ends = now.mono + settings_.ring_timeout;
            wave_goes_on(call, now, outbox);
            return;
        }
        if (must_be_heard)  // else it would be recorded as if it had rung there
            for (auto& leg : call.legs)
                if (still_rings(leg) && !leg.trunk.empty()) move(leg, LegInput::timeout, outbox);
        hunting.rang_out = heard || !hunting.hunt.outside;
        // The other ways lead to the same callee, who has heard it ring long enough.
        const bool rang = hunting.hunt.outside && !hunting.hunt.unlimited &&
                          std::ranges::any_of(call.legs, [](const Leg& leg) {
                              return still_rings(leg) && leg.state == LegState::early;
                          });
        cancel_branches(call, {}, {}, nullptr, outbox);
        hunting.wave = rang ? hunting.hunt.waves.size() : hunting.wave + 1;
        return ring_wave(call, now, outbox);
    }
    while (!hunting.waiting.empty() && hunting.waiting.front().from <= now.mono)
        ring_member(call, take_first(hunting.waiting), now, outbox);
    if (wave_goes_on(call, now, outbox)) return;
    ++hunting.wave;
    ring_wave(call, now, outbox);
}

void CallEngine::branch_refused(Call& call, const Leg& leg, unsigned status, Moment now,
                                Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    if (status >= 600) {  // the callee's word for all its phones (RFC 3261 §16.7 step 5)
        hunting.deflections.clear();
        cancel_branches(call, {}, {}, nullptr, outbox, leg.extension);
        std::erase_if(hunting.waiting, [&](const Hunting::Waiting& each) {
            return each.member.extension == leg.extension;
        });
        if (hunting.hunt.number == leg.extension && !hunting.hunt.outside) {
            hunting.rang_out = false;  // whoever did not answer before, this is the answer
            hunting.wave = hunting.hunt.waves.size();
            return hunt_is_over(call, now, outbox);
        }
    }
    // After a phone that nobody lifted: this one says more of its owner, unless the owner has
    // said where calls go that nobody answers, and nothing of busy.
    const auto& hunt = hunting.hunt;
    if (status == 486 && hunt.number == leg.extension &&
        (!hunt.if_busy.empty() || hunt.if_no_answer.empty()))
        hunting.rang_out = false;
    if (wave_goes_on(call, now, outbox)) return;
    ++hunting.wave;
    ring_wave(call, now, outbox);
}

void CallEngine::hunt_is_over(Call& call, Moment now, Outbox& outbox)
{
    if (call.pickup) return;  // who picks it up may still succeed
    const Hunting& hunting = *call.hunting;
    BestResponse& best = call.transfer ? call.transfer->best : call.best;
    if (hunting.off_route && !hunting.on_route) return leave_route(call, now, outbox);
    const bool busy = best.status == 486 || best.status == 600;
    const std::string* to = nullptr;
    auto reason = DiversionReason::unknown;
    if (hunting.rang_out || (hunting.heard && (best.status == 480 || best.status == 408))) {
        to = &hunting.hunt.if_no_answer;
        reason = DiversionReason::no_answer;
    } else if (busy) {
        to = &hunting.hunt.if_busy;
        reason = DiversionReason::user_busy;
    } else if (!hunting.heard) {
        to = &hunting.hunt.if_unreachable;
        reason = DiversionReason::unavailable;
    } else {
        to = &hunting.hunt.if_refused;
    }
    if (to && !to->empty()) {
        const auto question = question_of(hunting, hunting.diversions);
        auto route = route_onward(question, hunting.hunt.number, reason, *to, router_view());
        if (route.kind == RouteKind::hunt) {
            best = {};
            return follow(call, std::move(route), now, outbox);
        }
        if (hunting.deflections.empty())
            return give_up_hunt(call, route.status, route.phrase, why_refused(route), now, outbox);
    }
    if (!hunting.deflections.empty()) return follow_deflection(call, now, outbox);
    if (hunting.rang_out) return give_up_hunt(call, 480, "No Answer", {}, now, outbox);
    if (hunting.full && !hunting.heard)
        return give_up_hunt(call, 486, "All Lines Busy",
                            {addresses_.warning_of(trunks_full),
                             {"Reason", std::string{no_circuit_reason}}},
                            now, outbox);
    if (hunting.hunt.outside && !hunting.heard)
        return give_up_hunt(call, 480, "No Trunk Available",
                            {{"Reason", std::string{no_trunk_reason}}}, now, outbox);
    if (best.status == 0) return give_up_hunt(call, 480, "No Phone Registered", {}, now, outbox);
    if (hunting.limit && best.status == hunting.limit->status && !best.payload) {
        auto limit = *hunting.limit;
        return give_up_hunt(call, limit.status, limit.phrase, std::move(limit.why), now, outbox);
    }
    std::vector<Header> why;
    // Outside nobody says by which numbers of the office it went round.
    if (best.status == 482 && hunting.hunt.outside)
        why.push_back(addresses_.warning_of(
            std::string{loop_warning} +
            " outside: " + words(hunting.diversions, hunting.hunt.number, directory_->domain())));
    give_up_hunt(call, best.status, std::string{best.phrase}, std::move(why), now, outbox);
}

/// A phone of the extension that is hunted has sent the call elsewhere: it speaks for all of them,
/// like one that declines. In a ring group it is a refusal, as that rings members and does not
/// follow them. An INVITE with Join or Replaces is for the phone that it was sent to: elsewhere it
/// would be an ordinary call. False: there is nothing to follow.
bool CallEngine::deflected(Call& call, const Leg& leg, const ResponseReceived& response, Moment now,
                           Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    if (hunting.one_phone) {
        give_up_hunt(call, 488, "Phone Sends The Call On",
                     {addresses_.warning_of("The phone of " + leg.extension +
                                            " sends the call on, and only it can take it")},
                     now, outbox);
        return true;
    }
    std::vector<Deflection> to;
    if (!leg.trunk.empty()) {
        to = sent_on_by_trunk(hunting, leg, response);
    } else {
        if (hunting.hunt.number != leg.extension) return false;
        for (const auto& uri : response.redirects) {
            if (const auto* phone = addresses_.addressed_phone(uri))
                to.push_back({.to = phone->aor,
                              .by = leg.extension,
                              .before = hunting.diversions,
                              .phone = phone->contact});
            else if (addresses_.is_number_here(uri))
                to.push_back({extension_of(uri), leg.extension, hunting.diversions});
        }
    }
    if (to.empty()) return false;
    if (call.mode == CallMode::proxy && leg.trunk.empty() && response.message) {
        // No trunk takes the call as it is, so its caller is told where it could go instead
        // (RFC 3261 §16.7 step 4), and goes there by its own rights.
        for (const auto& each : to) {
            const auto route = route_of(hunting, each);
            if (route.kind != RouteKind::hunt) continue;
            if (!route.hunt.outside || route.mode == CallMode::proxy) break;
            hunting.deflections.clear();
            call.best = {response.status, response.phrase, response.payload, {}, response.message};
            give_up_hunt(call, response.status, response.phrase, {}, now, outbox);
            return true;
        }
    }
    hunting.deflections.insert(hunting.deflections.begin(), std::make_move_iterator(to.begin()),
                               std::make_move_iterator(to.end()));
    if (leg.trunk.empty()) cancel_branches(call, {}, {}, nullptr, outbox, leg.extension);
    follow_deflection(call, now, outbox);
    return true;
}

/// What a phone sends on is a forward of its extension. What comes back from outside is read as if
/// who pays had dialled it, and does not change to another trunk. Nobody has answered, so wherever
/// it goes at the cost of the same one, it is still one call of the day.
Route CallEngine::route_of(const Hunting& hunting, const Deflection& deflection) const
{
    if (deflection.trunk.empty()) {
        auto question = question_of(hunting, deflection.before);
        if (deflection.phone) question.contact = locations_.find(deflection.to, *deflection.phone);
        return route_onward(question, deflection.by, DiversionReason::deflection, deflection.to,
                            router_view());
    }
    auto chain = deflection.before;
    chain.push_back({deflection.by, {}, DiversionReason::deflection, 1});
    auto question = question_of(hunting, chain);
    question.from = deflection.payer;
    question.dialled = deflection.to;
    const CountedCall counted{deflection.payer};
    question.counted = &counted;
    auto route = lampline::route(question, router_view());
    if (route.kind == RouteKind::hunt && !route.hunt.outside) return route;
    std::erase_if(route.hunt.waves, [&](const HuntWave& wave) {
        return wave.members.front().trunk != deflection.trunk;
    });
    if (!route.hunt.waves.empty()) {
        route.hunt.waves.back().heard_within = {};
        return route;
    }
    if (route.kind != RouteKind::reject) {
        route.kind = RouteKind::reject;
        route.status = 403;
        route.phrase = "Not Allowed";
    }
    return route;
}

/// Goes on to the best number that leads anywhere.
void CallEngine::follow_deflection(Call& call, Moment now, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    Route refusal;
    while (!hunting.deflections.empty()) {
        auto next = std::move(hunting.deflections.front());
        hunting.deflections.erase(hunting.deflections.begin());
        if (next.phone && !locations_.find(next.to, *next.phone)) {
            // Just that phone was meant: its number would have others ring.
            refusal = Route{};
            refusal.status = 480;
            refusal.phrase = "Phone Not Available";
            refusal.warning = "The phone of " + next.to + " to which " + next.by +
                              " redirects is not registered any more";
            continue;
        }
        if (++hunting.deflected > Hunting::max_deflections)
            return give_up_hunt(call, 482, "Too Many Redirections",
                                {addresses_.warning_of("Redirected too often, at last by " +
                                                       next.by + " to " + next.to)},
                                now, outbox);
        auto route = route_of(hunting, next);
        if (route.kind == RouteKind::hunt) {
            // Not in one expression: GCC 12 at -O2 builds `{}` for one of the two only.
            BestResponse& best = call.transfer ? call.transfer->best : call.best;
            best = BestResponse{};
            return follow(call, std::move(route), now, outbox);
        }
        refusal = std::move(route);
    }
    give_up_hunt(call, refusal.status, refusal.phrase, why_refused(refusal), now, outbox);
}

void CallEngine::give_up_hunt(Call& call, unsigned status, const std::string& phrase,
                              std::vector<Header> why, Moment now, Outbox& outbox)
{
    if (call.transfer)
        transfer_failed(call, status, phrase, now, outbox,
                        told_with(call.transfer->best, status, std::move(why)));
    else
        give_up_ringing(call, status, phrase, now, outbox, std::move(why));
}

}  // namespace lampline
