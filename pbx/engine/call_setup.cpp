// From the INVITE to the answer: forking, the race for the 2xx, refusals, CANCEL.
#include <algorithm>

#include "core/extension_uri.hpp"
#include "core/others_refusal.hpp"
#include "core/sdp.hpp"
#include "core/trunk_identity.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/displays.hpp"
#include "engine/early_answer.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

bool on_hold(const PayloadRef& payload) noexcept
{
    return has_body(payload) && !receives_media(payload->body);
}

/// A trunk that could not do it says nothing of the number: another one may. Busy, declined or
/// unknown there is so everywhere. A redirection that cannot be followed is none of these.
bool may_try_another_way(const ResponseReceived& response) noexcept
{
    return response.generated || response.status == 408 || response.status / 100 == 5 ||
           response.status == 401 || response.status == 407 || response.status / 100 == 3;
}

bool says_why(const PayloadRef& payload)
{
    constexpr auto is_reason = [](const Header& header) { return header.name == "Reason"; };
    return payload && std::ranges::any_of(payload->headers, is_reason);
}

/// The proxy before the phone speaks, and the phone never has: it is as if nobody were registered.
bool is_absent(const Leg& leg, unsigned status) noexcept
{
    return leg.trunk.empty() && leg.dialog.remote_tag.empty() &&
           is_word_of_proxy(leg.dialog_state.route, status);
}

}  // namespace

Call& CallEngine::open_call(const InviteReceived& input, CallMode mode, Moment now, Outbox& outbox)
{
    auto owned = std::make_unique<Call>();
    Call& call = *owned;
    call.id = call_ids_.next();
    call.mode = mode;
    call.from = input.trunk.empty() ? input.authenticated : extension_of(input.parties.from.uri);
    call.from_trunk = input.trunk;
    call.dialled = addresses_.dialled_by(input);
    call.started_at = now.wall;
    call.asked_timer = input.session_timer;
    call.offer = input.payload;

    Leg& caller = call.legs.emplace_back();
    caller.id = leg_ids_.next();
    caller.role = LegRole::caller;
    caller.extension = input.authenticated;
    caller.trunk = input.trunk;
    caller.on_behalf_of = input.on_behalf_of;
    caller.proxied = mode == CallMode::proxy;
    caller.dialog = {input.call_id, {}, input.parties.from_tag};
    (caller.proxied ? caller.name : caller.dialog.local_tag) = tokens_();
    caller.dialog_state = dialog_state_of(input);
    caller.phone = input.trunk.empty()
                       ? addresses_.party_of(input.authenticated, input.parties.from.display_name)
                       : input.parties.from;
    caller.flow = input.source;
    caller.supported = input.supported | input.required;
    caller.takes_update = input.allows_update;
    caller.refuses_update = input.denies_update;
    caller.needs_reliable = !caller.proxied && has(input.required, OptionTag::reliable);
    if (caller.trunk.empty()) caller.identity = identity_for(input.user_agent);
    caller.anonymous = wants_privacy(input.parties.from, input.payload);
    caller.sdp = input.payload;
    caller.held = caller.holds = on_hold(input.payload);
    caller.invite_in = input.transaction;
    caller.via = input.via;
    caller.heard_at = now.mono;

    calls_.emplace(call.id, std::move(owned));
    enlist(call, caller);
    ++counters_.calls_started;
    // Nobody means 0, which would let nothing ring, nor what outlasts every ringing.
    constexpr std::chrono::seconds longest = 24h;
    if (input.expires && *input.expires > 0s && *input.expires <= longest)
        set_timer(call, CallTimer::expires, now.mono + *input.expires);
    if (caller.proxied)
        call.passed_on = input.transaction;
    else
        outbox.send(OpenDialog{input.transaction, caller.id, caller.dialog.local_tag,
                               !caller.trunk.empty(), credentials_of(caller.trunk),
                               caller.extension});
    outbox.announce(CallStarted{.call = call.id,
                                .caller = call.from,
                                .dialled = call.dialled,
                                .started_at = call.started_at,
                                .trunk = call.from_trunk});
    return call;
}

