#include "sip/strict_replaces.hpp"

#include <dlfcn.h>

#include <string>
#include <string_view>

#include "core/refer.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {
namespace {

/// `value` without the blanks around its separators; those in quotes stay.
std::string without_blanks(std::string_view value)
{
    std::string text;
    text.reserve(value.size());
    bool quoted = false;
    for (std::size_t at = 0; at < value.size(); ++at) {
        const char c = value[at];
        const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (quoted || !blank) text += c;
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\' && at + 1 < value.size()) text += value[++at];
    }
    return text;
}

}  // namespace

void refuse_malformed_replaces() noexcept {}

}  // namespace lampline::sip

extern "C" __attribute__((visibility("default"))) issize_t
sip_replaces_d(su_home_t* home, msg_header_t* header, char* text, isize_t)
try {
    static msg_parse_f* const parse =
        reinterpret_cast<msg_parse_f*>(dlsym(RTLD_NEXT, "sip_replaces_d"));
    if (!parse || !lampline::parse_replaces(text)) return -1;
    const auto plain = lampline::sip::without_blanks(text);
    const auto length = static_cast<isize_t>(plain.size());
    char* const kept = su_strndup(home, plain.data(), length);
    return kept ? parse(home, header, kept, length) : -1;
} catch (...) {  // no memory: as if it could not be read, since the stack knows no exceptions
    return -1;
}
