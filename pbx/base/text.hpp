/// Text of protocols, whose words are ASCII: letters and digits do not depend on a locale.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace lampline {

inline constexpr std::string_view hex_digits = "0123456789abcdef";

[[nodiscard]] constexpr char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] inline std::string lowered(std::string_view text)
{
    std::string result{text};
    std::ranges::transform(result, result.begin(), lower);
    return result;
}

/// Equal but for the case of letters, as tokens and names of headers are (RFC 3261 §7.3.1).
[[nodiscard]] constexpr bool same_word(std::string_view left, std::string_view right) noexcept
{
    return std::ranges::equal(left, right, {}, lower, lower);
}

[[nodiscard]] constexpr bool starts_with_word(std::string_view text, std::string_view word) noexcept
{
    return same_word(text.substr(0, word.size()), word);
}

[[nodiscard]] constexpr bool is_digit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

/// -1: `c` is no hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char c) noexcept
{
    if (is_digit(c)) return c - '0';
    const char l = lower(c);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// Without the blanks and line ends at either side.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept
{
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// No more than the first `longest` bytes, cut between two characters (UTF-8).
[[nodiscard]] constexpr std::string_view cut(std::string_view text, std::size_t longest) noexcept
{
    if (text.size() <= longest) return text;
    auto end = longest;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    return text.substr(0, end);
}

/// Takes what is before `stop` off `rest`, and `stop` with it; everything when it is not there.
constexpr std::string_view take_until(std::string_view& rest, char stop) noexcept
{
    const auto end = rest.find(stop);
    const auto taken = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return taken;
}

/// Takes a line off `rest`; without its end, which may be CRLF or LF.
constexpr std::string_view take_line(std::string_view& rest) noexcept
{
    auto line = take_until(rest, '\n');
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace lampline
