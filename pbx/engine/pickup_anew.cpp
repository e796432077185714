// Taking a ringing call where neither offer answers the other: keys or ICE are negotiated, or one
// of the two has offered nothing. The caller's INVITE stays unanswered until there is an answer for
// it.
//
//   picker offers, caller waits for an offer:  200 to the caller -> ACK -> 200 to the picker
//   picker asks for the caller's offer:        200 to the picker -> ACK -> 200 to the caller
//   both offer, or neither:  200 inactive to the picker -> ACK -> re-INVITE -> 200 to the caller
//
// What rings goes on ringing meanwhile, so that a picker that fails has changed nothing.
#include <algorithm>

#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/displays.hpp"
#include "engine/early_answer.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_session.hpp"

namespace lampline {
namespace {

constexpr std::string_view no_media = "SIP;cause=488;text=\"No media in common\"";

/// The session description alone: other headers were for another dialog.
PayloadRef session_of(const PayloadRef& payload)
{
    if (!has_body(payload)) return nullptr;
    return std::make_shared<const Payload>(Payload{payload->content_type, payload->body, {}});
}

/// For a caller that nobody else has a say about the session timer with.
AnsweredTimer timer_of_caller(const Call& call)
{
    return answer_timer(call.asked_timer, has(call.caller().supported, OptionTag::timer), {});
}

}  // namespace

std::string CallEngine::silent_key() const
{
    constexpr std::size_t size = 40;  // 30 bytes as base64
    std::string key;
    while (key.size() < size)
        for (const char c : tokens_())
            if (std::isalnum(static_cast<unsigned char>(c)) != 0 && key.size() < size) key += c;
    return key;
}

void CallEngine::pick_up_anew(Call& call, Leg& ringing, const InviteReceived& input, Moment now,
                              Outbox& outbox)
{
    Leg& picker = open_picker_leg(call, ringing, input, now, outbox);
    picker.untold = true;
    announce(picker, outbox);
    picker.sdp = input.payload;
    call.pickup = Pickup{.picker = picker.id, .ringing = ringing.id};
    const bool offers = has_body(input.payload);
    if (offers && !has_body(call.offer)) {
        picker.invite_in = input.transaction;
        return picked_up(call, session_of(input.payload), timer_of_caller(call), now, outbox);
    }
    auto session = session_of(call.offer);
    if (offers || !session)
        session = silence(offers ? input.payload->body : std::string_view{});
    call.pickup->renegotiates = offers || !has_body(call.offer);
    picker.ack_due = input.transaction;
    const auto timer =
        answer_timer(input.session_timer, has(picker.supported, OptionTag::timer), {});
    note_session(picker, timer.timer.expires, now);
    call.pickup->session_expires = timer.timer.expires;
    outbox.send(Reply{.transaction = input.transaction,
                      .status = 200,
                      .headers = asserted_to(picker, call.caller()),
                      .session_timer = timer.timer,
                      .required = timer.require ? OptionTag::timer : OptionTag::none,
                      .allows_update = !call.caller().refuses_update,
                      .payload = std::move(session)});
}

void CallEngine::pickup_acknowledged(Call& call, Leg& leg, const PayloadRef& answer, Moment now,
                                     Outbox& outbox)
{
    Pickup& pickup = *call.pickup;
    Leg& picker = *call.find(pickup.picker);
    if (call.transfer) return picker_acknowledged(call, picker, answer, now, outbox);
    if (leg.id != picker.id) {
        if (leg.id != call.caller().id || !picker.invite_in) return;
        if (!has_body(answer))
            return end_call(call, {}, LegInput::error, LegInput::error, no_media, now, outbox);
        if (note_hold(leg, answer, SdpRole::answer)) announce(leg, outbox);
        picker.ack_due = std::exchange(picker.invite_in, {});
        outbox.send(Reply{.transaction = picker.ack_due,
                          .status = 200,
                          .headers = asserted_to(picker, leg),
                          .payload = session_of(answer)});
        call.pickup.reset();
        move(picker, LegInput::success, outbox);
        call.unsaved = true;
        return;
    }
    if (pickup.renegotiates) return offer_to_picker(call, now, outbox);
    if (!has_body(answer)) return pickup_failed(call, no_media, now, outbox);
    picker.sdp = answer;
    picked_up(call, session_of(answer), timer_of_caller(call), now, outbox);
}

/// The picker gets the caller's offer, or is asked for one of its own.
void CallEngine::offer_to_picker(Call& call, Moment now, Outbox& outbox)
{
    Pickup& pickup = *call.pickup;
    Leg& picker = *call.find(pickup.picker);
    auto timer = timer_to_forward(call.asked_timer, settings_.session_expires, picker.min_se);
    if (timer.expires > 0s) {  // the caller's own, too: it would not hear of the picker's 422
        timer.min_se = std::max(timer.min_se, picker.min_se);
        timer.expires = std::max(timer.expires, timer.min_se);
    }
    pickup.offered = invite(picker,
                            {.supported = call.caller().supported & OptionTag::timer,
                             .session_timer = timer,
                             .headers = asserted_to(picker, call.caller()),
                             .payload = session_of(call.offer)},
                            now, outbox);
}

void CallEngine::pickup_answered(Call& call, Leg& picker, const ResponseReceived& response,
                                 Moment now, Outbox& outbox)
{
    if (response.status < 200) return;
    Pickup& pickup = *call.pickup;
    picker.invite_out = {};
    pickup.offered = {};
    if (wait_until(sent_again_at(picker, pickup.glare, response, now), call, CallTimer::transfer))
        return;
    if (response.status >= 300) return pickup_failed(call, no_media, now, outbox);
    picker.ack_owed = response.transaction;
    note_target(call, picker, response);
    if (!has_body(response.payload)) return pickup_failed(call, no_media, now, outbox);
    picker.supported = response.supported | response.required;
    picker.sdp = response.payload;
    auto chosen = response.session_timer;
    note_session(picker, chosen.expires, now);
    pickup.session_expires = chosen.expires;
    // The caller cannot be told more than it has asked for (RFC 4028 §9): so often it refreshes.
    if (call.asked_timer.expires > 0s && chosen.expires > call.asked_timer.expires) chosen = {};
    const auto answered =
        answer_timer(call.asked_timer, has(call.caller().supported, OptionTag::timer), chosen);
    picked_up(call, session_of(response.payload), answered, now, outbox);
}

/// `session` is for the caller: now the call is the picker's.
void CallEngine::picked_up(Call& call, PayloadRef session, const AnsweredTimer& timer, Moment now,
                           Outbox& outbox)
{
    Leg& caller = call.caller();
    Leg& picker = *call.find(call.pickup->picker);
    Leg& ringing = *call.find(call.pickup->ringing);
    caller.ack_due = std::exchange(caller.invite_in, {});
    caller.other = presented(picker);
    picker.other = presented(caller);
    picker.held = picker.sdp && has_body(picker.sdp) && !receives_media(picker.sdp->body);
    connect(caller, picker);
    outbox.send(Reply{.transaction = caller.ack_due,
                      .status = 200,
                      .headers = asserted_to(caller, picker),
                      .session_timer = timer.timer,
                      .required = timer.require ? OptionTag::timer : OptionTag::none,
                      .allows_update = !picker.refuses_update,
                      .payload = told_after_early(call, picker, session)});
    note_session(caller, timer.timer.expires, now);
    const auto session_expires =
        shorter_session(call.pickup->session_expires, timer.supervise_for);
    const bool waits = static_cast<bool>(picker.invite_in);  // for the answer in the caller's ACK
    if (!waits) {
        call.pickup.reset();
        move(picker, LegInput::success, outbox);
    }
    note_taken(call, picker, now);
    move(caller, LegInput::success, outbox);
    move(ringing, LegInput::replaced, outbox);
    start_talking(call, session_expires, now, outbox);
    cancel_branches(call, picker.id, completed_elsewhere, nullptr, outbox);
    keep(call, outbox);
}

void CallEngine::leave_picker(Call& call, std::string_view reason, Outbox& outbox,
                              PickupRefusal refusal)
{
    if (!call.pickup) return;
    Leg* picker = call.find(call.pickup->picker);
    call.pickup.reset();
    timers_.cancel(call.id, CallTimer::transfer);
    if (call.transfer) leave_offer(call, outbox);
    if (!picker) return;
    picker->peer = {};
    const bool answered = !picker->invite_in;
    if (!answered) {
        keep_inside(refusal.why, picker->trunk);
        outbox.send(Reply{.transaction = std::exchange(picker->invite_in, {}),
                          .status = refusal.status,
                          .phrase = std::move(refusal.phrase),
                          .headers = std::move(refusal.why)});
    }
    if (picker->state == LegState::terminated) return;
    move(*picker, LegInput::rejected, outbox);
    if (answered) hang_up(*picker, reason, outbox);
}

void CallEngine::pickup_failed(Call& call, std::string_view reason, Moment now, Outbox& outbox,
                               PickupRefusal refusal)
{
    const bool was_shown = call.transfer && call.transfer->offered_by;
    leave_picker(call, reason, outbox, std::move(refusal));
    if (was_shown) show_own_party(call, *call.find(call.transfer->transferee), now, outbox);
    if (!call.hunting || wave_goes_on(call, now, outbox)) return;
    ++call.hunting->wave;
    ring_wave(call, now, outbox);
}

bool CallEngine::leaves_pickup(Call& call, Leg& leg, Moment now, Outbox& outbox)
{
    const bool waits = call.phase == CallPhase::ringing || call.transfer;
    if (!waits || !call.pickup || call.pickup->picker != leg.id) return false;
    leg.bye_exchanged = true;
    move(leg, LegInput::local_bye, outbox);
    if (leg.ack_owed) outbox.send(SendAck{leg.id, std::exchange(leg.ack_owed, {}), nullptr});
    pickup_failed(call, {}, now, outbox);
    return true;
}

}  // namespace lampline
