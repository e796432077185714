#pragma once
// Which address of this machine the way to another host leads out of.
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lampline::sip {

/// As the kernel has it now: the source of what is sent to the numeric `host`. Empty: there is no
/// way, or no such address. Sends nothing and waits for nothing.
std::string address_towards(std::string_view host);

/// Remembers what was looked up, for a short time: the ways change with the network. Loop thread
/// only.
class WaysOut {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using LookUp = std::function<std::string(std::string_view host)>;
    static constexpr std::chrono::seconds valid_for{5};
    static constexpr std::size_t most = 256;

    explicit WaysOut(LookUp look_up = address_towards) : look_up_{std::move(look_up)} {}

    /// Valid until the next call.
    [[nodiscard]] const std::string& towards(const std::string& host, TimePoint now);

private:
    struct Way {
        std::string address;
        TimePoint until;
    };
    LookUp look_up_;
    std::unordered_map<std::string, Way> ways_;
};

}  // namespace lampline::sip
