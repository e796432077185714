#include "core/extension_uri.hpp"

#include <doctest/doctest.h>

using namespace lampline;

TEST_CASE("the address of an extension escapes what a user part may not have")
{
    CHECK(write(extension_uri("207", "office.test")) == "sip:207@office.test");
    CHECK(write(extension_uri("*21#", "office.test")) == "sip:*21%23@office.test");
}

TEST_CASE("the number behind an address has its escapes resolved")
{
    CHECK(extension_of(*SipUri::parse("sip:207@office.test;user=phone")) == "207");
    CHECK(extension_of(*SipUri::parse("sip:%2a21%23@office.test")) == "*21#");
}

TEST_CASE("a broken escape is taken as it stands")
{
    SipUri uri;
    uri.host = "office.test";
    for (const char* user : {"%", "2%", "2%4", "%zz", "%4z"}) {
        uri.user = user;
        CHECK(extension_of(uri) == user);
    }
}
