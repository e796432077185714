#include "core/refer.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace lampline;

TEST_CASE("Refer-To as phones write it")
{
    for (const auto* text :
         {"<sip:102@office.test>", "sip:102@office.test", "\"Bob <x>\" <sip:102@office.test>;a=b",
          " <sip:102@office.test;user=phone> "}) {
        CAPTURE(text);
        const auto refer = parse_refer_to(text);
        REQUIRE(refer);
        CHECK(refer->uri.user == "102");
        CHECK(refer->uri.host == "office.test");
        CHECK_FALSE(refer->replaces);
        CHECK(refer->wants_invite);
    }
}

TEST_CASE("an escaped Replaces comes out whole (RFC 3891 §6.1); other headers stay behind")
{
    const auto refer = parse_refer_to("<sip:103@office.test?Subject=x&Replaces=a%40b%3Bto-tag%3D1%"
                                      "3Bfrom-tag%3D2%3Bearly-only&body=evil>");
    REQUIRE(refer);
    REQUIRE(refer->replaces);
    CHECK(refer->replaces->call_id == "a@b");
    CHECK(refer->replaces->to_tag == "1");
    CHECK(refer->replaces->from_tag == "2");
    CHECK(refer->replaces->early_only);
    CHECK(refer->uri.params.empty());
}

TEST_CASE("what is no address to call is refused")
{
    for (const auto* text :
         {"", "<>", "mailto:a@b", "<sip:102@office.test", "\"open", "<sip:1@h?Replaces=%0d%0aVia>",
          "<sip:1@h?Replaces=%4>", "<sip:1@h?Replaces=>"})
        CHECK_MESSAGE(!parse_refer_to(text), text);
    CHECK_FALSE(parse_refer_to("<sip:1@h;method=BYE>")->wants_invite);
    CHECK_FALSE(parse_refer_to(std::string(5000, 'x')));
}

TEST_CASE("no text breaks the reader")
{
    std::mt19937 random{7};
    const std::string alphabet = "<>\"\\;?&=%@:sipReplaces0aA ";
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (auto n = random() % 60; n > 0; --n) text += alphabet[random() % alphabet.size()];
        (void)parse_refer_to(text);
        (void)parse_replaces(text);
    }
}
