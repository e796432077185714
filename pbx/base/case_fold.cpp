#include "base/case_fold.hpp"

#include <cstddef>
#include <cstdint>

namespace lampline {
namespace {

/// Capitals from `first` to `last`, each `step` after the one before, and their small letters
/// `offset` further.
struct Capitals {
    char32_t first;
    char32_t last;
    std::uint8_t step;
    std::int8_t offset;
};

/// After CaseFolding.txt of Unicode (C and S).
constexpr Capitals capitals[] = {
    {0x41, 0x5A, 1, 32},   {0xC0, 0xD6, 1, 32},   {0xD8, 0xDE, 1, 32},   {0x100, 0x12E, 2, 1},
    {0x132, 0x136, 2, 1},  {0x139, 0x147, 2, 1},  {0x14A, 0x176, 2, 1},  {0x178, 0x178, 1, -121},
    {0x179, 0x17D, 2, 1},  {0x386, 0x386, 1, 38}, {0x388, 0x38A, 1, 37}, {0x38C, 0x38C, 1, 64},
    {0x38E, 0x38F, 1, 63}, {0x391, 0x3A1, 1, 32}, {0x3A3, 0x3AB, 1, 32}, {0x3C2, 0x3C2, 1, 1},
    {0x400, 0x40F, 1, 80}, {0x410, 0x42F, 1, 32}, {0x460, 0x480, 2, 1},  {0x48A, 0x4BE, 2, 1},
    {0x4C0, 0x4C0, 1, 15}, {0x4C1, 0x4CD, 2, 1},  {0x4D0, 0x52E, 2, 1},
};

/// Beyond all code points: bytes that are no UTF-8.
constexpr char32_t first_stray = 0x110000;

/// Takes a code point off `text`, which is not empty. No letter that is folded has more than two
/// bytes, so longer ones need not be put together: byte by byte they are equal as well.
char32_t take_letter(std::string_view& text) noexcept
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned lead = byte(0);
    std::size_t length = 1;
    char32_t letter = lead < 0x80 ? lead : first_stray + lead;
    if (lead >= 0xC2 && lead < 0xE0 && text.size() > 1 && (byte(1) & 0xC0U) == 0x80) {
        length = 2;
        letter = (lead & 0x1FU) << 6U | (byte(1) & 0x3FU);
    }
    text.remove_prefix(length);
    return letter;
}

bool begins_with(std::string_view text, std::string_view wanted) noexcept
{
    while (!wanted.empty())
        if (text.empty() || folded(take_letter(text)) != folded(take_letter(wanted))) return false;
    return true;
}

}  // namespace

char32_t folded(char32_t letter) noexcept
{
    for (const auto& range : capitals) {
        if (letter < range.first) return letter;
        if (letter <= range.last && (letter - range.first) % range.step == 0)
            return static_cast<char32_t>(static_cast<std::int64_t>(letter) + range.offset);
    }
    return letter;
}

bool holds_text(std::string_view text, std::string_view wanted) noexcept
{
    for (;;) {
        if (begins_with(text, wanted)) return true;
        if (text.empty()) return false;
        take_letter(text);
    }
}

}  // namespace lampline
