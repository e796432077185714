#include "core/extension_uri.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "core/escaped.hpp"

namespace lampline {

SipUri extension_uri(std::string_view number, std::string_view domain)
{
    SipUri uri;
    for (const char c : number) {
        if (c == '#')
            uri.user += "%23";
        else
            uri.user += c;
    }
    uri.host = domain;
    return uri;
}

std::string extension_of(const SipUri& uri)
{
    return unescaped(std::string_view{uri.user}.substr(0, uri.user.find(';')));
}

std::optional<std::string> phone_context(const SipUri& uri)
{
    if (extension_of(uri).starts_with('+')) return std::nullopt;
    std::string_view params = uri.scheme == UriScheme::tel ? uri.params : uri.user;
    take_until(params, ';');  // the number, or nothing
    while (!params.empty()) {
        auto value = take_until(params, ';');
        if (same_word(unescaped(take_until(value, '=')), "phone-context")) return unescaped(value);
    }
    return std::nullopt;
}

std::string plain_number(std::string_view number)
{
    constexpr std::string_view separators = "-.()";
    constexpr std::string_view keys = "0123456789+*#";
    const auto is_one_of = [](std::string_view set, char c) {
        return set.find(c) != std::string_view::npos;
    };
    const bool is_phone_number = std::ranges::all_of(
        number, [&](char c) { return is_one_of(keys, c) || is_one_of(separators, c); });
    std::string plain{number};
    if (is_phone_number) std::erase_if(plain, [&](char c) { return is_one_of(separators, c); });
    return plain.empty() ? std::string{number} : plain;
}

}  // namespace lampline
