#pragma once
// Whom phones are told they talk to.
#include "core/call.hpp"

namespace lampline {

/// Who is at `leg`, as it wants to be shown to others (RFC 3323).
[[nodiscard]] NameAddr presented(const Leg& leg);
/// `payload` is of a message of the phone at `leg`, which may ask for privacy in it.
void note_privacy(Leg& leg, const PayloadRef& payload);
/// `leg` now talks to `other`, as its phone was told in an INVITE or its answer.
void is_shown(Leg& leg, const Leg& other);

}  // namespace lampline
