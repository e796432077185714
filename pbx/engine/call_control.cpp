// What a third party wants done with calls (RFC 3725), for phones that know none of it.
//
// Click to dial is flow IV (§4.4): the phones of `from` are offered a session with nothing to hear,
// and the one that answers is acknowledged at once, so that it may wait for as long as `to` rings.
// Then the call goes on as a transfer without transferor does: `to` is rung without an offer, and
// what it offers is answered by `from` in a re-INVITE. Flow I would save the re-INVITE, but leaves
// the first 200 without an ACK until somebody answers, and phones give up after 32 s.
#include <algorithm>

#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_reach.hpp"
#include "engine/route_question.hpp"

namespace lampline {
namespace {

/// How long a picker's phones ring at least, whatever else the call has planned.
constexpr auto time_to_pick_up = 20s;

OrderAnswer bad(std::string pointer, std::string code, std::string message)
{
    return {.outcome = OrderOutcome::bad_member,
            .pointer = std::move(pointer),
            .code = std::move(code),
            .message = std::move(message)};
}

OrderAnswer in_the_way(std::string message)
{
    return {.outcome = OrderOutcome::wrong_state, .message = std::move(message)};
}

std::string quoted(std::string_view number, std::string_view rest)
{
    return std::string{number}.append(rest);
}

bool still_rings(const Leg& leg) noexcept
{
    return leg.role == LegRole::callee && !leg.peer && leg.state < LegState::confirmed;
}

/// Whose rights count when the place of `leaves` is taken in the call with `stays`.
const std::string& payer_of(const Leg& leaves, const Leg& stays) noexcept
{
    return leaves.extension.empty() ? stays.extension : leaves.extension;
}

}  // namespace

/// In the ways of RFC 5373 and of the vendors.
std::vector<Header> CallEngine::auto_answer_headers() const
{
    return {{"Alert-Info", "<sip:" + directory_->domain() + ">;info=alert-autoanswer;delay=0"},
            {"Call-Info", "<sip:" + directory_->domain() + ">;answer-after=0"},
            {"Answer-Mode", "Auto"}};
}

OrderAnswer CallEngine::carry_out(const CallOrder& order, Moment now, Outbox& outbox)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    if (order.action == CallAction::place) return place(order, {order.to}, {}, now, outbox);
    Call* call = find_shown(order.call);
    if (!call) return {.outcome = OrderOutcome::unknown_call};

    auto answer = [&] {
        switch (order.action) {
        case CallAction::hang_up: return release(*call, now, outbox);
        case CallAction::hold: return change_session(*call, SessionChange::Kind::hold, now, outbox);
        case CallAction::resume:
            return change_session(*call, SessionChange::Kind::resume, now, outbox);
        case CallAction::transfer: return move_party(*call, order, now, outbox);
        case CallAction::pick_up: return ring_picker(*call, order, now, outbox);
        case CallAction::park: return park_party(*call, order, now, outbox);
        case CallAction::place: break;
        }
        return OrderAnswer{.outcome = OrderOutcome::unknown_call};
    }();
    if (answer.outcome <= OrderOutcome::as_it_is) answer.call = shown(*call);
    sweep(*call, now, outbox);
    return answer;
}

std::optional<OrderAnswer> CallEngine::fault_of(const Route& route, std::string_view dialled,
                                                std::string_view domain) const
{
    const auto unknown = [] { return bad("/to", "unknown_number", "there is no such number"); };
    if (misses(route, domain)) return unknown();
    switch (route.kind) {
    case RouteKind::hunt: return std::nullopt;
    case RouteKind::feature:
    case RouteKind::calling_card:
        return bad("/to", "feature_code", "is a code for phones to dial, not a number to call");
    case RouteKind::park:
        return bad("/to", "park_slot", "is a place to park calls in, not a number to call");
    case RouteKind::reject: break;
    }
    if (route.status == 404) return unknown();
    auto why = route.phrase;
    if (!route.warning.empty()) why.append(": ").append(route.warning);
    if (route.status != 480 && route.status != 486)
        return bad("/to", "not_allowed", std::move(why));
    return in_the_way(quoted(dialled, ": ") + why);
}

