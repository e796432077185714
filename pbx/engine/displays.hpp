#pragma once
// Whom phones are told they talk to.
#include "core/call.hpp"

namespace lampline {

/// Who is at `leg`, as it wants to be shown to others (RFC 3323).
[[nodiscard]] NameAddr presented(const Leg& leg);

}  // namespace lampline
