#pragma once
// How a trunk is at present: where it is reached, and whether it can be used.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_types.hpp"

namespace lampline {

/// One numeric address of one server of a trunk.
struct ServerAddress {
    std::string server;      ///< the host as configured
    Flow flow;               ///< listener and connection are none's yet
    std::uint32_t rank = 0;  ///< lower is preferred; those of one rank share the load

    friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

enum class TrunkState : std::uint8_t {
    disabled,     ///< by configuration
    starting,     ///< not registered yet, or its name is being looked up
    registered,   ///< a registering trunk that can be used
    available,    ///< a peer that can be used
    failed,       ///< it does not let us in: credentials, or another refusal
    unreachable,  ///< no answer, or no address
};
std::string_view name(TrunkState state) noexcept;
/// Calls can be placed over it.
constexpr bool is_usable(TrunkState state) noexcept
{
    return state == TrunkState::registered || state == TrunkState::available;
}

/// The same for REST and events.
struct TrunkStatus {
    std::string trunk;
    TrunkState state = TrunkState::starting;
    std::chrono::system_clock::time_point since;
    std::string server;                      ///< in use: `host (udp:192.0.2.1:5060)`; empty: none
    std::chrono::microseconds round_trip{};  ///< of the last answer; 0: none yet
    std::optional<std::chrono::system_clock::time_point> registered_until;
    std::optional<std::chrono::system_clock::time_point>
        next_attempt;        ///< of the REGISTER that follows one that failed
    std::string last_error;  ///< what failed last, for a person; empty: nothing since it succeeded
};

}  // namespace lampline