OrderAnswer CallEngine::place(const CallOrder& order, const Called& to, std::string_view asked_in,
                              Moment now, Outbox& outbox)
{
    if (calls_.size() >= settings_.max_calls && !has_room_for_emergency(order.to))
        return {.outcome = OrderOutcome::overloaded};
    if (!directory_->find(order.from))
        return bad("/from", "unknown_extension", "is not an extension");
    if (order.to == order.from) return bad("/to", "itself", "must not be the number that calls");
    // Who cannot take a call now may be able to once the phone here is lifted.
    const auto route = lampline::route(question_of_click(order.from, to), router_view());
    auto fault = fault_of(route, to.number, to.domain);
    if (fault && (fault->outcome == OrderOutcome::bad_member || refused_by_office(route)))
        return std::move(*fault);
    if (locations_.bindings(order.from).empty())
        return in_the_way(quoted(order.from, " has no phone registered"));

    auto owned = std::make_unique<Call>();
    Call& call = *owned;
    call.id = call_ids_.next();
    call.from = order.from;
    call.dialled = order.to;
    call.started_at = now.wall;
    call.clicked = true;
    calls_.emplace(call.id, std::move(owned));
    ++counters_.calls_started;
    outbox.announce(CallStarted{.call = call.id,
                                .caller = call.from,
                                .dialled = call.dialled,
                                .started_at = call.started_at,
                                .clicked = true,
                                .asked_in = std::string{asked_in}});

    Route own_phones;
    own_phones.kind = RouteKind::hunt;
    own_phones.hunt.number = order.from;
    own_phones.hunt.waves = {{.members = {{.extension = order.from}}}};
    Hunting hunting;
    hunting.caller = order.from;
    hunting.dialled = order.to;
    hunting.invitation = {.from = addresses_.party_of(order.to, {}), .payload = silence({})};
    if (order.auto_answer) hunting.invitation.headers = auto_answer_headers();
    begin_hunt(call, std::move(own_phones), std::move(hunting), now, outbox);
    return {.call = shown(call)};
}

void CallEngine::clicked_answered(Call& call, Leg& leg, const ResponseReceived& response,
                                  Moment now, Outbox& outbox)
{
    const bool offers = leg.asks_offer && has_body(response.payload);
    outbox.send(
        SendAck{leg.id, response.transaction, offers ? silence(response.payload->body) : nullptr});
    note_abilities(leg, response);
    leg.sdp = response.payload;
    move(leg, LegInput::success, outbox);
    call.phase = CallPhase::talking;
    timers_.cancel(call.id, CallTimer::ring);
    call.hunting.reset();
    cancel_branches(call, leg.id, completed_elsewhere, nullptr, outbox);
    if (settings_.probe_interval > 0s)
        set_timer(call, CallTimer::probe, now.mono + settings_.probe_interval);
    call.transfer = Transfer{.transferor = {}, .transferee = leg.id, .reports = false};
    const auto called = addresses_.called_in(call);
    if (!called) return transfer_failed(call, 404, "Not A Number Here", now, outbox);
    ring_target(call, leg.extension, *called, call.referred, now, outbox);
}

bool CallEngine::asks_for_other_media(Call& call, Leg& leg, unsigned status, Moment now,
                                      Outbox& outbox)
{
    const bool plain = call.clicked && call.phase == CallPhase::ringing && !leg.asks_offer;
    if (!plain || (status != 488 && status != 606)) return false;
    leg.asks_offer = true;
    ring_again(call, leg, now, outbox);
    return true;
}

OrderAnswer CallEngine::release(Call& call, Moment now, Outbox& outbox)
{
    if (call.phase == CallPhase::talking) {
        if (call.mode == CallMode::proxy) return in_the_way(std::string{in_proxy_mode});
        end_call(call, {}, LegInput::remote_bye, LegInput::remote_bye, {}, now, outbox);
    } else {
        if (call.clicked) cancel_branches(call, {}, {}, nullptr, outbox);
        give_up_ringing(call, 487, "Request Terminated", now, outbox);
    }
    return {};
}

bool CallEngine::is_moving(const Call& call) const
{
    const auto is_lent = [this](const Leg& leg) {
        const auto owner = leg.transfer_of ? calls_.find(leg.transfer_of) : calls_.end();
        if (owner == calls_.end() || !owner->second->transfer) return false;
        const Transfer& transfer = *owner->second->transfer;
        return transfer.consulted == leg.id || transfer.target == leg.id;
    };
    const auto takes_over = [](const Relay& relay) { return relay.replaces && !relay.answered; };
    return call.transfer || call.change || std::ranges::any_of(call.legs, is_lent) ||
           std::ranges::any_of(call.relays, takes_over);
}

