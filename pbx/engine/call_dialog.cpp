// Requests within a dialog: passed from one leg to the other, answered back, and the end of the
// call.
#include <utility>

#include "core/appearance_payload.hpp"
#include "core/dialog_end.hpp"
#include "core/others_refusal.hpp"
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/displays.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_session.hpp"

namespace lampline {
namespace {

std::string reason_in(const PayloadRef& payload)
{
    std::string reason;
    if (payload)
        for (const auto& header : payload->headers)
            if (header.name == "Reason") reason = header.value;
    return reason;
}

/// What the sender of `relay` is told where nobody is left to answer it: nothing that ends its own
/// dialog (RFC 5057 §5.1).
Reply answer_for_lost(const Relay& relay)
{
    const bool prack = relay.method == Method::prack;
    const unsigned refusal = prack ? 488U : changes_session(relay.method) ? 491U : 480U;
    return {.transaction = relay.request, .status = prack && !relay.offers ? 200U : refusal};
}

}  // namespace

void CallEngine::relay(Call& call, Leg& from, const RequestReceived& input, Moment now,
                       Outbox& outbox)
{
    const auto refuse = [&](unsigned status, std::vector<Header> headers = {}) {
        outbox.send(Reply{
            .transaction = input.transaction, .status = status, .headers = std::move(headers)});
    };
    Leg* to = call.peer_of(from);
    if (input.method == Method::invite && call.phase != CallPhase::talking) return refuse(491);
    const bool alone = !to && call.transfer && call.transfer->transferee == from.id;
    if (alone || (to && to->slot)) return answer_for_nobody(call, from, input, now, outbox);
    if (!to || to->state == LegState::terminated)
        return refuse(changes_session(input.method) ? 491 : 480);

    if (stays_here(call, from, *to, input, now, outbox)) return;

    const bool by_invite = input.method == Method::update && to->refuses_update;
    if (changes_session(input.method)) {
        note_privacy(from, input.payload);
        // One change of the session at a time (RFC 3261 §14.2, RFC 3311 §5.2).
        const bool unacknowledged = from.ack_due || from.ack_owed || to->ack_due || to->ack_owed;
        if ((input.method == Method::invite || by_invite) && unacknowledged) return refuse(491);
        for (const auto& other : call.relays) {
            if (!changes_session(other.method) || !other.forwarded) continue;
            if (other.to == from.id || other.answered) return refuse(491);
            return refuse(500, {{"Retry-After", "2"}});
        }
        // One of ours: an INVITE that still rings does not stand in the way of an UPDATE.
        if ((from.talking() && from.invite_out) || (to->talking() && to->invite_out))
            return refuse(491);
    }

    auto& relay = call.relays.emplace_back(Relay{.method = input.method,
                                                 .from = from.id,
                                                 .request = input.transaction,
                                                 .to = to->id,
                                                 .forwarded = {},
                                                 .payload = input.payload,
                                                 .session_timer = input.session_timer,
                                                 .cseq = input.cseq,
                                                 .via = input.via,
                                                 .method_name = input.method_name,
                                                 .focus = input.focus});
    if (by_invite) return update_by_invite(call, relay, from, *to, now, outbox);
    send_on(call, relay, from, *to, now, outbox);
}

void CallEngine::send_on(const Call& call, Relay& relay, const Leg& from, Leg& to, Moment now,
                         Outbox& outbox)
{
    const auto method = relay.by_invite ? Method::invite : relay.method;
    SendRequest passed{
        .method = method,
        .method_name = relay.method_name,
        .supported = from.supported & OptionTag::timer,  // no PRACK passes in a dialog
        .session_timer =
            changes_session(method)
                ? timer_to_forward(relay.session_timer, call.session_expires, to.min_se)
                : SessionTimer{},
        .focus = relay.focus,
        .payload = from.place && appearance_in(relay.payload) ? without_appearance(relay.payload)
                                                              : relay.payload};
    if (method == Method::invite) {
        // Who has sent an UPDATE waits for 64*T1 (RFC 3311 §5.2).
        const auto patience = relay.by_invite ? answered_by_phone : answered_by_person;
        relay.forwarded = invite(to, std::move(passed), patience, now, outbox);
        return;
    }
    relay.forwarded = passed.transaction = transaction_ids_.next();
    request(to, std::move(passed), outbox);
}

void CallEngine::relayed_answer(Call& call, Leg& leg, Relay& relay,
                                const ResponseReceived& response, Moment now, Outbox& outbox)
{
    if (response.status < 200 || update_unknown(call, leg, relay, response, now, outbox)) return;
    const bool invite = relay.method == Method::invite;
    const bool success = response.status < 300;
    if (invite || relay.by_invite) leg.invite_out = {};
    if (relays_longer_session(call, relay, leg, response, now, outbox)) return;

    if (relay.cancelled) {
        const bool takes_over{relay.replaces};
        const bool over = ends_dialog(response) && takes_part(call, leg);
        call.remove_relay(relay.forwarded);
        if (success) accepted_in_vain(call, leg, response, now, outbox);
        if (ends_dialog(response)) lost(call, leg, peer_gone, now, outbox);
        if (takes_over && !over) take_over_failed(call, leg, now, outbox);
        return;
    }

    const bool ours = relay.session_timer.expires == 0s;
    if (relay.replaces && (ours || response.status == 491) &&
        wait_until(sent_again_at(leg, relay.glare, response, now), call, CallTimer::take_over)) {
        relay.forwarded = {};
        return;
    }

    // Of a PRACK it says that this response is not known (RFC 3262 §3), and nothing of the dialog.
    const bool prack = relay.method == Method::prack;
    const bool lost_there = ends_dialog(response) || (prack && response.generated);
    const bool gone = lost_there && speaks_of_call(relay.method);
    const bool over = gone && takes_part(call, leg);
    // The end of a subscription, for who notifies (RFC 6665 §4.2.2).
    const bool forgotten = relay.method == Method::notify && response.status == 481;
    Leg& asker = *call.find(relay.from);
    Reply answer{.transaction = relay.request,
                 .status = response.status,
                 .phrase = response.phrase,
                 .focus = response.focus,
                 .allows_update = !leg.refuses_update,
                 .payload = relay.bare ? nullptr : response.payload};
    if (relay.replaces && success) answer.headers = asserted_to(asker, leg);
    if (response.status == 401 || response.status == 407) {  // never a way to our credentials
        answer.status = 500;
        answer.phrase = "Challenged By Peer";
        answer.payload = nullptr;
    }
    if (response.status == 503) {  // of a phone, and we are still there
        auto told = told_as_ours({response.status, {}, response.payload, {}, {}},
                                 leg.trunk.empty() ? "Phone Not Available" : "Trunk Not Available");
        answer.status = told.status;
        answer.phrase = std::move(told.phrase);
        answer.payload = std::move(told.payload);
    }
    if (lost_there && !over && !forgotten) answer = answer_for_lost(relay);
    if (success && changes_session(relay.method)) {
        note_target(call, leg, response);
        note_privacy(leg, response.payload);
        call.unsaved = true;
        const auto answered = answer_timer(
            relay.session_timer, has(asker.supported, OptionTag::timer), response.session_timer);
        answer.session_timer = answered.timer;
        answer.required = answered.require ? OptionTag::timer : OptionTag::none;
        note_session(asker, answered.timer.expires, now);
        note_session(leg, response.session_timer.expires, now);
        call.session_expires = answered.supervise_for;
        follow_session(call);
    } else {
        answer.session_timer.min_se = response.session_timer.min_se;  // 422
    }
    outbox.send(std::move(answer));
    if (success && relay.by_invite) outbox.send(SendAck{leg.id, response.transaction, nullptr});
    const bool may_hide = success && changes_session(relay.method) && !relay.replaces;
    const auto hide_either = [&] {
        if (!may_hide) return;
        hide(call, leg, asker, now, outbox);
        hide(call, asker, leg, now, outbox);
    };

    if (success && call.early_answer) {
        const bool by_callee = asker.role == LegRole::callee;
        const auto& moved = by_callee ? relay.payload : response.payload;
        auto& early = *call.early_answer;
        if (has_body(moved))
            early = {.of = by_callee ? asker.id : leg.id,
                     .sdp = moved,
                     .offers = early.offers,
                     .moved = true};
    }
    if (success && changes_session(relay.method)) {
        const bool told_private = note_private(asker, relay.payload);
        const bool asker_moved = note_hold(asker, relay.payload, SdpRole::offer) || told_private;
        const auto role = has_body(relay.payload) ? SdpRole::answer : SdpRole::offer;
        const bool leg_moved = note_hold(leg, response.payload, role);
        // Who takes a place is announced with the one it then talks to, each once.
        const bool apart = !relay.replaces;
        if (apart && asker_moved) announce(asker, outbox);
        if (apart && leg_moved) announce(leg, outbox);
    }
    if (invite && success) {
        relay.answered = true;
        asker.ack_due = relay.request;
        leg.ack_owed = relay.forwarded;
        acknowledge_for_help(call, leg, relay.payload, outbox);
        if (relay.replaces) taken_over(call, asker, leg, relay.replaces, outbox);
        hide_either();
        return;
    }
    const bool takes_over{relay.replaces};
    if (takes_over) move(asker, LegInput::rejected, outbox);
    call.remove_relay(response.transaction);
    hide_either();
    if (gone) lost(call, leg, peer_gone, now, outbox);
    if (takes_over && !over) take_over_failed(call, leg, now, outbox);
}

void CallEngine::receive(const AckReceived& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call || leg->ack_due != input.transaction) return;
    leg->heard_at = now.mono;
    leg->ack_due = {};
    cards_.acknowledged(*call, *leg, now, outbox);
    if (call->pickup && (!call->transfer || call->pickup->picker == leg->id)) {
        pickup_acknowledged(*call, *leg, input.payload, now, outbox);
        if (leg->bye_owed) hang_up(*leg, {}, outbox);
        return sweep(*call, now, outbox);
    }

