#include "core/extension_uri.hpp"

#include <algorithm>
#include <charconv>

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
    const auto user = std::string_view{uri.user}.substr(0, uri.user.find(';'));
    std::string number;
    for (std::size_t at = 0; at < user.size(); ++at) {
        unsigned char code = 0;
        const char* const digits = user.data() + at + 1;
        if (user[at] == '%' && at + 2 < user.size() &&
            std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
            number += static_cast<char>(code);
            at += 2;
        } else {
            number += user[at];
        }
    }
    return number;
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
