#pragma once
// What the call engine is told of calls as a whole.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/token_source.hpp"

namespace lampline {

/// Limits and patience of calls.
struct CallSettings {
    std::chrono::seconds ring_timeout{120};  ///< of phones whose owner says no time; 0: no end
    /// Put into INVITEs that have none (RFC 4028 §8.1); 0: do not.
    std::chrono::seconds session_expires{1800};
    std::chrono::seconds min_session_expires{90};
    std::chrono::seconds probe_interval{60};  ///< in-dialog OPTIONS to a silent phone; 0: never
    std::vector<std::string> hosts;  ///< our own addresses: as good as the domain in a Refer-To
    std::size_t max_calls = 10'000;  ///< beyond: 486 with a Reason, but for emergency numbers
    /// Of ring groups, and of waits when INVITEs meet.
    RandomSource random = [](std::uint32_t) { return 0U; };
};

/// Which calls the engine is to end.
enum class CallsToEnd : std::uint8_t { ringing, all };

}  // namespace lampline