void CallEngine::start_call(const InviteReceived& input, Route route,
                            std::vector<Diversion> diversions, Moment now, Outbox& outbox)
{
    Call& call = open_call(input, route.mode, now, outbox);
    Leg& caller = call.caller();
    caller.other = party_of(route.hunt);
    announce(caller, outbox);
    if (!input.to_us || addresses_.addressed_phone(input.request_uri))
        call.called_at = input.request_uri;

    constexpr auto end_to_end = OptionTag::timer | OptionTag::reliable | OptionTag::early_end;
    Hunting hunting;
    hunting.caller = caller.extension;
    hunting.presented = addresses_.number_shown_by(input);
    hunting.own = address_of(caller);
    hunting.dialled = call.dialled;
    hunting.diversions = std::move(diversions);
    if (caller.proxied) hunting.along = input.routes;  // else they end here, where the dialog does
    hunting.invitation = {
        .from = caller.phone,
        .max_forwards = input.max_forwards - 1,
        .supported = caller.supported & end_to_end,
        .session_timer = timer_to_forward(input.session_timer, settings_.session_expires),
        .headers = {},
        .payload = input.payload,
        .extension = caller.extension,
        .anonymous = caller.anonymous,
    };
    begin_hunt(call, std::move(route), std::move(hunting), now, outbox);
    sweep(call, now, outbox);
}

void CallEngine::ring(Call& call, const std::string& extension, const Invitation& invitation,
                      Target target, Moment now, Outbox& outbox)
{
    auto phone = addresses_.party_of(extension, {});
    send_invite(call,
                {.extension = extension,
                 .phone = phone,
                 .from = invitation.anonymous ? anonymous_party() : invitation.from,
                 .to = std::move(phone),
                 .target = std::move(target),
                 .headers = invitation.headers,
                 .payload = invitation.payload,
                 .focus = invitation.focus},
                invitation, now, outbox);
}

Leg& CallEngine::send_invite(Call& call, Branch branch, const Invitation& invitation, Moment now,
                             Outbox& outbox)
{
    Leg& leg = call.legs.emplace_back();
    leg.id = leg_ids_.next();
    leg.role = LegRole::callee;
    leg.extension = std::move(branch.extension);
    if (branch.trunk) leg.trunk = branch.trunk->name;
    leg.proxied = call.mode == CallMode::proxy;
    if (leg.proxied) {
        leg.name = tokens_();
        leg.dialog = {call.caller().dialog.call_id, call.caller().dialog.remote_tag, {}};
    } else {
        leg.dialog = {tokens_(), tokens_(), {}};
    }
    leg.phone = std::move(branch.phone);
    leg.other = branch.trunk ? invitation.from : branch.from;
    leg.flow = branch.target.flow;
    leg.invite_out = transaction_ids_.next();
    leg.heard_at = now.mono;
    leg.picks_up = invitation.picks_up;
    leg.dialog_state.local_party = branch.from;
    leg.dialog_state.remote_party = branch.to;
    leg.dialog_state.contact_user =
        branch.contact_user.empty() ? branch.from.uri.user : branch.contact_user;
    leg.dialog_state.target = branch.target.request_uri;
    leg.dialog_state.route = branch.target.route;
    ++leg.dialog_state.cseq;
    enlist(call, leg);
    loose_ends_.keep_soon(call, now);
    if (leg.proxied) {
        pass_on(call, leg, invitation, std::move(branch.target), outbox);
        return leg;
    }
    const Leg* asks = call.transfer ? call.find(call.transfer->transferee) : &call.caller();
    outbox.send(SendInvite{
        .leg = leg.id,
        .transaction = leg.invite_out,
        .target = std::move(branch.target),
        .from = std::move(branch.from),
        .to = std::move(branch.to),
        .contact_user = std::move(branch.contact_user),
        .local_tag = leg.dialog.local_tag,
        .call_id = leg.dialog.call_id,
        .max_forwards = invitation.max_forwards,
        .supported = invitation.supported,
        .required = invitation.required,
        .session_timer = invitation.session_timer,
        .headers = std::move(branch.headers),
        .focus = branch.focus,
        .payload = std::move(branch.payload),
        .credentials = branch.trunk ? branch.trunk->credentials : nullptr,
        .outside = branch.trunk != nullptr,
        .allows_update = !asks || !asks->refuses_update,
        .extension = leg.extension,
    });
    announce(leg, outbox);
    return leg;
}

