#pragma once
// The session of one leg: who hears nothing, and whose wish that is.
#include "core/call.hpp"
#include "core/sdp.hpp"

namespace lampline {

/// A later SDP of the phone at `leg`. False when it listens, or holds, or not, as before.
bool note_hold(Leg& leg, const PayloadRef& payload, SdpRole role);
/// Whether the phone at `leg` holds the call by what it offers (RFC 3264 §8.4). An answer only
/// follows what was offered (§6.1), and so does an offer that repeats it. `offer` has a body.
[[nodiscard]] bool holds_by(const Leg& leg, const PayloadRef& offer) noexcept;
/// Whether the phone at `leg` receives media. True: that is another than before. The next hold says
/// anew whose it is.
bool set_held(Leg& leg, bool held);
/// What the phone at `leg` says of a hold of a shared line: for itself alone, or not. False: as
/// before, or nothing.
bool note_private(Leg& leg, const PayloadRef& payload);
/// Notes whether the phone of `leg` has told its methods without UPDATE among them (RFC 3311).
template <class Message> void note_methods(Leg& leg, const Message& message) noexcept
{
    if (message.allows_update || message.denies_update) leg.refuses_update = message.denies_update;
}

}  // namespace lampline
