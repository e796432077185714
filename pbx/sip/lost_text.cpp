#include "sip/lost_text.hpp"

#include <dlfcn.h>

#include <string_view>
#include <utility>

#include "base/text.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t longest_kept = 1024;

/// The last of its message with an empty value.
const msg_header_t* with_empty_value = nullptr;
std::string unreadable_refer_to;

/// Whether nothing but blanks stands before, between or behind commas that are in no URI and no
/// quoted string.
bool has_empty_value(std::string_view list) noexcept
{
    bool empty = true;
    bool quoted = false;
    bool in_uri = false;
    for (std::size_t at = 0; at < list.size(); ++at) {
        const char c = list[at];
        if (quoted && c == '\\') {
            ++at;
            continue;
        }
        if (c == '"' && !in_uri) quoted = !quoted;
        if (c == '<' && !quoted) in_uri = true;
        if (c == '>' && !quoted) in_uri = false;
        if (c == ',' && !quoted && !in_uri) {
            if (empty) return true;
            empty = true;
        } else if (c != ' ' && c != '\t' && c != '\r' && c != '\n') {
            empty = false;
        }
    }
    return empty;
}

msg_parse_f* parser(const char* name) noexcept
{
    return reinterpret_cast<msg_parse_f*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

void note_lost_text() noexcept {}

bool has_empty_call_info(const sip_t& sip) noexcept
{
    for (const auto* info = sip.sip_call_info; info; info = info->ci_next)
        if (reinterpret_cast<const msg_header_t*>(info) == with_empty_value) return true;
    return false;
}

std::string take_unreadable_refer_to() noexcept
{
    return std::exchange(unreadable_refer_to, {});
}

}  // namespace lampline::sip

extern "C" __attribute__((visibility("default"))) issize_t
sip_call_info_d(su_home_t* home, msg_header_t* header, char* text, isize_t length)
{
    using namespace lampline::sip;
    static msg_parse_f* const parse = parser("sip_call_info_d");
    if (!parse) return -1;
    if (has_empty_value(text))
        with_empty_value = header;
    else if (with_empty_value == header)  // another message, at the same place
        with_empty_value = nullptr;
    return parse(home, header, text, length);
}

extern "C" __attribute__((visibility("default"))) issize_t
sip_refer_to_d(su_home_t* home, msg_header_t* header, char* text, isize_t length)
try {
    using namespace lampline::sip;
    static msg_parse_f* const parse = parser("sip_refer_to_d");
    if (!parse) return -1;
    std::string before{lampline::cut(text, longest_kept)};  // parsing takes it apart
    const auto parsed = parse(home, header, text, length);
    if (parsed < 0) unreadable_refer_to = std::move(before);
    return parsed;
} catch (...) {  // no memory: as if it could not be read, since the stack knows no exceptions
    return -1;
}
