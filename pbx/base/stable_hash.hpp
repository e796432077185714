#pragma once
// A hash that is kept: the same in each run and each release of the program.
#include <cstdint>
#include <string_view>

namespace lampline {

/// FNV-1a of 64 bits. Whoever chooses `text` can make two of them equal: where that gains somebody
/// anything, it is the wrong one.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text) noexcept
{
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const char letter : text) {
        hash ^= static_cast<unsigned char>(letter);
        hash *= 0x100000001B3U;
    }
    return hash;
}

}  // namespace lampline
