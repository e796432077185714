#include "core/extension_uri.hpp"

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
    std::string number;
    for (std::size_t at = 0; at < uri.user.size(); ++at) {
        unsigned char code = 0;
        const char* const digits = uri.user.data() + at + 1;
        if (uri.user[at] == '%' && at + 2 < uri.user.size() &&
            std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
            number += static_cast<char>(code);
            at += 2;
        } else {
            number += uri.user[at];
        }
    }
    return number;
}

}  // namespace lampline
