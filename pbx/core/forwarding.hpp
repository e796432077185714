#pragma once
// What an extension wants done with the calls to it, beside ringing its phones.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lampline {

/// Why a call goes somewhere else, in the words of RFC 5806 §4.
enum class DiversionReason : std::uint8_t {
    unconditional,
    user_busy,
    no_answer,
    unavailable,
    do_not_disturb,
    deflection,
    unknown,
};

/// How the phones of one extension ring: all at once, or by falling q of their contacts.
enum class Forking : std::uint8_t { parallel, sequential };

/// Settings of one extension. Numbers are dialled as the extension would dial them; empty: not forwarded.
struct Forwarding {
    std::string always;
    std::string busy;          ///< also when it does not want to be disturbed
    std::string no_answer;
    std::string unregistered;  ///< none of its phones can be reached
    std::chrono::seconds no_answer_after{20};
    bool do_not_disturb = false;
    bool call_waiting = true;             ///< false: one call at a time
    std::optional<unsigned> call_limit{}; ///< calls at a time, its own included; empty: any number
    Forking forking = Forking::parallel;

    friend bool operator==(const Forwarding&, const Forwarding&) = default;

    /// Another call may come while there are `calls` already.
    [[nodiscard]] bool takes_another(std::size_t calls) const noexcept
    {
        if (!call_waiting && calls > 0) return false;
        return !call_limit || calls < *call_limit;
    }
};

}  // namespace lampline
