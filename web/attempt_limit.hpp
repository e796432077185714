#pragma once
// How often an address may present a token that is nobody's.
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

namespace lampline::web {

/// At most `max_failures` a minute and address; holds at most `max_addresses`. Belongs to one
/// thread; time is told.
class AttemptLimit {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr unsigned max_failures = 10;
    static constexpr std::chrono::seconds window{60};
    static constexpr std::size_t max_addresses = 4096;

    /// Counts a failure. How long the address must wait, when it has had too many; otherwise
    /// nullopt.
    std::optional<std::chrono::seconds> fail(const std::string& address, TimePoint now);

private:
    struct Failures {
        unsigned count = 0;
        TimePoint since;
    };

    void forget_old(TimePoint now);

    std::unordered_map<std::string, Failures> failures_;
};

}  // namespace lampline::web
