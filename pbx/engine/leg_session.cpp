#include "engine/leg_session.hpp"

#include <utility>

#include "core/appearance_payload.hpp"

namespace lampline {

bool note_hold(Leg& leg, const PayloadRef& payload, SdpRole role)
{
    if (!has_body(payload)) return false;
    const bool held = !receives_media(payload->body);
    const bool holds = role == SdpRole::offer ? holds_by(leg, payload) : held && leg.holds;
    leg.sdp = payload;
    if (!holds && leg.place) leg.place->is_private = false;
    const bool other_wish = std::exchange(leg.holds, holds) != holds;
    return std::exchange(leg.held, held) != held || other_wish;
}

bool holds_by(const Leg& leg, const PayloadRef& offer) noexcept
{
    const bool repeated = has_body(leg.sdp) && leg.sdp->body == offer->body;
    return !receives_media(offer->body) && (leg.holds || !repeated);
}

bool set_held(Leg& leg, bool held)
{
    leg.holds = leg.holds && held;
    if (!held && leg.place) leg.place->is_private = false;
    return std::exchange(leg.held, held) != held;
}

bool note_private(Leg& leg, const PayloadRef& payload)
{
    const auto said = leg.place ? appearance_in(payload) : std::nullopt;
    if (!said) return false;
    const bool is_private = said->state == AppearanceState::held_private;
    return std::exchange(leg.place->is_private, is_private) != is_private;
}

}  // namespace lampline
