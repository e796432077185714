#include "sip/strict_replaces.hpp"

#include <dlfcn.h>

#include "core/refer.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {

void refuse_malformed_replaces() noexcept {}

}  // namespace lampline::sip

extern "C" __attribute__((visibility("default"))) issize_t
sip_replaces_d(su_home_t* home, msg_header_t* header, char* text, isize_t length)
{
    static msg_parse_f* const parse =
        reinterpret_cast<msg_parse_f*>(dlsym(RTLD_NEXT, "sip_replaces_d"));
    if (!parse || !lampline::parse_replaces(text)) return -1;
    return parse(home, header, text, length);
}
