#pragma once
// Session timers as an element between two phones sees them (RFC 4028 §8).
#include "core/sip_types.hpp"

namespace lampline {

/// Session-Expires to pass on with a request: the sender's own, or `wanted` when it has none; 0
/// leaves it out.
SessionTimer timer_to_forward(const SessionTimer& asked, std::chrono::seconds wanted);

/// What the 2xx to the asking phone says.
struct AnsweredTimer {
    SessionTimer timer;    ///< written into the 2xx
    bool require = false;  ///< with Require: timer
    std::chrono::seconds
        supervise_for{};  ///< the session ends unless refreshed within; 0: not supervised
};

/// RFC 4028 §8.2: passes the answerer's choice on; when the answerer knows no timers but the asking
/// phone wanted one, the asking phone refreshes alone.
AnsweredTimer answer_timer(const SessionTimer& asked, bool asker_supports,
                           const SessionTimer& answered);

}  // namespace lampline