void CallEngine::branch_answered(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                                 Outbox& outbox)
{
    note_tag(leg, response.to_tag, outbox);
    leg.early_tags = {};
    leg.dialog_state.route.assign(response.record_route.rbegin(), response.record_route.rend());
    note_target(call, leg, response);
    if (leg.proxied) return passed_answer(call, leg, response, now, outbox);
    if (call.transfer && call.transfer->stage == TransferStage::ringing &&
        leg.state != LegState::terminated)
        return target_answered(call, leg, response, now, outbox);
    if (call.clicked && call.phase == CallPhase::ringing && leg.state != LegState::terminated)
        return clicked_answered(call, leg, response, now, outbox);
    if (call.phase != CallPhase::ringing || leg.state == LegState::terminated) {
        // Too late: cancelled, answered elsewhere, or the call has gone on to others.
        outbox.send(SendAck{leg.id, response.transaction, nullptr});
        move(leg, LegInput::cancelled, outbox);
        return hang_up(leg, call.answered_at ? completed_elsewhere : std::string_view{}, outbox);
    }

    leave_picker(call, completed_elsewhere, outbox);
    taken_.forget(leg.extension);
    Leg& caller = call.caller();
    leg.ack_owed = response.transaction;
    connect(leg, caller);
    note_abilities(leg, response);
    caller.other = presented(leg);
    if (call.early_answer && call.early_answer->offers && call.early_answer->of != leg.id)
        call.early_answer->for_ack = silent_answer(call, leg, response);
    const bool told_early = call.early_answer && call.early_answer->of == leg.id;
    leg.sdp = told_early && !has_body(response.payload) ? call.early_answer->sdp : response.payload;
    leg.held = on_hold(leg.sdp);
    leg.holds = leg.held && !has_body(caller.sdp);  // else it only answers
    caller.ack_due = std::exchange(caller.invite_in, {});

    const auto answered = answer_timer(call.asked_timer, has(caller.supported, OptionTag::timer),
                                       response.session_timer);
    std::vector<Header> headers;  // who it is, when it is not who was dialled
    if (const auto shown = shown_to(caller, leg); shown && extension_of(shown->uri) != call.dialled)
        headers = caller.identifies(*shown);
    outbox.send(Reply{.transaction = caller.ack_due,
                      .status = response.status,
                      .phrase = response.phrase,
                      .headers = std::move(headers),
                      .session_timer = answered.timer,
                      .required = answered.require ? OptionTag::timer : OptionTag::none,
                      .supported = leg.supported & (OptionTag::timer | OptionTag::reliable),
                      .focus = response.focus,
                      .allows_update = !leg.refuses_update,
                      .payload = told_after_early(call, leg, response.payload)});
    acknowledge_for_help(call, leg, caller.sdp, outbox);
    move(leg, LegInput::success, outbox);
    move(caller, LegInput::success, outbox);
    limit_duration(call, leg, now);
    note_session(caller, answered.timer.expires, now);
    note_session(leg, response.session_timer.expires, now);
    if (leg.picks_up) note_taken(call, leg, now);
    start_talking(call, answered.supervise_for, now, outbox);
    take_place(call, leg, outbox);
    cancel_branches(call, leg.id, completed_elsewhere, nullptr, outbox);
}

