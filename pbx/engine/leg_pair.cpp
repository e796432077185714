#include "engine/leg_pair.hpp"

#include "engine/displays.hpp"

namespace lampline {

void connect(Leg& left, Leg& right) noexcept
{
    left.peer = right.id;
    right.peer = left.id;
    left.awaits.reset();
    right.awaits.reset();
}

void talks_to(Leg& caller, Leg& callee)
{
    connect(caller, callee);
    caller.dialog.local_tag = callee.dialog.remote_tag;
    caller.other = presented(callee);
}

std::pair<Leg*, Leg*> talking_pair(Call& call) noexcept
{
    for (auto& leg : call.legs) {
        Leg* peer = leg.talking() ? call.find(leg.peer) : nullptr;
        if (peer && peer->talking() && peer->peer == leg.id) return {&leg, peer};
    }
    return {nullptr, nullptr};
}

Leg* also_answered(Call& call, const Leg& than) noexcept
{
    for (auto& leg : call.legs)
        if (leg.role == LegRole::callee && leg.id != than.id && leg.proxied && leg.talking())
            return &leg;
    return nullptr;
}

bool takes_part(Call& call, const Leg& leg) noexcept
{
    if (call.phase == CallPhase::ringing) return leg.id == call.caller().id;
    if (call.phase == CallPhase::ended || !leg.talking() || leg.leaving) return false;
    const auto [one, other] = talking_pair(call);
    return !one || one->id == leg.id || other->id == leg.id;
}

bool ends_dialog(const ResponseReceived& response) noexcept
{
    return response.status == 481 || (response.status == 408 && response.generated);
}

LegInput end_of_ringing(unsigned status) noexcept
{
    return status == 408 || status == 480 ? LegInput::timeout : LegInput::rejected;
}

}  // namespace lampline
