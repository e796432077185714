// UPDATE towards phones that do not know it (RFC 3311 §5.1): its sender may have learnt from an
// earlier party, or from nobody, that it can be sent. A change goes on as an INVITE; what changes
// nothing for the phone is answered here.
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/displays.hpp"

namespace lampline {
namespace {

bool talk(const Leg& one, const Leg& other) noexcept
{
    return one.talking() && other.talking();
}

/// A refresh without a change is nothing to who keeps no session alive; else it takes an offer that
/// says the same again.
bool is_nothing_to(const Leg& to, const Leg& from, const PayloadRef& payload) noexcept
{
    return !has_body(payload) &&
           (!has(to.supported, OptionTag::timer) || !talk(from, to) || !has_body(from.sdp));
}

}  // namespace

bool CallEngine::stays_here(Call& call, Leg& from, Leg& to, const RequestReceived& input,
                            Moment now, Outbox& outbox)
{
    if (input.method != Method::update || to.takes_update) return false;
    const bool talks = talk(from, to);
    if (to.refuses_update && has_body(input.payload) && !talks) {
        outbox.send(
            Reply{.transaction = input.transaction, .status = 405, .allows_update = false});
        return true;
    }
    // Who has not said so may know UPDATE, but would refresh nothing.
    const bool in_vain = talks && input.session_timer.expires > 0s && !has_body(input.payload) &&
                         !has(to.supported, OptionTag::timer);
    if (!(to.refuses_update ? is_nothing_to(to, from, input.payload) : in_vain)) return false;
    note_privacy(from, input.payload);
    answer_refresh(call, from, input.transaction, input.session_timer, now, outbox);
    hide(call, to, from, now, outbox);
    return true;
}

void CallEngine::answer_refresh(Call& call, Leg& from, TransactionId request,
                                const SessionTimer& asked, Moment now, Outbox& outbox)
{
    const auto answered = answer_timer(asked, has(from.supported, OptionTag::timer), {});
    if (call.phase == CallPhase::talking) {
        note_session(from, answered.timer.expires, now);
        if (answered.supervise_for > 0s) call.session_expires = answered.supervise_for;
        follow_session(call);
    }
    outbox.send(Reply{.transaction = request,
                      .status = 200,
                      .session_timer = answered.timer,
                      .required = answered.require ? OptionTag::timer : OptionTag::none});
}

void CallEngine::update_by_invite(const Call& call, Relay& relay, const Leg& from, Leg& to,
                                  Moment now, Outbox& outbox)
{
    relay.by_invite = true;
    relay.bare = !has_body(relay.payload);
    if (relay.bare) relay.payload = session_payload(from.sdp->body);
    send_on(call, relay, from, to, now, outbox);
}

bool CallEngine::update_unknown(Call& call, Leg& leg, Relay& relay,
                                const ResponseReceived& response, Moment now, Outbox& outbox)
{
    const bool unknown = response.status == 405 || response.status == 501;
    if (relay.method != Method::update || relay.by_invite || !unknown) return false;
    leg.takes_update = false;
    leg.refuses_update = true;
    Leg& asker = *call.find(relay.from);
    if (is_nothing_to(leg, asker, relay.payload)) {
        const Relay answered = relay;
        call.remove_relay(response.transaction);
        answer_refresh(call, asker, answered.request, answered.session_timer, now, outbox);
        hide(call, leg, asker, now, outbox);
        return true;
    }
    if (!talk(asker, leg) || asker.invite_pending() || leg.invite_pending()) return false;
    update_by_invite(call, relay, asker, leg, now, outbox);
    return true;
}

}  // namespace lampline
