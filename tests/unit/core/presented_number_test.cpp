#include "core/presented_number.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

std::string shown(std::string_view from, std::vector<Header> headers = {})
{
    NameAddr address;
    address.uri = *SipUri::parse(from);
    return presented_number(address, headers);
}

}  // namespace

TEST_CASE("the number of the From is shown, its escapes resolved")
{
    CHECK(shown("sip:201@office.test") == "201");
    CHECK(shown("sip:%23201@office.test") == "#201");
}

TEST_CASE("an anonymous From shows no number (RFC 3323 §4.1.1.3)")
{
    CHECK(shown("sip:anonymous@office.test").empty());
    CHECK(shown("sip:201@anonymous.invalid").empty());
}

TEST_CASE("a Privacy that hides who calls hides the number (RFC 3323 §4.2, RFC 3325 §9.3)")
{
    for (const auto* value : {"id", "header;id", "critical; user", "ID"})
        CHECK(shown("sip:201@office.test", {{"Privacy", value}}).empty());
    for (const auto* value : {"none", "session", "ident", ""})
        CHECK(shown("sip:201@office.test", {{"Privacy", value}}) == "201");
}
