#pragma once
// How the exchange joins a caller to whom it calls (RFC 3261 §6: B2BUA, proxy server, redirect
// server).
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lampline {

enum class CallMode : std::uint8_t {
    bridge,  ///< B2BUA: a dialog with each of the two
    proxy,  ///< stateful proxy: one dialog between the two, seen on the record route (RFC 3261 §16)
    redirect,  ///< the caller is told where the phones are (RFC 3261 §8.3)
};

/// The word for it in storage and in REST.
constexpr std::string_view name(CallMode mode) noexcept
{
    constexpr std::array<std::string_view, 3> words{"bridge", "proxy", "redirect"};
    return words[static_cast<std::size_t>(mode)];
}

/// nullopt: not one of them.
constexpr std::optional<CallMode> call_mode(std::string_view word) noexcept
{
    for (const auto mode : {CallMode::bridge, CallMode::proxy, CallMode::redirect})
        if (name(mode) == word) return mode;
    return std::nullopt;
}

}  // namespace lampline