/// A challenge or a redirection of the callee's phone is nothing for the caller to act on, unless
/// both share the dialog.
BestResponse CallEngine::told_to_caller(const Leg& leg, const ResponseReceived& response,
                                        std::string_view hunted) const
{
    if (response.status / 100 == 3 && !response.redirects.empty()) {
        const bool phone = leg.trunk.empty();
        const bool member = phone && hunted != leg.extension;  // of a ring group, which goes on
        Payload why;
        why.headers = {addresses_.warning_of(
            member  ? "A phone of " + leg.extension + " redirects, which " + std::string{hunted} +
                          " does not follow"
            : phone ? "A phone of " + leg.extension + " redirects to no number here"
                    : "Trunk " + leg.trunk + " redirects to no number that may be called by it")};
        const bool outside = phone && !member;
        return {outside ? 403U : 480U,
                outside ? "Redirected To Outside" : "Temporarily Unavailable",
                std::make_shared<const Payload>(std::move(why)),
                {},
                {}};
    }
    const bool challenge = response.status == 401 || response.status == 407;
    if (response.status < 400 || (challenge && !response.message))
        return {480, "Temporarily Unavailable", {}, {}, {}};
    const std::string_view gone = leg.trunk.empty() ? "Phone Not Available" : "Trunk Not Available";
    if (response.generated && response.status == 503) return {480, std::string{gone}, {}, {}, {}};
    return told_as_ours({response.status, response.phrase, response.payload,
                         response.session_timer.min_se, response.message},
                        gone);
}

void CallEngine::branch_failed(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                               Outbox& outbox)
{
    if (leg.state == LegState::terminated) return;  // it was cancelled, and this is its 487
    const bool silent = response.generated;
    // Timer C of the proxy, which has sent the CANCEL (RFC 3261 §16.8).
    const bool rang_out = silent && response.status == 408 && leg.state == LegState::early;
    const bool absent = (silent && !rang_out) || is_absent(leg, response.status);
    if (!silent) leg.status = response.status;
    // The new leg before the old one ends: a call that has none is over for its record.
    const bool again = !silent && call.hunting &&
                       (asks_for_other_media(call, leg, response.status, now, outbox) ||
                        asks_for_longer_session(call, leg, response, now, outbox));
    move(leg,
         rang_out                 ? LegInput::cancelled
         : !silent                ? LegInput::rejected
         : response.status == 408 ? LegInput::timeout
                                  : LegInput::error,
         outbox);
    if (!call.hunting) return;
    if (leg.picks_up) {  // it says nothing of those whom the call is for
        if (response.status >= 600)
            cancel_branches(call, {}, {}, nullptr, outbox, leg.extension);
        if (wave_goes_on(call, now, outbox)) return;
        ++call.hunting->wave;
        return ring_wave(call, now, outbox);
    }
    call.hunting->heard = call.hunting->heard || !absent;
    if (again) return;
    const bool redirects = !silent && response.status / 100 == 3;
    if (redirects && deflected(call, leg, response, now, outbox)) return;
    auto& best = call.transfer ? call.transfer->best : call.best;
    auto told = told_to_caller(leg, response, call.hunting->hunt.number);
    if (const auto& limit = call.hunting->limit; redirects && limit)
        told = {limit->status, limit->phrase, {}, {}, {}};
    if (absent && !silent && !leg.proxied) told = {480, "Phone Not Available", {}, {}, {}};
    const auto status = told.status;
    if (call.mode == CallMode::proxy && (status == 401 || status == 407))
        call.challenges.push_back(response.message);
    if (better_response(status, best.status)) best = std::move(told);
    const bool emergency = call.hunting->hunt.unlimited;  // whatever a trunk says of its number
    if (!leg.trunk.empty() && !emergency && !may_try_another_way(response)) {
        call.hunting->wave = call.hunting->hunt.waves.size();
        return hunt_is_over(call, now, outbox);
    }
    branch_refused(call, leg, status, now, outbox);
}

void CallEngine::cancel_branches(Call& call, LegId except, std::string_view reason,
                                 const PayloadRef& payload, Outbox& outbox, std::string_view only)
{
    std::vector<Header> headers;
    if (payload) headers = payload->headers;
    if (!reason.empty()) headers.push_back({"Reason", std::string{reason}});
    const auto told_to = [&](const Leg& leg) {
        auto told = headers;
        if (!leg.trunk.empty())
            std::erase_if(told, [](const Header& each) { return !crosses_border(each.name); });
        return told;
    };
    for (auto& leg : call.legs) {
        if (leg.role != LegRole::callee || leg.id == except || leg.peer ||
            leg.state == LegState::confirmed || (!only.empty() && leg.extension != only))
            continue;
        if (leg.invite_out && !std::exchange(leg.cancel_sent, true))
            outbox.send(SendCancel{leg.id, leg.invite_out, told_to(leg)});
        move(leg, LegInput::cancelled, outbox);
    }
}

