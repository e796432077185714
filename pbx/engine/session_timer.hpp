#pragma once
// Session timers as an element between two phones sees them (RFC 4028 §8).
#include "core/sip_types.hpp"

namespace lampline {

/// Session-Expires to pass on with a request: the sender's own, or `wanted` when it has none; 0
/// leaves it out. What is ours is no shorter than `least`, which its receiver wants (§7.4).
SessionTimer timer_to_forward(const SessionTimer& asked, std::chrono::seconds wanted,
                              std::chrono::seconds least = {});

/// Session-Expires of a request of our own: its phone is to keep the session alive, since we never
/// do; 0: none. `least` as above.
SessionTimer timer_kept_by_phone(std::chrono::seconds expires, std::chrono::seconds least = {});

/// How long a session lasts that either of two phones keeps alive, or both; 0: neither does.
std::chrono::seconds shorter_session(std::chrono::seconds one, std::chrono::seconds other);

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
