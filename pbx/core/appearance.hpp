#pragma once
// The appearances of a shared line, as Call-Info headers tell them (BroadSoft's Shared Call
// Appearance).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace lampline {

enum class AppearanceState : std::uint8_t {
    idle,
    seized,
    progressing,
    alerting,
    active,
    held,
    held_private,
};
std::string_view name(AppearanceState state) noexcept;
std::optional<AppearanceState> appearance_state(std::string_view word) noexcept;

inline constexpr unsigned max_appearances = 16;

/// Where a dialog is on the shared line of its extension.
struct LinePlace {
    unsigned index = 0;       ///< from 1; 0: it has no appearance
    bool is_private = false;  ///< its phone has put it on hold for itself alone

    friend bool operator==(const LinePlace&, const LinePlace&) = default;
};

/// One value of a Call-Info header.
struct CallInfo {
    std::string uri;     ///< between the angle brackets
    unsigned index = 0;  ///< from 1; 0: not given
    bool rest = false;   ///< `appearance-index=*`: all that have not been named
    std::optional<AppearanceState> state;
    std::string appearance_uri;  ///< who is at the other end, as a name-addr; may be empty
    std::string other_state{};   ///< a word for none of these, as it was said: not idle; else empty

    /// It is about something else.
    [[nodiscard]] bool names_none() const noexcept { return index == 0 && !rest; }

    friend bool operator==(const CallInfo&, const CallInfo&) = default;
};

/// One value of a Call-Info header, and its text with whatever else that says.
struct SaidCallInfo {
    CallInfo info;
    std::string text;
};

/// The values of a header, parameters that are not about appearances left out. nullopt: malformed
/// (RFC 3261 §20.9), an address that is no absolute URI, an index that is no number from 1 to 999
/// and not `*`, a state that is no word of up to 64 characters, one of these twice, or more than 64
/// values.
std::optional<std::vector<CallInfo>> read_call_info(std::string_view value);

/// The same, each with its text. The error says what is wrong, to follow `Call-Info`.
Result<std::vector<SaidCallInfo>, std::string_view> split_call_info(std::string_view value);
/// One header of `values`.
std::string joined(const std::vector<SaidCallInfo>& values);

std::string write(const CallInfo& info);

}  // namespace lampline
