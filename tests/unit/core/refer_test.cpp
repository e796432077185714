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
         {"", "<>", "<sip:@office.test>", "sip:@h", "<sips::secret@h?Subject=x>", "<mailto:>", "mailto", "<1x:a>", "<http://a b>", "<http://a%4>", "<http://a\\>", "<sip:102@office.test", "\"open", "<sip:1@h?Replaces=%0d%0aVia>",
          "<sip:1@h?Replaces=%4>", "<sip:1@h?Replaces=>",
          "<sip:1@h?Replaces=a%3Bto-tag%3Da%20b%3Bfrom-tag%3Dc>",
          "<sip:1@h?Replaces=a%3Bto-tag%3Da%3Bfrom-tag%3D%22c%22>"})
        CHECK_MESSAGE(!parse_refer_to(text), text);
    CHECK(parse_refer_to("<sip:h?Subject=a@b>")->uri.user.empty());  // a host alone is a URI
    CHECK_FALSE(parse_refer_to("<sip:1@h;method=BYE>")->wants_invite);
    const auto join = parse_refer_to("<sip:1@h?join=a%3Bto-tag%3D1%3Bfrom-tag%3D2>");
    REQUIRE(join);
    CHECK_FALSE(join->wants_invite);
    CHECK_FALSE(parse_refer_to("<sip:1@h?Join=>"));
    CHECK_FALSE(parse_refer_to(std::string(5000, 'x')));
}

TEST_CASE("several addresses are none, wherever the comma may stand in one")
{
    for (const auto* several : {"<sip:1@h>,<sip:2@h>", "<sip:1@h>;x=\"a\" , \"B\" <sip:2@h>", "sip:1@h, <sip:2@h>",
                                "sip:1@h;x=y,sip:2@h", "Bob, <sip:2@h>"})
        CHECK_MESSAGE(!parse_refer_to(several), several);
    for (const auto* one : {"\"Bob, \\\", <x>\" <sip:1,2@h;x=a,b>", "<sip:1@h>;x=\"a,b\"", "<sip:1@h?Subject=\"a,b>"})
        CHECK_MESSAGE(parse_refer_to(one), one);
}

TEST_CASE("what is well-formed, but of no scheme that calls are made to, lies elsewhere")
{
    for (const auto* text : {"mailto:a@b", "<http://www.office.test/?a=%20>", "Help <urn:service:sos>",
                             "<im:anna@office.test>;x=y", "<z39.50r+-:a>"}) {
        const auto refer = parse_refer_to(text);
        REQUIRE_MESSAGE(refer, text);
        CHECK_MESSAGE(refer->elsewhere, text);
    }
    CHECK_FALSE(parse_refer_to("<sip:102@office.test>")->elsewhere);
    CHECK_FALSE(parse_refer_to("tel:102")->elsewhere);
}

TEST_CASE("a Target-Dialog names the dialog as its recipient is in it (RFC 4538 §7)")
{
    const auto dialog = parse_target_dialog(" a@b ; remote-tag=2;x=y ; Local-Tag = 1");
    REQUIRE(dialog);
    CHECK(dialog->call_id == "a@b");
    CHECK(dialog->to_tag == "1");
    CHECK(dialog->from_tag == "2");
    for (const auto* text : {"", "a", "a;local-tag=1", "a;remote-tag=2", "a;to-tag=1;from-tag=2",
                             ";local-tag=1;remote-tag=2", "a;local-tag=1;remote-tag=2;local-tag=1",
                             "a,b;local-tag=1;remote-tag=2", "a;local-tag;remote-tag=2",
                             "a;local-tag=;remote-tag=2", "a;local-tag=\"1\";remote-tag=2"})
        CHECK_MESSAGE(!parse_target_dialog(text), text);
}

TEST_CASE("what can be a tag")
{
    for (const auto* tag : {"", "0", "a-b.c!%*_+`'~9", "c2VjcmV0==", "a/b:c@d"})
        CHECK_MESSAGE(is_tag(tag), tag);
    for (const auto* tag :
         {" ", "a b", "a\tb", "a,b", "\"a\"", "<a>", "a;b", "a(b)", "a\\", "\x7f", "\xc3\xa4"})
        CHECK_MESSAGE(!is_tag(tag), tag);
}

