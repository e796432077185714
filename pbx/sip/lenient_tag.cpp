#include "sip/lenient_tag.hpp"

#include <cstring>
#include <dlfcn.h>
#include <strings.h>

#include "sip/sofia.hpp"

namespace lampline::sip {
namespace {

issize_t parse(msg_parse_f* strict, su_home_t* home, msg_header_t* header, char* text,
               isize_t length) noexcept
{
    if (!strict) return -1;
    const char* close = std::strrchr(text, '>');
    if (!close || strncasecmp(close + 1, "tag=", 4) != 0) return strict(home, header, text, length);
    const auto before = static_cast<std::size_t>(close + 1 - text);
    const auto size = std::strlen(text);
    auto* repaired = static_cast<char*>(su_alloc(home, static_cast<isize_t>(size + 2)));
    if (!repaired) return -1;
    std::memcpy(repaired, text, before);
    repaired[before] = ';';
    std::memcpy(repaired + before + 1, text + before, size - before + 1);
    return strict(home, header, repaired, static_cast<isize_t>(size + 1));
}

/// The library's own function of that name.
msg_parse_f* library_parser(const char* name) noexcept
{
    return reinterpret_cast<msg_parse_f*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void allow_tag_without_semicolon() noexcept {}

}  // namespace lampline::sip

extern "C" __attribute__((visibility("default"))) issize_t
sip_from_d(su_home_t* home, msg_header_t* header, char* text, isize_t length)
{
    static msg_parse_f* const strict = lampline::sip::library_parser("sip_from_d");
    return lampline::sip::parse(strict, home, header, text, length);
}

extern "C" __attribute__((visibility("default"))) issize_t
sip_to_d(su_home_t* home, msg_header_t* header, char* text, isize_t length)
{
    static msg_parse_f* const strict = lampline::sip::library_parser("sip_to_d");
    return lampline::sip::parse(strict, home, header, text, length);
}
