#include "core/sip_uri.hpp"

#include <array>
#include <random>

#include <doctest/doctest.h>

using namespace lampline;

namespace {

SipUri uri(std::string_view text)
{
    auto parsed = SipUri::parse(text);
    REQUIRE_MESSAGE(parsed, text);
    return *parsed;
}

bool same(std::string_view left, std::string_view right)
{
    const bool forward = equivalent(uri(left), uri(right));
    CHECK(forward == equivalent(uri(right), uri(left)));
    return forward;
}

}  // namespace

TEST_CASE("a SIP URI is taken apart (RFC 3261 §19.1.1)")
{
    const auto full = uri("sip:207@office.test:5070;transport=tcp;lr?subject=hi");
    CHECK(full.scheme == UriScheme::sip);
    CHECK(full.user == "207");
    CHECK(full.host == "office.test");
    CHECK(full.port == 5070);
    CHECK(full.params == ";transport=tcp;lr");

    CHECK(uri("SIPS:a@b").scheme == UriScheme::sips);
    CHECK(uri("sip:office.test").user.empty());
    CHECK(uri("sip:office.test;lr").params == ";lr");
    CHECK(uri("sip:office.test?a=b").host == "office.test");
}

TEST_CASE("IPv6 hosts keep their brackets")
{
    CHECK(uri("sip:207@[2001:db8::7]").host == "[2001:db8::7]");
    CHECK(uri("sip:207@[2001:db8::7]:5070").port == 5070);
    CHECK(uri("sip:[::1];transport=tcp").params == ";transport=tcp");
    CHECK_FALSE(SipUri::parse("sip:207@[2001:db8::7"));
    CHECK_FALSE(SipUri::parse("sip:207@[]"));
    CHECK_FALSE(SipUri::parse("sip:207@[office.test]"));
    CHECK_FALSE(SipUri::parse("sip:207@2001:db8::7"));
}

TEST_CASE("a password is dropped")
{
    CHECK(write(uri("sip:207:secret@office.test")) == "sip:207@office.test");
    CHECK(uri("sip:207:@office.test").user == "207");
}

TEST_CASE("users of feature codes, escapes and the characters of §25.1 are kept as received")
{
    CHECK(uri("sip:*43#@office.test").user == "*43#");
    CHECK(uri("sip:+49-30;x=1?2/3@office.test").user == "+49-30;x=1?2/3");
    CHECK(uri("sip:j%20doe@office.test").user == "j%20doe");
    CHECK(uri("sip:m\xc3\xbcller@office.test").user == "m\xc3\xbcller");
}

TEST_CASE("a tel URI has a number and no host (RFC 3966)")
{
    const auto number = uri("tel:+49-30-123;phone-context=office.test");
    CHECK(number.scheme == UriScheme::tel);
    CHECK(number.user == "+49-30-123");
    CHECK(number.host.empty());
    CHECK(write(number) == "tel:+49-30-123;phone-context=office.test");
    CHECK_FALSE(SipUri::parse("tel:"));
    CHECK_FALSE(SipUri::parse("tel:anna"));
}

TEST_CASE("what is not one of our URIs is refused")
{
    for (const auto* text : {"",
                             ":",
                             "sip",
                             "sip:",
                             "http://office.test",
                             "sip:207@",
                             "sip:207@office test",
                             "sip:207@office.test:",
                             "sip:207@office.test:x",
                             "sip:207@office.test:65536",
                             "sip:207@office.test:5060x",
                             "sip:207@off<ice",
                             "sip:2>07@office.test",
                             "sip:2\"07@office.test",
                             "sip:207@office.test;a=\r\nX: y",
                             "sip:207@office.test\x7f",
                             " sip:207@office.test",
                             "sip:a@b@c",
                             "sip:207@office,test",
                             "mailto:a@b"})
        CHECK_MESSAGE(!SipUri::parse(text), text);
    using namespace std::string_view_literals;
    CHECK_FALSE(SipUri::parse("sip:2\0007@office.test"sv));
}

TEST_CASE("a URI is at most 1024 bytes long")
{
    const std::string start = "sip:207@office.test;x=";
    CHECK(SipUri::parse(start + std::string(1024 - start.size(), 'a')));
    CHECK_FALSE(SipUri::parse(start + std::string(1025 - start.size(), 'a')));
}