void CallEngine::give_up_ringing(Call& call, unsigned status, std::string_view phrase, Moment now,
                                 Outbox& outbox, std::vector<Header> why)
{
    Leg& caller = call.caller();
    keep_inside(why, caller.trunk);
    const bool told = call.best.status == status;
    if (caller.proxied) {
        auto last = told ? call.best : BestResponse{status, std::string{phrase}, {}, {}, {}};
        return hold_verdict(call, {std::move(last), std::move(why)}, now, outbox);
    }
    begin_end(call, now, outbox);
    if (call.clicked)
        refer_subscriptions_.report(call.id, status, phrase, true, now, outbox,
                                    told_with(call.best, status, why));
    outbox.announce(CallEnded{call.id, status, std::string{phrase}, refused_by(why)});
    if (caller.invite_in) {
        outbox.send(Reply{.transaction = std::exchange(caller.invite_in, {}),
                          .status = status,
                          .phrase = std::string{phrase},
                          .headers = std::move(why),
                          .session_timer = {.min_se = told ? call.best.min_se : 0s},
                          .payload = told ? call.best.payload : nullptr});
    }
    move(caller, end_of_ringing(status), outbox);
    cancel_branches(call, {}, {}, nullptr, outbox);
}

void CallEngine::invitation_expired(Call& call, Moment now, Outbox& outbox)
{
    if (call.phase != CallPhase::ringing || !call.caller().invite_in || call.verdict) return;
    if (call.pickup)  // it is being answered, unless that fails
        return set_timer(call, CallTimer::expires, now.mono + 1s);
    cancel_branches(call, {}, "SIP;cause=487;text=\"Invitation expired\"", nullptr, outbox);
    give_up_ringing(call, 487, "Invitation Expired", now, outbox);
}

void CallEngine::receive(const CancelReceived& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call) return;
    leg->heard_at = now.mono;
    if (leg->invite_in == input.transaction) {
        if (leg->proxied)  // the final response is what the branches say
            call->verdict = Verdict{{487, "Request Terminated", {}, {}, {}}, {}};
        else
            leg->invite_in = {};
        if (call->pickup && call->pickup->picker == leg->id) {
            move(*leg, LegInput::cancelled, outbox);
            if (call->transfer)
                pickup_failed(*call, {}, now, outbox);
            else  // the caller has been answered
                end_call(*call, {}, LegInput::remote_bye, LegInput::remote_bye,
                         "SIP;cause=487;text=\"Pickup cancelled\"", now, outbox);
            return sweep(*call, now, outbox);
        }
        const bool taken = is_taken(*call);
        if (taken) note_taken(*call, find(call->taken_by).first->caller(), now);
        begin_end(*call, now, outbox);
        outbox.announce(CallEnded{call->id, 487, {}});
        move(*leg, LegInput::cancelled, outbox);
        const bool unsaid = taken && !says_why(input.payload);
        cancel_branches(*call, {}, unsaid ? completed_elsewhere : std::string_view{},
                        input.payload, outbox);
        pass_verdict(*call, now, outbox);
    } else if (leg->ack_due == input.transaction) {
        cancelled_late(*call, *leg, input, now, outbox);
    } else if (auto* relay = call->find_relay(input.transaction); relay && !relay->answered) {
        relay->cancelled = true;
        if (relay->replaces) move(*leg, LegInput::cancelled, outbox);
        if (relay->forwarded) {
            withdraw(*call->find(relay->to), outbox);
        } else {
            const auto to = relay->to;
            call->remove_relay(relay->forwarded);
            if (const Leg* peer = call->find(to)) take_over_failed(*call, *peer, now, outbox);
        }
    }
    sweep(*call, now, outbox);
}

}  // namespace lampline
