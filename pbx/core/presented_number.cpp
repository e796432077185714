#include "core/presented_number.hpp"

#include <algorithm>
#include <string_view>

#include "base/text.hpp"
#include "core/extension_uri.hpp"

namespace lampline {
namespace {

/// `value` is a list of priv-values, set apart by semicolons.
bool hides_who_calls(std::string_view value) noexcept
{
    while (!value.empty()) {
        const auto end = std::min(value.find(';'), value.size());
        auto word = value.substr(0, end);
        value.remove_prefix(std::min(end + 1, value.size()));
        while (word.starts_with(' ')) word.remove_prefix(1);
        while (word.ends_with(' ')) word.remove_suffix(1);
        if (same_word(word, "id") || same_word(word, "user") || same_word(word, "header")) return true;
    }
    return false;
}

}  // namespace

std::string presented_number(const NameAddr& from, std::span<const Header> headers)
{
    const auto hidden = std::ranges::any_of(headers, [](const Header& header) {
        return same_word(header.name, "Privacy") && hides_who_calls(header.value);
    });
    if (hidden || same_word(from.uri.user, "anonymous") || same_word(from.uri.host, "anonymous.invalid"))
        return {};
    return extension_of(from.uri);
}

}  // namespace lampline
