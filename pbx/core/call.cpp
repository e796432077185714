#include "core/call.hpp"

#include <algorithm>
#include <array>

namespace lampline {
namespace {

/// Lower is better within the 4xx: a person's decision first, "nobody there" last.
unsigned rank_in_class(unsigned status) noexcept
{
    constexpr std::array order{486U, 600U, 603U, 488U, 415U, 420U, 484U, 404U, 480U, 487U, 408U};
    const auto found = std::find(order.begin(), order.end(), status);
    return found == order.end() ? 4U : static_cast<unsigned>(found - order.begin());
}

}  // namespace

bool better_response(unsigned candidate, unsigned current) noexcept
{
    if (current == 0) return true;
    const auto class_of = [](unsigned status) { return status / 100 == 6 ? 0U : status / 100; };
    if (class_of(candidate) != class_of(current)) return class_of(candidate) < class_of(current);
    return rank_in_class(candidate) < rank_in_class(current);
}

Leg* Call::find(LegId leg) noexcept
{
    return const_cast<Leg*>(std::as_const(*this).find(leg));
}

const Leg* Call::find(LegId leg) const noexcept
{
    const auto found =
        std::find_if(legs.begin(), legs.end(), [&](const Leg& each) { return each.id == leg; });
    return found == legs.end() ? nullptr : &*found;
}

Leg* Call::peer_of(const Leg& leg) noexcept
{
    if (leg.peer) return find(leg.peer);
    if (phase != CallPhase::ringing) return nullptr;
    if (leg.id != caller().id) return &caller();
    Leg* early = nullptr;
    for (auto& callee : legs) {
        if (callee.role != LegRole::callee || callee.state != LegState::early) continue;
        if (early) return nullptr;
        early = &callee;
    }
    return early;
}

bool Call::is_connected(const Leg& leg) const noexcept
{
    const Leg* peer = leg.talking() && leg.peer ? find(leg.peer) : nullptr;
    return peer && peer->talking() && (leg.proxied || peer->peer == leg.id);
}

Relay* Call::find_relay(ClientTransactionId forwarded) noexcept
{
    const auto found = std::find_if(relays.begin(), relays.end(),
                                    [&](const Relay& r) { return r.forwarded == forwarded; });
    return found == relays.end() ? nullptr : &*found;
}

Relay* Call::find_relay(TransactionId request) noexcept
{
    const auto found = std::find_if(relays.begin(), relays.end(),
                                    [&](const Relay& r) { return r.request == request; });
    return found == relays.end() ? nullptr : &*found;
}

void Call::remove_relay(ClientTransactionId forwarded)
{
    std::erase_if(relays, [&](const Relay& r) { return r.forwarded == forwarded; });
}

bool Call::session_pending(const Leg& leg) const noexcept
{
    return leg.invite_pending() ||
           std::any_of(relays.begin(), relays.end(), [&](const Relay& relay) {
               return relay.method == Method::invite && relay.forwarded &&
                      (relay.from == leg.id || relay.to == leg.id || relay.replaces == leg.id);
           });
}

bool Call::finished() const noexcept
{
    return std::all_of(legs.begin(), legs.end(), [](const Leg& leg) { return leg.closed; });
}

}  // namespace lampline