    Leg* answerer = nullptr;
    if (const auto* relay = call->find_relay(input.transaction)) {
        answerer = call->find(relay->to);
        call->remove_relay(relay->forwarded);
    } else {
        answerer = call->peer_of(*leg);
    }
    if (answerer && answerer->ack_owed) {
        const PayloadRef unheard = call->early_answer ? call->early_answer->for_ack : nullptr;
        outbox.send(SendAck{answerer->id, std::exchange(answerer->ack_owed, {}),
                            unheard ? unheard : input.payload});
        if (has_body(input.payload)) call->unsaved = true;
        if (note_hold(*leg, input.payload, SdpRole::answer))
            announce(*leg, outbox);  // delayed offer: its answer is in the ACK
    }
    if (leg->bye_owed) hang_up(*leg, {}, outbox);
    if (call->early_answer && call->phase == CallPhase::talking) renew_session(*call, now, outbox);
    sweep(*call, now, outbox);
}

void CallEngine::receive(const AckMissing& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call || leg->ack_due != input.transaction) return;
    leg->ack_due = {};
    if (leg->bye_owed)
        hang_up(*leg, {}, outbox);
    else if (call->pickup && call->pickup->picker == leg->id)
        pickup_failed(*call, "SIP;cause=408;text=\"ACK missing\"", now, outbox);
    else if (talks_unacknowledged(*call, *leg, input.transaction))
        ask(*leg, outbox);
    else if (leg->state != LegState::terminated)
        end_call(*call, {}, LegInput::timeout, LegInput::timeout,
                 "SIP;cause=408;text=\"ACK missing\"", now, outbox);
    sweep(*call, now, outbox);
}

