#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <string>

#include <doctest/doctest.h>

#include "sip/address_text.hpp"

namespace {

std::string written(int family, const std::string& text, socklen_t room = INET6_ADDRSTRLEN)
{
    std::array<unsigned char, 16> address{};
    REQUIRE(inet_pton(family, text.c_str(), address.data()) == 1);
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    const char* end = inet_ntop(family, address.data(), buffer.data(), room);
    return end ? end : "";
}

}  // namespace

TEST_CASE("inet_ntop writes what the C library would")
{
    lampline::sip::write_addresses_quickly();
    for (const char* address : {"0.0.0.0", "127.0.0.1", "10.20.30.40", "255.255.255.255"})
        CHECK(written(AF_INET, address) == address);
    for (const char* address : {"::1", "2001:db8::7", "::ffff:192.0.2.1"})
        CHECK(written(AF_INET6, address) == address);
}

TEST_CASE("inet_ntop needs room for the address and its end")
{
    CHECK(written(AF_INET, "192.0.2.1", 10) == "192.0.2.1");
    errno = 0;
    CHECK(written(AF_INET, "192.0.2.1", 9).empty());
    CHECK(errno == ENOSPC);
}