TEST_CASE("a Replaces has one Call-ID without blanks, and one tag of each kind (RFC 3891 §6.1)")
{
    for (const auto* text : {"a@b;to-tag=1;from-tag=2", " a@b ; to-tag=1\r\n ;from-tag=2 ", "a",
                             "a;from-tag=2;early-only;x=y;x=z"})
        CHECK_MESSAGE(parse_replaces(text), text);
    for (const auto* text : {"a b", "a b;to-tag=1;from-tag=2", "a\tb;to-tag=1",
                             "a;to-tag=1;to-tag=2;from-tag=3", "a;to-tag=1;from-tag=3;From-Tag=3",
                             "x, y", "x,y", "x;to-tag;from-tag", "x;to-tag=1;from-tag"})
        CHECK_MESSAGE(!parse_replaces(text), text);
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

TEST_CASE("what of a Refer-To's headers may go on, and what makes it malformed")
{
    const auto refer = parse_refer_to("<sip:102@office.test?Subject=Order%2017&PRIORITY=urgent"
                                      "&Route=%3Csip:x%3E&body=v%3D0%0D%0As%3D-%0D%0A>");
    REQUIRE(refer);
    CHECK(refer->headers == std::vector<Header>{{"Subject", "Order 17"}, {"Priority", "urgent"}});
    CHECK(parse_refer_to("<sip:102@office.test?body=\"c=0.0.0.0\">"));
    CHECK(parse_refer_to("<sip:102@office.test?Subject=" + std::string(257, 'a') + ">")
              ->headers.empty());
    for (const auto* malformed :
         {"<sip:102@office.test?Subject=a%0D%0AVia:%20x>", "<sip:102@office.test?body=%0>",
          "<sip:102@office.test?body=%00>", "<sip:102@office.test?Replaces=a&Replaces=b>"})
        CHECK_FALSE(parse_refer_to(malformed));
}

TEST_CASE("the name of a header of a URI may be escaped, as its value is (RFC 3261 §19.1.2)")
{
    const auto join = parse_refer_to("<sip:1@h?%4Aoin=a%3Bto-tag%3D1%3Bfrom-tag%3D2>");
    REQUIRE(join);
    CHECK_FALSE(join->wants_invite);
    const auto attended = parse_refer_to("<sip:1@h?x=y&%52e%70laces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&%53ubject=z>");
    REQUIRE(attended);
    REQUIRE(attended->replaces);
    CHECK(attended->replaces->call_id == "a@b");
    CHECK(attended->headers == std::vector<Header>{{"Subject", "z"}});
    for (const auto* malformed : {"<sip:1@h?%4Aoin=>", "<sip:1@h?Replaces=a&%52eplaces=b>", "<sip:1@h?Subjec%7=a>",
                                  "<sip:1@h?Subjec%00t=a>", "<sip:1@h?%62ody=%00>"})
        CHECK_MESSAGE(!parse_refer_to(malformed), malformed);
    CHECK(parse_refer_to("<sip:1@h?%62ody=v%3D0%0D%0A>"));
}

TEST_CASE("headers of a URI that name a dialog")
{
    for (const auto* headers : {"Replaces=a", "x=y&join=a%3Bto-tag%3D1", "%52EPLACES=", "Subject=%&Join"})
        CHECK_MESSAGE(name_dialog(headers), headers);
    for (const auto* headers : {"", "Subject=Replaces", "Replaces%=a", "x=Join=y", "&"})
        CHECK_FALSE_MESSAGE(name_dialog(headers), headers);
}

TEST_CASE("Referred-By holds one address")
{
    CHECK(is_referred_by("<sip:101@office.test>"));
    CHECK(is_referred_by("\"Anna\" <sip:101@office.test>;cid=\"20398823.2UWQFN309shb3@x\""));
    CHECK(is_referred_by("sip:101@office.test;cid=x"));
    CHECK_FALSE(is_referred_by("nobody"));
    CHECK_FALSE(is_referred_by(""));
    CHECK_FALSE(is_referred_by("<sip:101@office.test"));
    for (const auto* several : {"<sip:101@office.test>, <sip:102@office.test>", "sip:101@office.test,sip:102@office.test",
                                "<sip:101@office.test>;cid=\"a@b\",nobody"})
        CHECK_FALSE_MESSAGE(is_referred_by(several), several);
    CHECK(is_referred_by("\"Anna, <x>\" <sip:1,01@office.test>;cid=\"a,b\""));
}
