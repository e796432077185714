#pragma once
// State of one dialog as its watchers see it (RFC 4235 §3.7.1).
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lampline {

/// Which side of a call a leg is: the phone that called, or one that was called.
enum class LegRole : std::uint8_t { caller, callee };

/// State of one dialog and the inputs that move it, named as in RFC 4235 §3.7.1.
enum class LegState : std::uint8_t { trying, proceeding, early, confirmed, terminated };
enum class LegInput : std::uint8_t {
    provisional, provisional_with_tag, success,
    cancelled, rejected, replaced, local_bye, remote_bye, timeout, error,  // these end the dialog
};
struct LegTransition {
    LegState from;
    LegInput on;
    LegState to;
};

constexpr std::array leg_transitions = [] {
    using enum LegState;
    using enum LegInput;
    return std::to_array<LegTransition>({
        {trying,     provisional,          proceeding},
        {trying,     provisional_with_tag, early},
        {trying,     success,              confirmed},
        {proceeding, provisional_with_tag, early},
        {proceeding, success,              confirmed},
        {early,      success,              confirmed},
    });
}();

/// The state after `input`; nullopt when `input` does not move `from` (a retransmission): stay there.
constexpr std::optional<LegState> next(LegState from, LegInput input) noexcept
{
    if (from == LegState::terminated) return std::nullopt;
    if (input >= LegInput::cancelled) return LegState::terminated;
    for (const auto& row : leg_transitions)
        if (row.from == from && row.on == input) return row.to;
    return std::nullopt;
}
static_assert(next(LegState::early, LegInput::replaced) == LegState::terminated);  // pickup
static_assert(!next(LegState::terminated, LegInput::success));

/// The word of the `state` element.
constexpr std::string_view name(LegState state) noexcept
{
    constexpr std::array<std::string_view, 5> names{"trying", "proceeding", "early", "confirmed", "terminated"};
    return names[static_cast<std::size_t>(state)];
}

/// The word of the `event` attribute of a terminated dialog; empty for inputs that do not end one.
constexpr std::string_view end_event(LegInput input) noexcept
{
    switch (input) {
    case LegInput::cancelled:  return "cancelled";
    case LegInput::rejected:   return "rejected";
    case LegInput::replaced:   return "replaced";
    case LegInput::local_bye:  return "local-bye";
    case LegInput::remote_bye: return "remote-bye";
    case LegInput::timeout:    return "timeout";
    case LegInput::error:      return "error";
    default:                   return {};
    }
}

}  // namespace lampline
