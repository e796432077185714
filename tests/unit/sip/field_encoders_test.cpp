#include <array>
#include <cstring>
#include <dlfcn.h>
#include <string>

#include <doctest/doctest.h>

#include "sip/field_encoders.hpp"
#include "sip/sofia.hpp"

using namespace lampline::sip;

namespace {

/// The function of this name that the library would use without us.
msg_print_f* of_the_library(const char* name)
{
    const auto* const own = reinterpret_cast<void*>(&sip_cseq_e);
    auto* const library = dlopen("libsofia-sip-ua.so.0", RTLD_NOW | RTLD_NOLOAD);
    REQUIRE(library);
    auto* const found = dlsym(library, name);
    dlclose(library);
    REQUIRE(found);
    CHECK(found != own);
    return reinterpret_cast<msg_print_f*>(found);
}

struct Written {
    issize_t length;
    std::string buffer;  // with what was not touched
    bool operator==(const Written&) const = default;
};

Written write(msg_print_f* encode, const msg_header_t* header, std::size_t room)
{
    std::string buffer(400, '#');
    const auto length = encode(buffer.data(), static_cast<isize_t>(room), header, 0);
    // What is behind the end is nobody's business.
    const auto end = std::min(room, static_cast<std::size_t>(length) + 1);
    return {length, buffer.substr(0, end) + buffer.substr(room)};
}

template <class Header>
void writes_the_same(msg_print_f* ours, const char* name, const Header* header)
{
    REQUIRE(header);
    const auto* field = reinterpret_cast<const msg_header_t*>(header);
    auto* const library = of_the_library(name);
    for (const std::size_t room : {0U, 1U, 5U, 12U, 20U, 300U})
        CHECK(write(ours, field, room) == write(library, field, room));
}

}  // namespace

TEST_CASE("the stack asks our encoders, and they write what its own write, as far as there is room")
{
    write_fields_quickly();
    Home home;
    for (const auto* line :
         {"INVITE sip:201@office.test SIP/2.0", "BYE sip:office.test:5070 SIP/2.0",
          "OPTIONS sip:a:secret@[::1]:5060;transport=tcp;lr?Subject=x SIP/2.0",
          "INVITE tel:+4930123 SIP/2.0", "SUBSCRIBE urn:service:sos SIP/2.0",
          "FOO http://example.org/a/b?c=d#e SIP/2.0", "REGISTER * SIP/2.0"})
        writes_the_same(sip_request_e, "sip_request_e", sip_request_make(home, line));
    for (const auto* line : {"SIP/2.0 200 OK", "SIP/2.0 486 Busy Here", "SIP/2.0 180 "})
        writes_the_same(sip_status_e, "sip_status_e", sip_status_make(home, line));
    for (const auto* value : {"1 INVITE", "4294967295 BYE", "7 MESSAGE"})
        writes_the_same(sip_cseq_e, "sip_cseq_e", sip_cseq_make(home, value));
    for (const auto* value : {"0", "1", "4294967295"})
        writes_the_same(sip_content_length_e, "sip_content_length_e",
                        sip_content_length_make(home, value));
}