OrderAnswer CallEngine::move_party(Call& call, const CallOrder& order, Moment now, Outbox& outbox)
{
    auto [stays, leaves] = talking_pair(call);
    if (!stays) return in_the_way("nobody talks in this call");
    if (call.mode == CallMode::proxy) return in_the_way(std::string{in_proxy_mode});
    if (is_moving(call)) return in_the_way("another change of this call is under way");
    // Who is parked has nobody to send on.
    if (stays->slot || (!leaves->slot && !order.by.empty() && order.by == stays->extension))
        std::swap(stays, leaves);
    if (!order.by.empty() && order.by != leaves->extension)
        return bad("/by", "not_in_call", "does not talk in this call");
    if (!stays->extension.empty() && order.to == stays->extension)
        return bad("/to", "itself", "is who would be called");
    const std::string payer =
        leaves->slot ? call.parking->by : payer_of(*leaves, *stays);
    const auto shown_number = addresses_.number_shown_by(*stays);
    const auto own = address_of(*stays);
    const auto question =
        question_of_transfer(call, *stays, payer, order.to, shown_number, own);
    const auto route = lampline::route(question, router_view());
    if (auto fault = fault_of(route, order.to, {})) {
        const bool refused = route.kind == RouteKind::reject;
        move_failed(call, leaves->id,
                    refused ? failed_move(MoveKind::transfer, order.to, route.status, route.phrase,
                                          why_refused(route))
                            : failed_move(MoveKind::transfer, order.to, 403,
                                          "Not A Place To Transfer To"),
                    outbox);
        return std::move(*fault);
    }
    call.transfer = Transfer{.transferor = leaves->id, .transferee = stays->id, .reports = false};
    ring_target(call, payer, {order.to}, {}, now, outbox);
    return {};
}

OrderAnswer CallEngine::ring_picker(Call& call, const CallOrder& order, Moment now, Outbox& outbox)
{
    if (!directory_->find(order.by)) return bad("/by", "unknown_extension", "is not an extension");
    const bool own_phones = call.clicked && call.phase == CallPhase::ringing;
    if (!call.hunting || own_phones || std::ranges::none_of(call.legs, still_rings))
        return in_the_way("this call rings nowhere");
    const auto may = std::ranges::any_of(
        call.legs, [&](const Leg& leg) { return still_rings(leg) && may_take(order.by, leg); });
    const auto failed = [&](unsigned status, std::string_view phrase) {
        auto attempt = failed_move(MoveKind::pickup, order.by, status, phrase);
        attempt.by = order.by;
        move_failed(call, {}, std::move(attempt), outbox);
    };
    if (!may) {
        failed(403, "Not Yours To Take");
        return bad("/by", "not_allowed", "may not take this call");
    }
    if (std::ranges::any_of(call.legs, [&](const Leg& leg) {
            return leg.extension == order.by && leg.state != LegState::terminated;
        }))
        return in_the_way(quoted(order.by, " is in this call already"));
    const auto bindings = locations_.targets(order.by);
    if (bindings.empty()) {
        failed(480, "No Phone Registered");
        return in_the_way(quoted(order.by, " has no phone registered"));
    }

    auto invitation = call.hunting->invitation;
    invitation.picks_up = true;
    if (order.auto_answer)
        std::ranges::move(auto_answer_headers(), std::back_inserter(invitation.headers));
    for (const auto* binding : bindings) {
        ring(call, order.by, invitation, target_of(*binding), now, outbox);
        call.legs.back().auto_answer = order.auto_answer;
    }
    if (auto& ends = call.hunting->wave_ends; ends)
        ends = std::max(*ends, now.mono + time_to_pick_up);
    wave_goes_on(call, now, outbox);
    return {};
}

void CallEngine::take_place(Call& call, const Leg& picker, Outbox& outbox)
{
    if (!picker.picks_up) return;
    const auto taken = std::ranges::find_if(call.legs, [&](const Leg& leg) {
        return still_rings(leg) && !leg.picks_up && may_take(picker.extension, leg);
    });
    if (taken != call.legs.end()) move(*taken, LegInput::replaced, outbox);
}

}  // namespace lampline