TEST_CASE("port 0 counts as not given")
{
    CHECK(write(uri("sip:207@office.test:0;transport=tcp")) == "sip:207@office.test;transport=tcp");
}

TEST_CASE("a parameter is found without regard to case")
{
    const auto contact = uri("sip:207@h;Transport=TCP;ob;;x=");
    CHECK(contact.param("transport") == "TCP");
    CHECK(contact.param("OB") == "");
    CHECK(contact.param("x") == "");
    CHECK_FALSE(contact.param("o"));
    CHECK_FALSE(contact.param("TCP"));
    CHECK_FALSE(uri("sip:207@h").param("transport"));
}

TEST_CASE("the equivalent URIs of RFC 3261 §19.1.4")
{
    CHECK(same("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"));
    CHECK(same("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"));
    CHECK(same("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"));
    CHECK(same("sip:biloxi.com;transport=tcp;method=REGISTER",
               "sip:biloxi.com;method=REGISTER;transport=tcp"));
}

TEST_CASE("the different URIs of RFC 3261 §19.1.4")
{
    CHECK_FALSE(same("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"));
    CHECK_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"));
    CHECK_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"));
    CHECK_FALSE(same("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"));
    CHECK_FALSE(same("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"));
    CHECK_FALSE(same("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"));
    CHECK_FALSE(same("sip:bob@biloxi.com", "sips:bob@biloxi.com"));
}

TEST_CASE(
    "user, ttl, method, maddr and transport count even when one URI lacks them (RFC 3261 §19.1.4)")
{
    for (const auto* name : {"user", "ttl", "method", "maddr", "transport"})
        CHECK_FALSE(same("sip:bob@h", std::string{"sip:bob@h;"} + name + "=x"));
}

TEST_CASE("an escaped reserved character differs from the bare one (RFC 3261 §19.1.4)")
{
    CHECK(same("sip:%2a43@h", "sip:*43@h"));
    CHECK(same("sip:%2B49@h", "sip:%2b49@h"));
    CHECK_FALSE(same("sip:%2B49@h", "sip:+49@h"));
    CHECK_FALSE(same("sip:%zz@h", "sip:zz@h"));
}

TEST_CASE("tel URIs compare without visual separators (RFC 3966 §5)")
{
    CHECK(same("tel:+49-30-123", "tel:+49(30)123"));
    CHECK_FALSE(same("tel:+4930123", "tel:4930123"));
    CHECK_FALSE(same("tel:7042;phone-context=a", "tel:7042"));
}

TEST_CASE("a display name is quoted, and carries nothing that could end its header")
{
    const auto address = uri("sip:207@office.test");
    CHECK(write(NameAddr{{}, address}) == "<sip:207@office.test>");
    CHECK(write(NameAddr{"Anna Lee", address}) == "\"Anna Lee\" <sip:207@office.test>");
    CHECK(write(NameAddr{R"(An"na\)", address}) == R"("An\"na\\" <sip:207@office.test>)");
    CHECK(write(NameAddr{"An\r\nX: na\x7f\t", address}) == "\"AnX: na\" <sip:207@office.test>");
}

TEST_CASE("what was parsed is written so that it parses to the same, whatever the bytes")
{
    constexpr std::array<std::string_view, 22> pieces{"sip:",
                                                      "sips:",
                                                      "tel:",
                                                      "207",
                                                      "@",
                                                      ":",
                                                      ";",
                                                      "?",
                                                      "=",
                                                      "[",
                                                      "]",
                                                      "::1",
                                                      "5060",
                                                      ".",
                                                      "test",
                                                      "%",
                                                      "%41",
                                                      "%3",
                                                      "transport=tcp",
                                                      "lr",
                                                      "\"",
                                                      "#"};
    std::mt19937 random{3261};
    std::size_t parsed = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::string text = round % 4 == 0 ? "" : "sip:";
        const auto count = random() % 12;
        for (std::size_t i = 0; i < count; ++i) {
            if (random() % 8 == 0)
                text += static_cast<char>(random() % 256);
            else
                text += pieces[random() % pieces.size()];
        }
        const auto value = SipUri::parse(text);
        if (!value) continue;
        ++parsed;
        REQUIRE(SipUri::parse(write(*value)) == value);
        REQUIRE(equivalent(*value, *value));
        REQUIRE(value->param("transport").has_value() == value->param("TRANSPORT").has_value());
    }
    CHECK(parsed > 1'000);
}
