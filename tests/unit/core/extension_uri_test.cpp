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
    CHECK(extension_of(*SipUri::parse("sip:+43664;phone-context=x@office.test")) == "+43664");
}

TEST_CASE("what is there for eyes only is no part of a number (RFC 3966 §5.1.1)")
{
    CHECK(plain_number("(0900)12-34.5") == "090012345");
    CHECK(plain_number("+43-664") == "+43664");
    CHECK(plain_number("*21*0-9#") == "*21*09#");
    CHECK(plain_number("anna.b-1") == "anna.b-1");
    CHECK(plain_number("---") == "---");
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
