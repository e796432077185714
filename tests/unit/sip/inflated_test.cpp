// Bodies that come deflated: RFC 1950.
#include "sip/inflated.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace lampline::sip;
using namespace std::string_literals;

namespace {

/// A list as Linphone sends it, by zlib.
const auto deflated =
    "\x78\xda\x55\x8c\x41\x0a\x80\x20\x10\x00\xbf\x22\xde\xcb\xf0\xb8\xa8\xf4\x95\x88\x15\x16"
    "\xcc\x64\x77\x85\xfa\x7d\x45\x27\x4f\x03\xc3\x30\x81\x51\xce\xce\x3b\x4e\x85\x44\xc5\x5c"
    "\x47\xa9\x12\x6d\xe7\x0a\x84\x9a\xa1\x6d\xbc\x1d\x02\xaf\x86\x2a\x30\xc6\x36\x85\x8f\x29"
    "\x60\x55\xbe\x4d\x67\x8a\x56\xa8\x81\x5f\xfc\x7a\xe6\x4c\x3b\xce\x8a\xa2\xd6\xa5\xe0\xfe"
    "\xd0\x8d\x83\xf4\x00\xb0\x9a\x2e\x33"s;
constexpr std::string_view list{
    "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\"><list>"
    "<entry uri=\"sip:202@office.test\"/></list></resource-lists>"};

}  // namespace

TEST_CASE("a deflated body is inflated, up to a limit")
{
    CHECK(inflated(deflated, 1000).value() == list);
    CHECK(inflated(deflated, list.size()).value() == list);
    CHECK_FALSE(inflated(deflated, list.size() - 1));
}

TEST_CASE("what is damaged, cut off or followed by more is not")
{
    CHECK_FALSE(inflated("", 1000));
    CHECK_FALSE(inflated("<resource-lists/>", 1000));
    CHECK_FALSE(inflated(std::string_view{deflated}.substr(0, deflated.size() - 1), 1000));
    CHECK_FALSE(inflated(deflated + "x", 1000));
    for (std::size_t at = 0; at < deflated.size(); ++at) {
        CAPTURE(at);
        auto damaged = deflated;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        const auto read = inflated(damaged, 1000);
        CHECK((!read || *read == list));  // there are bits that mean nothing
    }
}
