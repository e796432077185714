// REFER: the exchange moves the call itself, so that no other phone needs to know REFER (RFC 3515,
// RFC 5589).
//
// Blind: the target's phones are rung without an offer; the first that answers brings one, which
// the transferee answers in a re-INVITE (RFC 3725 §4.4). Attended: the transferee is asked for an
// offer, the target answers it. Until both have accepted, the transferee keeps the transferor.
#include <algorithm>

#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/others_refusal.hpp"
#include "core/refer.hpp"
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_reach.hpp"
#include "engine/route_question.hpp"

namespace lampline {
namespace {

constexpr std::string_view no_offer = "SIP;cause=488;text=\"No media offered\"";

/// What `call`, which rings, counts as outside; nullopt: it rings somewhere else.
std::optional<CountedCall> counted_in(const Call& call)
{
    const auto* hunting = call.hunting.get();
    if (!hunting || !hunting->hunt.outside || !hunting->counted) return std::nullopt;
    return CountedCall{hunting->hunt.payer, hunting->hunt.number};
}

bool are_at_one_place(const SipUri& left, const SipUri& right)
{
    return left.port == right.port && same_word(left.host, right.host);
}

/// Both are of one extension, or of two lines of one phone: requests of both come from the same
/// place, and their contacts name the same one. Behind a proxy that says nothing.
bool are_of_one_phone(const Leg& left, const Leg& right)
{
    if (left.extension == right.extension) return true;
    const auto is_alone = [](const Leg& leg) {
        return leg.trunk.empty() && !leg.slot && !leg.proxied && leg.dialog_state.route.empty();
    };
    return is_alone(left) && is_alone(right) && left.flow == right.flow &&
           are_at_one_place(left.dialog_state.target, right.dialog_state.target);
}

}  // namespace

void CallEngine::receive_refer(Call& call, Leg& leg, const RequestReceived& input, Moment now,
                               Outbox& outbox)
{
    const auto refuse = [&](Reply reply) {
        reply.transaction = input.transaction;
        refuse_referral(call, leg, input.payload, std::move(reply), outbox);
    };
    if (!leg.trunk.empty()) return refuse({.status = 403, .phrase = "Not From Outside"});
    auto referral = referral_of(input.payload, leg.extension, input.transaction);
    if (!referral) return refuse(std::move(referral.error()));
    // Whatever came of the first one, its phone may count from it (RFC 3515 §2.4.6).
    const bool first = !std::exchange(leg.has_referred, true) && !leg.resumed;
    if (auto refusal = refusal_to_refer(call, leg)) return refuse(std::move(*refusal));

    const bool silent = referral->silent;
    Reply accepted{.transaction = input.transaction, .status = 202};
    if (silent) accepted.headers.push_back({"Refer-Sub", "false"});
    outbox.send(std::move(accepted));
    leg.names_refer = !first;
    leg.refer_cseq = input.cseq;
    follow_referral(call, leg, std::move(*referral), !silent, now, outbox);
}

std::optional<Reply> CallEngine::refusal_to_refer(Call& call, const Leg& leg) const
{
    const auto refuse = [&](unsigned status, std::string_view phrase, std::string_view why = {}) {
        Reply reply{.status = status, .phrase = std::string{phrase}};
        if (!why.empty()) reply.headers.push_back(addresses_.warning_of(why));
        return std::optional{std::move(reply)};
    };
    if (is_moving(call))
        return refuse(491, "Request Pending", "Another change of this call is under way");
    if (!leg.talking()) return refuse(491, "Request Pending", "The call is not answered yet");
    // 491 would have the phone ask again for as long as it talks to the exchange.
    const bool alone = std::ranges::none_of(call.legs, [&](const Leg& each) {
        return each.id != leg.id && each.state != LegState::terminated;
    });
    if (alone) return refuse(403, "Nobody To Transfer", "There is no other phone in this call");
    const Leg* transferee = call.peer_of(leg);
    if (!transferee || !transferee->talking())
        return refuse(491, "Request Pending", "The other phone is not connected with this one");
    if (transferee->slot) return refuse(403, "You Are Parked");
    return std::nullopt;
}

void CallEngine::refuse_referral(const Call& call, const Leg& leg, const PayloadRef& payload,
                                 Reply reply, Outbox& outbox)
{
    move_failed(call, leg.id,
                failed_move(MoveKind::transfer, referred_to(payload), reply.status, reply.phrase,
                            reply.headers),
                outbox);
    outbox.send(std::move(reply));
}

void CallEngine::follow_referral(Call& call, Leg& leg, Referral referral, bool reports, Moment now,
                                 Outbox& outbox)
{
    call.transfer = Transfer{.transferor = leg.id,
                             .transferee = call.peer_of(leg)->id,
                             .reports = reports,
                             .to = asked_for(referral.to.uri)};
    report(call, 100, "Trying", false, now, outbox);
    if (referral.to.replaces)
        consult(call, leg, *referral.to.replaces, std::move(referral.headers), now, outbox);
    else if (const auto called = addresses_.called_by(referral.to.uri))
        ring_target(call, leg.extension, *called, std::move(referral.headers), now, outbox);
}

void CallEngine::ring_target(Call& call, const std::string& by, const Called& called,
                             std::vector<Header> headers, Moment now, Outbox& outbox,
                             std::optional<CountedCall> instead_of)
{
    if (call.transfer->to.empty()) call.transfer->to = called.number;
    const Leg& transferee = *call.find(call.transfer->transferee);
    auto number_shown = addresses_.number_shown_by(transferee);
    const auto own = address_of(transferee);
    auto question = question_of_transfer(call, transferee, by, called.number, number_shown, own);
    question.contact = called.phone;
    question.counted = instead_of ? &*instead_of : nullptr;
    auto route = lampline::route(question, router_view());
    if (misses(route, called.domain))
        return transfer_failed(call, 404, "Not A Number Here", now, outbox);
    // Who dials by itself, in the calling-card application, has nobody to park.
    if (route.kind == RouteKind::park && call.transfer->transferor)
        return park(call, by, route.slot, now, outbox);
    if (route.kind != RouteKind::hunt && route.kind != RouteKind::reject)
        return transfer_failed(call, 403, "Not A Place To Transfer To", now, outbox);
    if (route.kind == RouteKind::reject)
        return transfer_failed(call, route.status, route.phrase, now, outbox, why_refused(route));

    Hunting hunting;
    hunting.caller = by;
    hunting.presented = std::move(number_shown);
    hunting.own = own;
    hunting.dialled = called.number;
    hunting.instead_of = std::move(instead_of);
    hunting.invitation = {.from = transferee.phone,
                          .max_forwards = 70,
                          .extension = transferee.extension,
                          .anonymous = transferee.anonymous};
    if (call.parking && call.transfer->transferor == call.parking->leg)
        hunting.invitation.from.display_name =
            "Parked " + call.parking->slot + ": " + transferee.phone.display_name;
    if (settings_.session_expires > 0s) {
        hunting.invitation.supported = OptionTag::timer;
        hunting.invitation.session_timer = timer_kept_by_phone(settings_.session_expires);
    }
    hunting.invitation.headers = std::move(headers);
    begin_hunt(call, std::move(route), std::move(hunting), now, outbox);
}

void CallEngine::consult(Call& call, const Leg& transferor, const Replaces& replaces,
                         std::vector<Header> headers, Moment now, Outbox& outbox)
{
    Transfer& transfer = *call.transfer;
    Leg* consulted = find_replaced(replaces, transferor.extension, Untagged::own);
    if (!consulted || !are_of_one_phone(*consulted, transferor) ||
        consulted->id == transferor.id || consulted->state == LegState::terminated)
        return transfer_failed(call, 481, "No Such Dialog To Replace", now, outbox);

    Call& other = *find(consulted->id).first;
    const bool rings = other.phase == CallPhase::ringing && consulted->id == other.caller().id;
    if (consulted->proxied && !rings)
        return consult_proxied(call, *consulted, std::move(headers), now, outbox);
    Leg* target = other.peer_of(*consulted);
    if (may_not_join_outside(call, other, transferor))
        return transfer_failed(call, 403, "Not Allowed", now, outbox,
                               {connects_none_outside(transferor.extension)});
    const bool clicked = other.clicked && other.transfer && !other.transfer->transferor &&
                         other.transfer->transferee == consulted->id &&
                         other.transfer->stage == TransferStage::ringing;
    if (clicked) {  // the same, of a call that a third party has placed
        const auto called = addresses_.called_in(other);
        const Asked asked{other.id, counted_in(other)};
        Outbox ended;
        end_call(other, {}, LegInput::replaced, LegInput::replaced, completed_elsewhere, now,
                 ended);
        sweep(other, now, ended);
        return ring_instead(call, transferor, asked, called, std::move(headers), now,
                            std::move(ended), outbox);
    }
    if (is_moving(other))
        return transfer_failed(call, 491, "Request Pending", now, outbox);
    if (rings) {
        // Not answered yet: what rings for the transferor rings anew, for the transferee.
        const auto called = addresses_.called_in(other);
        const Asked asked{other.id, counted_in(other)};
        Outbox ended;
        cancel_branches(other, {}, completed_elsewhere, nullptr, ended);
        give_up_ringing(other, 487, "Request Terminated", now, ended);
        sweep(other, now, ended);
        return ring_instead(call, transferor, asked, called, std::move(headers), now,
                            std::move(ended), outbox);
    }
    if (other.asks_slot) {
        const auto slot = *other.asks_slot;
        end_call(other, {}, LegInput::replaced, LegInput::replaced, completed_elsewhere, now,
                 outbox);
        sweep(other, now, outbox);
        return park(call, transferor.extension, slot, now, outbox);
    }
    if (!consulted->talking() || !target || !target->talking() || target->slot ||
        target->id == transfer.transferee)
        return transfer_failed(call, 481, "No Such Dialog To Replace", now, outbox);
    transfer.stage = TransferStage::offered;
    transfer.consulted = consulted->id;
    transfer.target = target->id;
    transfer.offerer = transfer.transferee;
    transfer.answerer = target->id;
    consulted->transfer_of = target->transfer_of = call.id;
    go_on(call, now, outbox);
}

bool CallEngine::may_not_join_outside(const Call& call, const Call& consulting,
                                      const Leg& transferor) const
{
    const auto& extension = transferor.extension;
    if (call.find(call.transfer->transferee)->trunk.empty() || may_connect_outside(extension) ||
        is_for_help(consulting))
        return false;
    // What leads outside by the forward of somebody here is asked anew, by the right of that one.
    const auto* hunting = consulting.hunting.get();
    const bool rings_outside =
        hunting && hunting->hunt.outside && hunting->hunt.payer == extension;
    const auto is_target = [&](const Leg& leg) { return leg.talking() && !leg.trunk.empty(); };
    return rings_outside || std::ranges::any_of(consulting.legs, is_target);
}

void CallEngine::ring_instead(Call& call, const Leg& transferor, Asked asked,
                              const std::optional<Called>& called, std::vector<Header> headers,
                              Moment now, Outbox ended, Outbox& outbox)
{
    const auto by = transferor.id;
    Outbox rings;
    if (called)
        ring_target(call, transferor.extension, *called, std::move(headers), now, rings,
                    std::move(asked.counted));
    else
        transfer_failed(call, 404, "Not A Number Here", now, rings);
    if (call.transfer) outbox.announce(CallMoved{call.id, by, {}, asked.call});
    outbox.append(std::move(ended));
    outbox.append(std::move(rings));
}

/// Sends the next INVITE of the transfer, as soon as its leg is free for it.
void CallEngine::go_on(Call& call, Moment now, Outbox& outbox)
{
    Transfer& transfer = *call.transfer;
    if (transfer.stage == TransferStage::ringing) return;
    const bool asks = transfer.stage == TransferStage::offered;
    const auto [owner, leg] = find(asks ? transfer.offerer : transfer.answerer);
    if (!leg || !leg->talking()) return transfer_failed(call, 480, "Party Has Left", now, outbox);
    show_awaited(call, outbox);
    if (owner->session_pending(*leg)) {
        if (wait_until(transfer.glare.held_up(now.mono), call, CallTimer::transfer)) return;
        return transfer_failed(call, 491, "Request Pending", now, outbox);
    }
    leg->transfer_of = call.id;
    const LegId shown = leg->id == transfer.transferee ? transfer.target : transfer.transferee;
    const auto* other = find(shown).second;
    std::vector<Header> headers;
    if (const auto known = other ? shown_to(*leg, *other) : std::nullopt)
        headers = leg->identifies(*known);
    const bool parks = other && other->slot;  // then there is nobody to refresh the session
    (asks ? transfer.offered_by : transfer.offered_to) = invite(
        *leg,
        {.supported = parks ? OptionTag::none : leg->supported & OptionTag::timer,
         .session_timer = parks ? SessionTimer{}
                                : timer_kept_by_phone(owner->session_expires, leg->min_se),
         .headers = std::move(headers),
         .payload = asks ? nullptr : transfer.offer},
        now, outbox);
}

void CallEngine::target_answered(Call& call, Leg& target, const ResponseReceived& response,
                                 Moment now, Outbox& outbox)
{
    target.ack_owed = response.transaction;
    if (!has_body(response.payload)) {
        move(target, LegInput::error, outbox);
        hang_up(target, no_offer, outbox);
        return transfer_failed(call, 488, "No Media Offered", now, outbox);
    }
    leave_picker(call, completed_elsewhere, outbox, somebody_was_quicker());
    note_abilities(target, response);
    target.sdp = response.payload;
    note_timer(*call.transfer, response.session_timer);
    session_kept(call, target, response, now);
    move(target, LegInput::success, outbox);
    limit_duration(call, target, now);
    target_is(call, target, response.payload, now, outbox);
    go_on(call, now, outbox);
}

void CallEngine::note_timer(Transfer& transfer, const SessionTimer& answered)
{
    if (answered.refresher == Refresher::uas)
        transfer.session_expires = shorter_session(transfer.session_expires, answered.expires);
}

void CallEngine::target_is(Call& call, Leg& target, const PayloadRef& offer, Moment now,
                           Outbox& outbox)
{
    Transfer& transfer = *call.transfer;
    transfer.stage = TransferStage::joining;
    transfer.target = transfer.offerer = target.id;
    transfer.answerer = transfer.transferee;
    transfer.offer = offer;
    transfer.glare.over();
    target.peer = transfer.transferee;  // not yet the other way round
    if (target.picks_up) note_taken(call, target, now);
    take_place(call, target, outbox);
    cancel_branches(call, target.id, completed_elsewhere, nullptr, outbox);
    timers_.cancel(call.id, CallTimer::ring);
    call.hunting.reset();
}

bool CallEngine::receive_for_transfer(Leg& leg, const ResponseReceived& response, Moment now,
                                      Outbox& outbox)
{
    const auto owner = calls_.find(leg.transfer_of);
    if (!leg.transfer_of || owner == calls_.end() || !owner->second->transfer) return false;
    Call* call = owner->second.get();
    if (response.transaction != call->transfer->offered_by &&
        response.transaction != call->transfer->offered_to)
        return false;
    if (response.status < 200) return true;
    leg.invite_out = {};
    const bool success = response.status < 300;
    if (success) {
        leg.ack_owed = response.transaction;
        note_target(*by_leg_.at(leg.id), leg, response);
        note_timer(*call->transfer, response.session_timer);
        session_kept(*by_leg_.at(leg.id), leg, response, now);
    }
    if (leg.state == LegState::terminated) {
        if (success) outbox.send(SendAck{leg.id, std::exchange(leg.ack_owed, {}), nullptr});
        transfer_failed(*call, 480, "Party Has Left", now, outbox);
        return true;
    }
    Transfer& transfer = *call->transfer;
    const auto again = sent_again_at(leg, transfer.glare, response, now);
    if (wait_until(again, *call, CallTimer::transfer)) return true;
    if (response.status == 491) {
        transfer_failed(*call, 491, "Request Pending", now, outbox);
    } else if (!success) {
        const auto told = told_to_caller(leg, response, leg.extension);
        transfer_failed(*call, told.status, told.phrase, now, outbox,
                        told_with(told, told.status, {}));
        if (ends_dialog(response) && leg.talking())
            lost(*by_leg_.at(leg.id), leg, peer_gone, now, outbox);
    } else if (response.transaction == transfer.offered_by) {
        transfer.stage = TransferStage::joining;
        transfer.offer = response.payload;
        transfer.glare.over();
        go_on(*call, now, outbox);
    } else if (!has_body(response.payload)) {
        outbox.send(SendAck{leg.id, std::exchange(leg.ack_owed, {}), nullptr});
        transfer_failed(*call, 488, "No Media Answered", now, outbox);
        if (leg.talking()) restore_session(*by_leg_.at(leg.id), leg, now, outbox);
    } else {
        outbox.send(SendAck{leg.id, std::exchange(leg.ack_owed, {}), nullptr});
        leg.sdp = response.payload;
        joined(*call, response.payload, now, outbox);
    }
    return true;
}

}  // namespace lampline
