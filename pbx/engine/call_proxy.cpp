// Calls in proxy mode: caller and phone share one dialog, and the exchange passes their messages on
// as they are (RFC 3261 §16). What it sees on the way moves the legs, as its own dialogs do.
#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "core/appearance_payload.hpp"
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/displays.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_reach.hpp"
#include "engine/leg_session.hpp"

namespace lampline {
namespace {

bool same_place(const Flow& one, const Flow& other) noexcept
{
    return one.transport == other.transport && one.port == other.port && one.host == other.host;
}

/// A refresh, which may overtake a session that waits for its answer (RFC 3311 §5.1).
bool asks_nothing(const DialogPassed& request)
{
    return request.method == Method::update && !has_body(request.payload) &&
           !appearance_in(request.payload);
}

}  // namespace

void CallEngine::pass_on(Call& call, Leg& leg, const Invitation& invitation, Target target,
                         Outbox& outbox)
{
    ForwardInvite forward{.request = call.passed_on,
                          .caller = call.caller().id,
                          .leg = leg.id,
                          .transaction = leg.invite_out,
                          .target = std::move(target),
                          .session_timer = invitation.session_timer,
                          .headers = invitation.headers};
    if (invitation.payload)  // it was diverted here, or before by who is not to be told
        for (const auto& header : invitation.payload->headers)
            if (same_word(header.name, "Diversion") || same_word(header.name, "History-Info"))
                forward.headers.push_back(header);
    outbox.send(std::move(forward));
    announce(leg, outbox);
}

void CallEngine::leave_route(Call& call, Moment now, Outbox& outbox)
{
    give_up_hunt(call, 403, "Route Not Followed",
                 {addresses_.warning_of(
                     "Route: calls go by the Path of a phone, or to a server of the trunk, "
                     "and by no other way")},
                 now, outbox);
}

void CallEngine::passed_provisional(Call& call, const ResponseReceived& response, Outbox& outbox)
{
    Leg& caller = call.caller();
    if (!caller.invite_in || !response.message) return;
    outbox.send(ForwardResponse{.request = call.passed_on, .message = response.message});
    if (!response.to_tag.empty()) caller.dialog.local_tag = response.to_tag;
    move(caller, LegInput::provisional_with_tag, outbox);
}

void CallEngine::passed_answer(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                               Outbox& outbox)
{
    Leg& caller = call.caller();
    ForwardResponse forward{.request = call.passed_on, .message = response.message};
    const auto answered = answer_timer(call.asked_timer, has(caller.supported, OptionTag::timer),
                                       response.session_timer);
    if (response.session_timer.expires == 0s) forward.session_timer = answered.timer;
    caller.invite_in = {};
    call.verdict.reset();
    if (call.phase == CallPhase::ended) {  // it hangs up itself (RFC 3261 §13.2.2.4)
        outbox.send(std::move(forward));
        return move(leg, LegInput::cancelled, outbox);
    }
    const bool first = call.phase == CallPhase::ringing;
    Leg& winner = leg.state == LegState::terminated ? rings_after_all(call, leg) : leg;
    outbox.send(std::move(forward));
    winner.peer = caller.id;
    passes_along(winner, outbox);
    note_privacy(winner, response.payload);
    winner.supported = response.supported | response.required;
    note_hold(winner, response.payload, has_body(caller.sdp) ? SdpRole::answer : SdpRole::offer);
    move(winner, LegInput::success, outbox);
    note_session(winner, answered.supervise_for, now);
    if (!first) return follow_session(call);  // there are two now
    talks_to(caller, winner);
    move(caller, LegInput::success, outbox);
    if (winner.picks_up) note_taken(call, winner, now);
    start_talking(call, answered.supervise_for, now, outbox);
    take_place(call, winner, outbox);
    cancel_branches(call, winner.id, completed_elsewhere, nullptr, outbox);
}

Leg& CallEngine::rings_after_all(Call& call, const Leg& over)
{
    Leg& leg = call.legs.emplace_back(over);
    leg.id = leg_ids_.next();
    leg.name = tokens_();  // watchers have seen the former one end
    leg.state = LegState::trying;
    leg.ended_by = LegInput::error;
    leg.cancel_sent = leg.closed = leg.resumed = false;
    leg.held = leg.holds = false;
    leg.sdp = leg.asked_sdp = {};
    leg.asked_cseq = 0;
    leg.place.reset();
    leg.probe_out = {};
    leg.failed_probes = 0;
    enlist(call, leg);
    if (!leg.trunk.empty()) {
        leg.counted = true;
        outside_.resumed(leg.payer, leg.trunk);
    }
    return leg;
}

void CallEngine::hold_verdict(Call& call, Verdict verdict, Moment now, Outbox& outbox)
{
    call.hunting.reset();
    timers_.cancel(call.id, CallTimer::ring);
    set_timer(call, CallTimer::linger, now.mono + linger_time);
    call.verdict = std::move(verdict);
    cancel_branches(call, {}, {}, nullptr, outbox);
    pass_verdict(call, now, outbox);
}

void CallEngine::pass_verdict(Call& call, Moment now, Outbox& outbox)
{
    if (!call.verdict) return;
    const bool open = std::ranges::any_of(
        call.legs, [](const Leg& leg) { return static_cast<bool>(leg.invite_out); });
    if (open) return;
    auto verdict = std::move(*call.verdict);
    call.verdict.reset();
    auto& response = verdict.response;
    if (call.phase == CallPhase::ringing) {
        begin_end(call, now, outbox);
        refer_subscriptions_.report(call.id, response.status, response.phrase, true, now, outbox);
        outbox.announce(CallEnded{call.id, response.status, response.phrase, refused_by(verdict.headers)});
        move(call.caller(), end_of_ringing(response.status), outbox);
    }
    if (!std::exchange(call.caller().invite_in, {})) return;
    if (!response.message) {
        outbox.send(Reply{.transaction = call.passed_on,
                          .status = response.status,
                          .phrase = std::move(response.phrase),
                          .headers = std::move(verdict.headers),
                          .payload = std::move(response.payload)});
        return;
    }
    ForwardResponse forward{.request = call.passed_on, .message = response.message};
    if (response.status == 401 || response.status == 407)
        for (const auto& challenge : call.challenges)
            if (challenge != response.message) forward.challenges.push_back(challenge);
    outbox.send(std::move(forward));
}

bool CallEngine::goes_on_without(Call& call, Leg& gone, LegInput how, Outbox& outbox)
{
    Leg* other = gone.role == LegRole::callee ? also_answered(call, gone) : nullptr;
    if (!other) return false;
    move(gone, how, outbox);
    follow_session(call);
    Leg& caller = call.caller();
    if (caller.peer != gone.id) return true;
    talks_to(caller, *other);
    caller.asked_sdp = {};  // each dialog counts by itself
    caller.asked_cseq = 0;
    caller.probe_out = {};  // the answer, if any, is about the dialog that is over
    set_held(caller, false);
    announce(caller, outbox);
    return true;
}

std::pair<Leg*, Leg*> CallEngine::passed_between(const DialogPassed& input)
{
    std::pair<Leg*, Leg*> found;
    for (const auto id : index_.by_call_id(input.call_id)) {
        const auto [call, leg] = find(id);
        if (!leg || !leg->proxied || !leg->talking()) continue;
        Leg* peer = call->find(leg->peer);
        const auto& dialog = leg->dialog;
        if (!peer) continue;
        if (dialog.remote_tag == input.from_tag && dialog.local_tag == input.to_tag)
            found = {leg, peer};
        else if (dialog.remote_tag == input.to_tag && dialog.local_tag == input.from_tag)
            found = {peer, leg};
    }
    return found;
}

/// A proxy behind a phone or trunk of ours has forked its INVITE, and somebody else has answered.
void CallEngine::forked_answer(const DialogPassed& input, Moment now, Outbox& outbox)
{
    const Leg* caller = nullptr;
    for (const auto id : index_.by_call_id(input.call_id)) {
        const auto [call, leg] = find(id);
        if (!leg || !leg->proxied || call->phase != CallPhase::talking) continue;
        if (leg->dialog.remote_tag == input.to_tag) return;  // it is over
        if (leg->role == LegRole::caller && leg->dialog.remote_tag == input.from_tag &&
            leg->dialog_state.remote_cseq == input.cseq)
            caller = leg;
    }
    // Each has a tag that somebody else has made up. What is beyond these passes unseen.
    constexpr std::size_t most_legs = 64;
    if (!caller) return;
    Call& call = *find(caller->id).first;
    if (call.legs.size() >= most_legs) return;
    const auto went_there = [&](const Leg& leg) {
        return leg.role == LegRole::callee && !input.target.host.empty() &&
               same_place(leg.flow, input.callee);
    };
    const auto forks = [](const Leg& leg) {
        return leg.role == LegRole::callee && !leg.dialog_state.route.empty();
    };
    auto branch = std::ranges::find_if(call.legs, went_there);
    const bool can_be_asked = branch != call.legs.end();
    if (!can_be_asked) branch = std::ranges::find_if(call.legs, forks);
    const Leg* first = branch == call.legs.end() ? call.find(caller->peer) : &*branch;
    if (!first) return;
    Leg& leg = rings_after_all(call, *first);
    leg.dialog.remote_tag = input.to_tag;
    leg.dialog_state.target = can_be_asked ? input.target : SipUri{};
    if (can_be_asked) leg.dialog_state.route = input.route;
    leg.heard_at = now.mono;
    leg.peer = caller->id;
    note_hold(leg, input.payload, SdpRole::answer);
    move(leg, LegInput::success, outbox);
    note_session(leg, input.session_timer.expires, now);
    follow_session(call);
    keep(call, outbox);
}

/// A copy, or the answer to what was asked before something else: of sessions it has nothing new, but
/// the timer may go on by it.
void CallEngine::accepted_late(Call& call, Leg& callee, std::chrono::seconds session, Moment now,
                               Outbox& outbox)
{
    if (!callee.session_ends_at || callee.session_ends_at->mono >= now.mono + session) return;
    note_session(callee, session, now);
    follow_session(call);
    sweep(call, now, outbox);
}

void CallEngine::receive(const DialogPassed& input, Moment now, Outbox& outbox)
{
    const bool accepts = input.method == Method::invite && input.status / 100 == 2;
    const auto [sender, peer] = passed_between(input);
    if (!sender) {
        if (accepts) forked_answer(input, now, outbox);
        return;
    }
    // The 2xx of the INVITE that began it, once more.
    if (accepts && sender->role == LegRole::caller &&
        sender->dialog_state.remote_cseq == input.cseq)
        return;
    Call& call = *find(sender->id).first;
    if (call.phase != CallPhase::talking) return;
    Leg& callee = sender->role == LegRole::callee ? *sender : *peer;
    (input.status == 0 ? sender : peer)->heard_at = now.mono;
    if (input.method == Method::refer) {
        if (input.status == 0) referrals_.note(*sender, *peer, input.payload, now);
        if (input.status == 0 || input.status < 300) return;
    }
    // Of a caller with several dialogs, what it says in the first of them is its state.
    const bool own_dialog = sender->peer == peer->id;
    const bool others_dialog = peer->peer == sender->id;
    if (input.method == Method::bye) {
        const auto how = sender->id == callee.id ? LegInput::local_bye : LegInput::remote_bye;
        if (goes_on_without(call, callee, how, outbox)) return sweep(call, now, outbox);
        std::string reason;
        if (input.payload)
            for (const auto& header : input.payload->headers)
                if (header.name == "Reason") reason = header.value;
        end_call(call, sender->id, LegInput::local_bye, LegInput::remote_bye, reason, now, outbox);
    } else if (input.status == 0) {
        if (!own_dialog || input.cseq < sender->asked_cseq || asks_nothing(input)) return;
        sender->asked_sdp = input.payload;
        sender->asked_cseq = input.cseq;
    } else if (input.status < 300) {
        if (own_dialog && input.cseq < sender->asked_cseq)
            return accepted_late(call, callee, input.session_timer.expires, now, outbox);
        const bool asked = own_dialog && input.cseq == sender->asked_cseq;
        if (asked) ++sender->asked_cseq;  // what comes with this number from here on is a copy
        // Accepted once: a refresh may have the next number, and says nothing of it.
        const auto offer = asked ? std::exchange(sender->asked_sdp, {}) : PayloadRef{};
        const bool told_private = note_private(*sender, offer);
        const bool own = note_hold(*sender, offer, SdpRole::offer) || told_private;
        const bool answers = !own_dialog || has_body(offer);
        const bool others = others_dialog && note_hold(*peer, input.payload,
                                                       answers ? SdpRole::answer : SdpRole::offer);
        if (own) announce(*sender, outbox);
        if (others) announce(*peer, outbox);
        if (own || others) call.unsaved = true;
        if (input.session_timer.expires > 0s || callee.session_ends_at) {
            note_session(callee, input.session_timer.expires, now);
            follow_session(call);
        }
    } else if (!goes_on_without(call, callee, LegInput::timeout, outbox)) {
        end_call(call, {}, LegInput::timeout, LegInput::timeout, peer_gone, now, outbox);
    }
    sweep(call, now, outbox);
}

bool CallEngine::can_be_probed(const Leg& leg) noexcept
{
    // Of a forked_answer() the way there may not be known.
    return !leg.proxied || !leg.dialog_state.target.host.empty();
}

/// Behind another proxy a phone is asked by the route that what its peer sends takes from here on.
void CallEngine::probe_proxied(Leg& leg, Outbox& outbox)
{
    if (!can_be_probed(leg)) return;
    leg.probe_out = transaction_ids_.next();
    outbox.send(ProbeDialog{leg.id, leg.probe_out, leg.dialog, leg.dialog_state, leg.flow});
}

Header CallEngine::proxied_warning() const
{
    return addresses_.warning_of(in_proxy_mode);
}

}  // namespace lampline
