#include "core/presented_number.hpp"

#include <algorithm>
#include <string_view>

#include "core/extension_uri.hpp"

namespace lampline {
namespace {

char lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view left, std::string_view right) noexcept
{
    return std::ranges::equal(left, right, {}, lower, lower);
}

/// `value` is a list of priv-values, set apart by semicolons.
bool hides_who_calls(std::string_view value) noexcept
{
    while (!value.empty()) {
        const auto end = std::min(value.find(';'), value.size());
        auto word = value.substr(0, end);
        value.remove_prefix(std::min(end + 1, value.size()));
        while (word.starts_with(' ')) word.remove_prefix(1);
        while (word.ends_with(' ')) word.remove_suffix(1);
        if (same(word, "id") || same(word, "user") || same(word, "header")) return true;
    }
    return false;
}

}  // namespace

std::string presented_number(const NameAddr& from, std::span<const Header> headers)
{
    const auto hidden = std::ranges::any_of(headers, [](const Header& header) {
        return same(header.name, "Privacy") && hides_who_calls(header.value);
    });
    if (hidden || same(from.uri.user, "anonymous") || same(from.uri.host, "anonymous.invalid"))
        return {};
    return extension_of(from.uri);
}

}  // namespace lampline
