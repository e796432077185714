#pragma once
// Preloaded Routes: the hops that a caller has named behind us (RFC 3261 §16.4).
#include <span>

#include "core/hunt.hpp"
#include "core/sip_types.hpp"
#include "core/trunk.hpp"

namespace lampline {

/// Whether `target` leads along `hops`, which are none of ours, top first: they are how its route
/// begins, or the one server of `trunk` that it goes to, by its address or by a name of the trunk.
/// That server is then told so in a Route (§16.6 step 6), which says no more than where it is. Only
/// loose routes are followed. `trunk`: null for a phone. No hops: it does.
bool leads_along(Target& target, std::span<const SipUri> hops, const Trunk* trunk);

/// Whether `target` leads where the caller of `hunting` has it led, if it has named a way;
/// `hunting` notes that. Calls for help go any way.
[[nodiscard]] bool goes_along(Hunting& hunting, Target& target, const Trunk* trunk);

}  // namespace lampline
