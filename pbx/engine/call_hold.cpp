// Hold and resume by the exchange itself: it re-INVITEs both phones, one after the other.
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_session.hpp"

namespace lampline {

PayloadRef CallEngine::silence(std::string_view offer) const
{
    return session_payload(inactive_answer(offer, silent_key()));
}

PayloadRef CallEngine::silent_offer(const Leg& leg, const Leg* other) const
{
    if (other && has_body(other->sdp)) return session_payload(made_inactive(other->sdp->body));
    return silence(body_of(leg.sdp));
}

OrderAnswer CallEngine::change_session(Call& call, SessionChange::Kind kind, Moment now,
                                       Outbox& outbox)
{
    if (call.mode == CallMode::proxy)
        return {.outcome = OrderOutcome::wrong_state, .message = std::string{in_proxy_mode}};
    const auto [first, second] = talking_pair(call);
    if (!first)
        return {.outcome = OrderOutcome::wrong_state, .message = "nobody talks in this call"};
    if (first->slot || second->slot)
        return {.outcome = OrderOutcome::wrong_state, .message = "this call is parked"};
    if (is_moving(call))
        return {.outcome = OrderOutcome::wrong_state,
                .message = "another change of this call is under way"};
    const bool done = kind == SessionChange::Kind::hold ? first->held && second->held
                                                        : !first->held && !second->held;
    if (done) return {.outcome = OrderOutcome::as_it_is};
    call.change = SessionChange{.kind = kind, .first = first->id, .second = second->id};
    change_goes_on(call, now, outbox);
    return {};
}

void CallEngine::renew_session(Call& call, Moment now, Outbox& outbox)
{
    call.early_answer.reset();
    const auto [caller, callee] = talking_pair(call);
    if (!caller || is_moving(call)) return;
    call.change = SessionChange{
        .kind = SessionChange::Kind::renew, .first = callee->id, .second = caller->id};
    change_goes_on(call, now, outbox);
}

void CallEngine::accepted_in_vain(Call& call, Leg& leg, const ResponseReceived& response,
                                  Moment now, Outbox& outbox)
{
    const bool offers = leg.asks_offer && has_body(response.payload);
    outbox.send(SendAck{
        leg.id, response.transaction,
        offers ? silence(response.payload->body) : nullptr});
    note_target(call, leg, response);
    note_session(leg, response.session_timer.expires, now);  // whoever was to refresh it
    follow_session(call);
    const Leg* peer = call.find(leg.peer);
    if (offers && peer && peer->slot) return;  // where there is nothing to hear anyway
    restore_session(call, leg, now, outbox);
}

void CallEngine::restore_session(Call& call, const Leg& leg, Moment now, Outbox& outbox)
{
    call.astray = leg.id;
    restore_session(call, now, outbox);
}

void CallEngine::restore_session(Call& call, Moment now, Outbox& outbox)
{
    if (!call.astray || is_moving(call)) return;
    const Leg* leg = call.find(call.astray);
    const Leg* peer = leg ? call.find(leg->peer) : nullptr;
    const auto away = [](const Leg& one) { return one.adrift && !one.flow.connection; };
    if (peer && (away(*leg) || away(*peer))) return;  // it is done when that phone is back
    call.astray = {};
    if (!peer || !leg->talking() || !peer->talking() || peer->peer != leg->id) return;
    const bool silent = peer->slot || (leg->held && peer->held);
    call.change = silent ? SessionChange{.kind = SessionChange::Kind::hold,
                                         .first = peer->id,
                                         .second = leg->id,
                                         .at_second = true}
                         : SessionChange{.kind = SessionChange::Kind::renew,
                                         .first = leg->id,
                                         .second = peer->id};
    change_goes_on(call, now, outbox);
}

void CallEngine::change_goes_on(Call& call, Moment now, Outbox& outbox)
{
    SessionChange& change = *call.change;
    if (change.sent) return;
    Leg* leg = call.find(change.at_second ? change.second : change.first);
    const Leg* other = call.find(change.at_second ? change.first : change.second);
    if (!leg || !other || !leg->talking() || leg->peer != other->id)
        return give_up_change(call, outbox);
    if (call.session_pending(*leg)) {
        if (wait_until(change.glare.held_up(now.mono), call, CallTimer::transfer)) return;
        return give_up_change(call, outbox);
    }
    change.sent = invite(
        *leg,
        {.supported = leg->supported & OptionTag::timer,
         .session_timer = timer_kept_by_phone(call.session_expires, leg->min_se),
         .headers = change.kind == SessionChange::Kind::renew ? asserted_to(*leg, *other)
                                                              : std::vector<Header>{},
         .payload = change.kind == SessionChange::Kind::hold ? silent_offer(*leg, other)
                                                             : change.offer},
        now, outbox);
}

void CallEngine::change_answered(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                                 Outbox& outbox)
{
    if (response.status < 200) return;
    SessionChange& change = *call.change;
    change.sent = leg.invite_out = {};
    if (wait_until(sent_again_at(leg, change.glare, response, now), call, CallTimer::transfer))
        return;
    if (response.status >= 300) {
        give_up_change(call, outbox);
        if (ends_dialog(response))
            lost(call, leg, peer_gone, now, outbox);
        return;
    }
    call.unsaved = true;
    note_target(call, leg, response);
    session_kept(call, leg, response, now);
    const bool offers_anew = change.kind != SessionChange::Kind::hold;
    const bool asked = offers_anew && !change.at_second;
    if (asked && has_body(response.payload)) {
        leg.ack_owed = response.transaction;  // until the other has answered the offer
        change.offer = response.payload;
    } else {
        outbox.send(SendAck{leg.id, response.transaction, nullptr});
        if (asked || (offers_anew && !has_body(response.payload)))
            return give_up_change(call, outbox);
        bool moved = note_hold(leg, response.payload, SdpRole::answer);
        // A phone that was told so hears nothing, whatever it answers; both are held as by a key.
        if (change.kind == SessionChange::Kind::hold) {
            moved = moved || !leg.held || !leg.holds;
            leg.held = leg.holds = true;
        }
        if (moved) announce(leg, outbox);
    }
    if (!change.at_second) {
        change.at_second = true;
        change.glare.over();
        return change_goes_on(call, now, outbox);
    }
    if (Leg* first = call.find(change.first); first && first->ack_owed) {
        outbox.send(SendAck{first->id, std::exchange(first->ack_owed, {}),
                            session_payload(response.payload->body)});
        if (note_hold(*first, change.offer, SdpRole::offer)) announce(*first, outbox);
    }
    call.change.reset();
    call.astray = {};
}

/// Who has made an offer already is left without anything to hear, as it was.
void CallEngine::give_up_change(Call& call, Outbox& outbox)
{
    const auto change = *std::exchange(call.change, std::nullopt);
    timers_.cancel(call.id, CallTimer::transfer);
    Leg* first = call.find(change.first);
    if (!first || !first->ack_owed) return;
    if (change.kind == SessionChange::Kind::renew) {  // both go on with what they have
        const auto* second = call.find(change.second);
        const auto session = second ? body_of(second->sdp) : std::string_view{};
        return outbox.send(SendAck{first->id, std::exchange(first->ack_owed, {}),
                                   session_payload(std::string{session})});
    }
    outbox.send(SendAck{first->id, std::exchange(first->ack_owed, {}),
                        silence(change.offer->body)});
    if (!std::exchange(first->held, true)) announce(*first, outbox);
}

}  // namespace lampline