void CallEngine::acknowledge_for_help(const Call& call, Leg& leg, const PayloadRef& offer,
                                      Outbox& outbox)
{
    if (!has_body(offer) || call.early_answer || !is_for_help(call)) return;
    outbox.send(SendAck{leg.id, std::exchange(leg.ack_owed, {}), nullptr});
}

bool CallEngine::talks_unacknowledged(Call& call, const Leg& leg, TransactionId request)
{
    if (call.phase != CallPhase::talking || !leg.talking() || !is_for_help(call)) return false;
    const auto* relay = call.find_relay(request);
    const Leg* answerer = relay ? call.find(relay->to) : call.peer_of(leg);
    if (!answerer || answerer->ack_owed) return false;
    if (relay) call.remove_relay(relay->forwarded);
    return true;
}

void CallEngine::receive_bye(Call& call, Leg& leg, const RequestReceived& input, Moment now,
                             Outbox& outbox)
{
    auto reason = reason_in(input.payload);
    if (sends_on(call, leg, input, reason, now, outbox)) return;
    hung_up(call, leg, reason, 200, now, outbox);
}

void CallEngine::hung_up(Call& call, Leg& leg, std::string_view reason, unsigned status,
                         Moment now, Outbox& outbox)
{
    if (leaves_pickup(call, leg, now, outbox)) return;
    if (call.phase == CallPhase::ringing) {
        // A caller may end its early dialog by BYE (RFC 3261 §15); a callee's is a final answer
        // without one.
        if (leg.role == LegRole::caller)
            return give_up_ringing(call, 487, "Request Terminated", now, outbox);
        return;
    }
    if (leaves_transfer(call, leg, now, outbox) || leaves_take_over(call, leg, outbox) ||
        cards_.left(call, leg, now, outbox))
        return;
    end_call(call, leg.id, LegInput::local_bye, LegInput::remote_bye, reason, now, outbox, status);
}

void CallEngine::cancelled_late(Call& call, Leg& leg, const CancelReceived& input, Moment now,
                                Outbox& outbox)
{
    if (!input.answered) leg.ack_due = {};  // the 2xx has waited for a PRACK, and never left
    if (leg.state != LegState::terminated) {
        auto reason = reason_in(input.payload);
        if (reason.empty()) reason = "SIP;cause=487;text=\"Cancelled as it was answered\"";
        hung_up(call, leg, reason, 487, now, outbox);
        leg.bye_owed = true;
    }
    // It has sent no BYE, so ours follows the ACK, or 64*T1; with the INVITE refused there is no
    // dialog for one.
    leg.bye_owed = leg.bye_owed && input.answered;
    leg.bye_exchanged = !leg.bye_owed;
}

void CallEngine::give_up_lost_relays(Call& call, Outbox& outbox)
{
    std::erase_if(call.relays, [&](const Relay& relay) {
        if (relay.method == Method::invite) return false;  // its final response comes
        const Leg* to = call.find(relay.to);
        if (to && to->state != LegState::terminated) return false;
        outbox.send(answer_for_lost(relay));
        return true;
    });
}

}  // namespace lampline
