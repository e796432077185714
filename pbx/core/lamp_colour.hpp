#pragma once
// What a key shows.
#include <cstdint>
#include <string_view>

namespace lampline {

enum class LampColour : std::uint8_t { unknown, dark, flashing, steady };

constexpr std::string_view name(LampColour colour) noexcept
{
    switch (colour) {
    case LampColour::unknown: return "unknown";
    case LampColour::dark: return "dark";
    case LampColour::flashing: return "flashing";
    case LampColour::steady: return "steady";
    }
    return "unknown";
}

}  // namespace lampline
