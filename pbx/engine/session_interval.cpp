// Who wants a longer session than the exchange has asked for by itself (422) is asked once more,
// with what it wants (RFC 4028 §7.3): nobody else can. Where the interval was another party's, that
// one hears the 422 and may try again.
#include <algorithm>

#include "engine/call_engine.hpp"

namespace lampline {
namespace {

/// `response` says so, of a request with a Session-Expires of ours: the phone of `leg` is to be
/// asked once more, with what it wants.
bool wants_longer_session(Leg& leg, const ResponseReceived& response) noexcept
{
    const auto wanted = response.session_timer.min_se;
    if (response.status != 422 || wanted <= leg.min_se || leg.asked_again) return false;
    leg.min_se = wanted;
    leg.asked_again = true;  // whoever always wants more gets no more
    return true;
}

}  // namespace

std::optional<Glare::TimePoint> CallEngine::sent_again_at(Leg& leg, Glare& glare,
                                                          const ResponseReceived& response,
                                                          Moment now) const
{
    if (response.status == 491) return glare.met(leg.role, settings_.random, now.mono);
    if (wants_longer_session(leg, response)) return now.mono;
    return std::nullopt;
}

void CallEngine::ring_again(Call& call, const Leg& leg, Moment now, Outbox& outbox)
{
    const Hunting& hunting = *call.hunting;
    auto invitation = hunting.invitation;
    if (leg.asks_offer) invitation.payload = nullptr;
    invitation.picks_up = leg.picks_up;
    if (leg.auto_answer)
        std::ranges::move(auto_answer_headers(), std::back_inserter(invitation.headers));
    ring(call, leg.extension, invitation,
         {leg.dialog_state.target, leg.dialog_state.route, leg.flow}, now, outbox);
    Leg& again = call.legs.back();
    again.asks_offer = leg.asks_offer;
    again.auto_answer = leg.auto_answer;
    again.asked_again = leg.asked_again;
    again.min_se = leg.min_se;
    if (hunting.replaced)
        outbox.announce(CallReplacing{call.id, again.id, hunting.replaced, hunting.replaced_at});
}

bool CallEngine::asks_for_longer_session(Call& call, Leg& leg, const ResponseReceived& response,
                                         Moment now, Outbox& outbox)
{
    Hunting& hunting = *call.hunting;
    SessionTimer& timer = hunting.invitation.session_timer;
    const bool ours = timer.expires > 0s && (call.transfer || call.asked_timer.expires == 0s);
    if (!ours || leg.proxied || leg.state >= LegState::early ||
        !wants_longer_session(leg, response))
        return false;
    // Whoever rings later is asked for the longest as well.
    timer.min_se = std::max(timer.min_se, leg.min_se);
    timer.expires = std::max(timer.expires, timer.min_se);
    if (leg.trunk.empty()) {
        ring_again(call, leg, now, outbox);
        return true;
    }
    if (hunting.wave >= hunting.hunt.waves.size()) return false;
    const auto& members = hunting.hunt.waves[hunting.wave].members;
    const auto same = std::ranges::find_if(members, [&](const HuntMember& member) {
        return member.trunk == leg.trunk && member.server == leg.flow;
    });
    if (same == members.end()) return false;
    const auto before = call.legs.size();
    no_longer_outside(leg);  // else it takes the place of its own second INVITE
    ring_outside(call, *same, now, outbox);
    if (call.legs.size() == before) return false;
    call.legs.back().asked_again = true;
    call.legs.back().min_se = leg.min_se;
    return true;
}

bool CallEngine::relays_longer_session(const Call& call, Relay& relay, Leg& leg,
                                       const ResponseReceived& response, Moment now,
                                       Outbox& outbox)
{
    const bool ours = changes_session(relay.method) && relay.session_timer.expires == 0s;
    if (!ours || relay.replaces || relay.cancelled || !wants_longer_session(leg, response))
        return false;
    send_on(call, relay, *call.find(relay.from), leg, now, outbox);
    return true;
}

}  // namespace lampline
