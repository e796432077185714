#pragma once
// What a restart has to end: who rings, and who is in a dialog with nobody.
#include <chrono>

#include "base/clock.hpp"
#include "core/call.hpp"
#include "engine/call_timers.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// Who answers, refuses or hangs up sooner is not worth a write. An INVITE over UDP is repeated
/// until the 100 that it gets after 200 ms, to whoever is there by then (RFC 3261 §17.1.1.2);
/// from then on its phone waits for an answer of ours alone. Storage takes up to 100 ms more.
inline constexpr std::chrono::milliseconds loose_kept_after{80};

/// Keeps in storage what of a call that is. What is kept is noted in the call. SIP thread only.
class LooseEnds {
public:
    /// `timers` outlives this: CallTimer::keep_ringing of a call says that keep() is due.
    explicit LooseEnds(CallTimers& timers) noexcept : timers_{timers} {}

    /// Stores what rings, and who is in a dialog with nobody; forgets it where there is none.
    void keep(Call& call, Outbox& outbox);
    /// The same once that has lasted for a while.
    void keep_soon(Call& call, Moment now);
    void forget(Call& call, Outbox& outbox);
    /// What is stored of that follows the call.
    void follow(Call& call, Moment now, Outbox& outbox);

private:
    CallTimers& timers_;
};

}  // namespace lampline
