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

TEST_CASE("whose plan a number is of (RFC 3966 §5.1.5), wherever a URI has the parameters of its number")
{
    const auto context = [](const char* text) { return phone_context(*SipUri::parse(text)); };
    for (const auto* text : {"tel:202;phone-context=else.test", "tel:202;a=b;Phone-Context=else.test;c",
                             "sip:202;phone-context=else.test@office.test;user=phone",
                             "sip:202;phone-context=else.test@office.test",
                             "sip:202;phone%2Dcontext=%65lse.test@office.test"})
        CHECK_MESSAGE(context(text) == "else.test", text);
    CHECK(context("tel:202;phone-context=+43") == "+43");
    CHECK(context("tel:202;phone-context") == "");
    for (const auto* text : {"tel:202", "tel:202;isub=1", "sip:202@office.test", "sip:202@office.test;phone-context=x",
                             "tel:+43664;phone-context=else.test", "sip:%2B43664;phone-context=x@office.test"})
        CHECK_FALSE_MESSAGE(context(text), text);
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
