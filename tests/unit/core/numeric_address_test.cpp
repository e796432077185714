#include <doctest/doctest.h>

#include "core/numeric_address.hpp"

using namespace lampline;

TEST_CASE("what is a numeric address")
{
    for (const auto* text : {"192.0.2.1", "0.0.0.0", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8",
                             "1::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:192.0.2.1"}) {
        CAPTURE(text);
        CHECK(is_numeric_address(text));
    }
    for (const auto* text : {"",
                             "192.0.2",
                             "192.0.2.256",
                             "192.0.2.1.",
                             "1.2.3.4.5",
                             "carrier.test",
                             ":",
                             ":::",
                             "1:2",
                             "::1::",
                             "1:2:3:4:5:6:7:8:9",
                             "1:2:3:4:5:6:7:8::",
                             "12345::",
                             "g::",
                             "::1:",
                             ":1::",
                             "1:2:3:4:5:6:7:192.0.2.1",
                             "::192.0.2.1:1",
                             "[::1]",
                             "fe80::1%lo"}) {
        CAPTURE(text);
        CHECK_FALSE(is_numeric_address(text));
    }
}

TEST_CASE("one host in any spelling (RFC 3261 19.1.4)")
{
    CHECK(same_host("office.test", "Office.TEST"));
    CHECK(same_host("[2001:DB8::1]", "2001:db8::1"));
    CHECK(same_host("2001:db8:0:0::1", "[2001:db8::1]"));
    CHECK(same_host("192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(same_host("office.test", "office.test.example"));
    CHECK_FALSE(same_host("[2001:db8::2]", "2001:db8::1"));
    CHECK_FALSE(same_host("192.0.2.1", "192.0.2.10"));
    CHECK_FALSE(same_host("", "office.test"));
    CHECK_FALSE(same_host("[", "[]"));
}

TEST_CASE("all texts of one address have one canonical text (RFC 5952)")
{
    CHECK(canonical_address("192.0.2.1") == "192.0.2.1");
    CHECK(canonical_address("2001:0DB8:0:0:0:0:0:0001") == "2001:db8::1");
    CHECK(canonical_address("2001:db8:0:0:1:0:0:1") == "2001:db8::1:0:0:1");
    CHECK(canonical_address("2001:db8:0:1:1:1:1:1") == "2001:db8:0:1:1:1:1:1");
    CHECK(canonical_address("0:0:0:0:0:0:0:0") == "::");
    CHECK(canonical_address("0:0:0:0:0:0:0:1") == "::1");
    CHECK(canonical_address("1:0:0:0:0:0:0:0") == "1::");
    CHECK(canonical_address("::FFFF:c000:0201") == "::ffff:192.0.2.1");
    CHECK(canonical_address("Carrier.test") == "Carrier.test");
}
