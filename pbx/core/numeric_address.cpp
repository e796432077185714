#include "core/numeric_address.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace lampline {
namespace {

using Groups = std::array<std::uint16_t, 8>;
constexpr int octets = 4;

std::optional<std::array<std::uint8_t, octets>> parse_four(std::string_view text) noexcept
{
    std::array<std::uint8_t, octets> bytes{};
    for (std::size_t part = 0; part < bytes.size(); ++part) {
        const auto* end = text.data() + text.size();
        const auto read = std::from_chars(text.data(), end, bytes[part]);
        if (read.ec != std::errc{}) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
        if (part + 1 == bytes.size()) break;
        if (!text.starts_with('.')) return std::nullopt;
        text.remove_prefix(1);
    }
    if (!text.empty()) return std::nullopt;
    return bytes;
}

/// RFC 4291 §2.2.
std::optional<Groups> parse_six(std::string_view text) noexcept
{
    Groups groups{};
    std::size_t count = 0;
    std::optional<std::size_t> gap;  // where "::" stands
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        if (count == groups.size()) return std::nullopt;
        const auto piece = text.substr(0, text.find(':'));
        if (piece.find('.') != std::string_view::npos) {
            const auto four = parse_four(piece);
            if (!four || piece.size() != text.size() || count + 2 > groups.size())
                return std::nullopt;
            groups[count++] = static_cast<std::uint16_t>((*four)[0] << 8 | (*four)[1]);
            groups[count++] = static_cast<std::uint16_t>((*four)[2] << 8 | (*four)[3]);
            break;
        }
        const auto* end = piece.data() + piece.size();
        const auto read = std::from_chars(piece.data(), end, groups[count], 16);
        if (read.ec != std::errc{} || read.ptr != end || piece.size() > 4) return std::nullopt;
        ++count;
        text.remove_prefix(piece.size());
        if (text.empty()) break;
        text.remove_prefix(1);
        if (text.starts_with(':')) {
            if (gap) return std::nullopt;
            gap = count;
            text.remove_prefix(1);
        } else if (text.empty()) {
            return std::nullopt;
        }
    }
    if (!gap) return count == groups.size() ? std::optional{groups} : std::nullopt;
    if (count == groups.size()) return std::nullopt;
    const auto behind = count - *gap;  // groups after the gap
    std::move_backward(groups.begin() + static_cast<std::ptrdiff_t>(*gap),
                       groups.begin() + static_cast<std::ptrdiff_t>(count), groups.end());
    std::fill(groups.begin() + static_cast<std::ptrdiff_t>(*gap),
              groups.end() - static_cast<std::ptrdiff_t>(behind), std::uint16_t{});
    return groups;
}

struct Run {
    std::size_t at = 0, length = 0;
};

/// The first of the longest runs of zeros; one alone is written out (RFC 5952 §4.2).
Run longest_zeros(const Groups& groups) noexcept
{
    Run best;
    for (std::size_t at = 0; at < groups.size();) {
        std::size_t end = at;
        while (end < groups.size() && groups[end] == 0) ++end;
        if (end - at > best.length) best = {at, end - at};
        at = std::max(end, at + 1);
    }
    return best.length > 1 ? best : Run{};
}

std::string write_six(const Groups& groups)
{
    const auto zeros = longest_zeros(groups);
    const bool mapped = zeros.at == 0 && zeros.length == 5 && groups[5] == 0xffff;
    const bool compatible = zeros.at == 0 && zeros.length == 6;
    const auto count = mapped || compatible ? std::size_t{6} : groups.size();
    std::string text;
    for (std::size_t i = 0; i < count;) {
        if (zeros.length > 0 && i == zeros.at) {
            text += "::";
            i += zeros.length;
            continue;
        }
        if (!text.empty() && !text.ends_with(':')) text += ':';
        text += fmt::format("{:x}", groups[i++]);
    }
    if (count == groups.size()) return text;
    if (!text.ends_with(':')) text += ':';
    return text + fmt::format("{}.{}.{}.{}", groups[6] >> 8, groups[6] & 255, groups[7] >> 8,
                              groups[7] & 255);
}

}  // namespace

bool is_numeric_address(std::string_view host) noexcept
{
    return host.find(':') == std::string_view::npos ? parse_four(host).has_value()
                                                    : parse_six(host).has_value();
}

std::string canonical_address(std::string_view host)
{
    if (host.find(':') == std::string_view::npos) {
        const auto four = parse_four(host);
        if (!four) return std::string{host};
        return fmt::format("{}.{}.{}.{}", (*four)[0], (*four)[1], (*four)[2], (*four)[3]);
    }
    const auto six = parse_six(host);
    return six ? write_six(*six) : std::string{host};
}

}  // namespace lampline
