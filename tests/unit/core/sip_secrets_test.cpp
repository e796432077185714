#include <doctest/doctest.h>

#include <random>

#include "core/sip_trace.hpp"

using namespace lampline;

namespace {

/// A request with this header line.
std::string with(const std::string& line)
{
    return "INVITE sip:202@office.test SIP/2.0\r\n" + line + "\r\nContent-Length: 0\r\n\r\n";
}

std::string masked(const std::string& line)
{
    const auto whole = without_secrets(with(line));
    CHECK(whole.size() == with(line).size());
    const auto start = whole.find("\r\n") + 2;
    return whole.substr(start, line.size());
}

std::string masked_body(const std::string& body)
{
    const std::string head = "SIP/2.0 200 OK\r\nContent-Type: application/sdp\r\n\r\n";
    return without_secrets(head + body).substr(head.size());
}

}  // namespace

TEST_CASE("digest credentials keep their names and lose what helps to guess a password")
{
    CHECK(masked("Authorization: Digest username=\"201\", realm=\"office.test\", nonce=\"n1\", "
                 "uri=\"sip:office.test\", response=\"6629fae49393a05397450978507c4ef1\", "
                 "cnonce=\"0a4f\", qop=auth, nc=00000001, algorithm=MD5") ==
          "Authorization: Digest username=\"201\", realm=\"office.test\", nonce=\"n1\", "
          "uri=\"sip:office.test\", response=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx, "
          "cnonce=xxxxxx, qop=auth, nc=00000001, algorithm=MD5");
    CHECK(masked("proxy-authorization:digest response=abc,username=\"2\\\"1\"") ==
          "proxy-authorization:digest response=xxx,username=\"2\\\"1\"");
    CHECK(masked("PROXY-AUTHORIZATION \t: Digest  response = \"a, b\" , cnonce=c") ==
          "PROXY-AUTHORIZATION \t: Digest  response = xxx xx , cnonce=x");
    CHECK(masked("Authorization: Digest username=\"201\",\r\n response=\"secret\"") ==
          "Authorization: Digest username=\"201\",\r\n response=xxxxxxxx");
    CHECK(masked("Authentication-Info: rspauth=\"abc\", nextnonce=\"d\", nc=1") ==
          "Authentication-Info: rspauth=xxxxx, nextnonce=xxx, nc=1");
}

TEST_CASE("credentials that cannot be read are hidden to the end")
{
    CHECK(masked("Authorization: Basic MjAxOnNlY3JldA==") ==
          "Authorization: Basic xxxxxxxxxxxxxxxx");
    CHECK(masked("Authorization: secret") == "Authorization: xxxxxx");
    CHECK(masked("Authorization: Digest username=\"201, response=\"secret\"") ==
          "Authorization: Digest username=\"201, response=\"xxxxxxx");
    CHECK(masked("Authorization: Digest realm=\"x\" response=\"secret\"") ==
          "Authorization: Digest realm=\"x\" xxxxxxxxxxxxxxxxx");
    CHECK(masked("Authorization: Digest \"secret\"") == "Authorization: Digest xxxxxxxx");
    CHECK(masked("Authorization: Digest username=\"open") ==
          "Authorization: Digest username=xxxxx");
}

TEST_CASE("passwords of URIs are hidden, wherever they stand")
{
    CHECK(masked("Contact: <sip:201:secret@192.0.2.1>") == "Contact: <sip:201:xxxxxx@192.0.2.1>");
    CHECK(masked("To: SIPS:201:a:b@h;x=1, sip:2:c@h") == "To: SIPS:201:xxx@h;x=1, sip:2:x@h");
    CHECK(masked("Contact: <sip:201@192.0.2.1:5060>") == "Contact: <sip:201@192.0.2.1:5060>");
    CHECK(masked("From: \"sip:\" <sip:201@h>;tag=1:2@3") == "From: \"sip:\" <sip:201@h>;tag=1:2@3");
    CHECK(without_secrets("INVITE sip:202:pw@h SIP/2.0\r\n\r\n") ==
          "INVITE sip:202:xx@h SIP/2.0\r\n\r\n");
}

TEST_CASE("credentials among the headers of a URI are hidden, however their name is escaped")
{
    CHECK(masked("Refer-To: <sip:203@h?Authorization=Basic%20SECRET>") ==
          "Refer-To: <sip:203@h?Authorization=xxxxxxxxxxxxxx>");
    CHECK(masked("m: <sip:1@h?Subject=a&%50roxy-%61UTHORIZATION=s%22&x=y>;q=1, <sip:2@h?x&Authorization=b>") ==
          "m: <sip:1@h?Subject=a&%50roxy-%61UTHORIZATION=xxxx&x=y>;q=1, <sip:2@h?x&Authorization=x>");
    CHECK(masked("Refer-To: sip:1@h?authorization=Digest response=\"a&b\"") ==
          "Refer-To: sip:1@h?authorization=xxxxxx xxxxxxxxxxxxxx");
    CHECK(without_secrets("INVITE sip:202@h?Authorization=\"a SIP/2.0\r\n\r\n") ==
          "INVITE sip:202@h?Authorization=xx SIP/2.0\r\n\r\n");
    for (const auto* line : {"Refer-To: <sip:1@h?Replaces=a%3Bto-tag%3D1&Subject=Authorization>",
                             "Subject: Who?Authorization", "Refer-To: <sip:1@h?Authorization>;x=y"})
        CHECK(masked(line) == line);
}

TEST_CASE("keys in SDP are hidden")
{
    CHECK(masked_body("v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
                      "inline:WVNfX19zZW1jdGw|2^20|1:4;inline:abc\r\nm=audio 1 RTP/SAVP 0\r\n") ==
          "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
          "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nm=audio 1 RTP/SAVP 0\r\n");
    CHECK(masked_body("k=base64:c2Vj\nA=CRYPTO:1 X key\na=ice-pwd:p\na=key-mgmt:mikey AQ==") ==
          "k=xxxxxxxxxxx\nA=CRYPTO:1 X xxx\na=ice-pwd:x\na=key-mgmt:xxxxx xxxx");
    CHECK(masked_body("a=crypto:key") == "a=crypto:xxx");
    CHECK(masked_body("a=rtpmap:0 PCMU/8000\r\nb=k=1\r\n") == "a=rtpmap:0 PCMU/8000\r\nb=k=1\r\n");
}

TEST_CASE("random and cut messages stay as long as they are")
{
    const std::string whole = with("Authorization: Digest username=\"201\", response=\"secret\"") +
                              "v=0\r\nk=clear:a\r\na=crypto:1 A inline:b\r\n";
    for (std::size_t size = 0; size <= whole.size(); ++size)
        CHECK(without_secrets(whole.substr(0, size)).size() == size);
    std::mt19937 random{1};
    constexpr std::string_view letters = "Authorization: Digest\"=,;sip:@<>k\r\n\\x \t";
    for (int round = 0; round < 2000; ++round) {
        std::string text;
        for (int i = 0; i < 80; ++i) text += letters[random() % letters.size()];
        CHECK(without_secrets(text).size() == text.size());
    }
}

TEST_CASE("keys that somebody has pressed are hidden, however they are told")
{
    const auto told = [](const std::string& type, const std::string& body) {
        const auto head = "INFO sip:202@office.test SIP/2.0\r\n" + type + "\r\n\r\n";
        return without_secrets(head + body).substr(head.size());
    };
    CHECK(told("Content-Type: application/dtmf-relay", "Signal=5\r\nDuration=160\r\n") ==
          "Signal=x\r\nDuration=160\r\n");
    CHECK(told("c:application/DTMF-Relay ; x=y", "signal = 11\nDuration=160") ==
          "signal = xx\nDuration=160");
    CHECK(told("Content-Type: application/dtmf", "5") == "x");
    CHECK(told("Content-Type: audio/telephone-event", "5") == "x");
    CHECK(told("Content-Type: application/kpml-response+xml",
               "<kpml-response code=\"200\" digits=\"12#\" tag=\"key\"/>") ==
          "<kpml-response code=\"200\" digits=\"xxx\" tag=\"key\"/>");
    CHECK(told("Content-Type: application/kpml-response+xml", "<r digits='12' a=\"digits\"\r\n") ==
          "<r digits='xx' a=\"digits\"\r\n");
    CHECK(told("Content-Type: application/kpml-response+xml", "digits=\"12") == "digits=\"xx");
    CHECK(told("Content-Type: text/plain", "Signal=5") == "Signal=5");
    CHECK(told("Content-Type: application/vnd.nortelnetworks.digits",
               "p=Digit-Collection\r\ny=Digits\r\n\r\ns=success\r\nD=47#\r\n") ==
          "p=Digit-Collection\r\ny=Digits\r\n\r\ns=success\r\nD=xxx\r\n");
}

TEST_CASE("keys and keying material in one part of several are masked, and nothing else")
{
    const auto parts = [](std::string_view signal, std::string_view password) {
        return "INFO sip:202@office.test SIP/2.0\r\n"
               "Content-Type: multipart/mixed;boundary=b\r\n\r\n"
               "--b\r\nContent-Type: application/dtmf-relay\r\n\r\nSignal=" +
               std::string{signal} +
               "\r\nDuration=160\r\n"
               "--b\r\nContent-Type: multipart/alternative;boundary=c\r\n\r\n"
               "--c\r\nc: application/dtmf\r\nContent-Id: <5>\r\n\r\n" +
               std::string{signal} +
               "\r\n--c--\r\n"
               "--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=ice-pwd:" +
               std::string{password} + "\r\nSignal=5\r\n--b--\r\n";
    };
    CHECK(without_secrets(parts("5", "secret")) == parts("x", "xxxxxx"));
    CHECK(
        without_secrets("INFO sip:1@x SIP/2.0\r\nc: multipart/mixed\r\n\r\n--b\r\nk=clear:1\r\n") ==
        "INFO sip:1@x SIP/2.0\r\nc: multipart/mixed\r\n\r\n--b\r\nk=xxxxxxx\r\n");
}

TEST_CASE("what people write to each other is hidden, its head is not")
{
    const std::string head = "MESSAGE sip:202@office.test SIP/2.0\r\nCSeq: 3 MESSAGE\r\n"
                             "Content-Type: text/plain\r\nContent-Length: 21\r\n\r\n";
    CHECK(without_secrets(head + "See you\r\nat\t8, J\xc3\xbcrgen") ==
          head + "xxxxxxx\r\nxxxxxxxxxxxxx");
    CHECK(without_secrets(head) == head);
    const std::string answer = "SIP/2.0 200 OK\r\ncseq:3  MESSAGE \r\n\r\n";
    CHECK(without_secrets(answer + "read\r\n\r\nit") == answer + "xxxx\r\n\r\nxx");
    const std::string parts = "MESSAGE sip:202@office.test SIP/2.0\r\n"
                              "Content-Type: multipart/mixed;boundary=b\r\n\r\n";
    CHECK(without_secrets(parts + "--b\r\nx: y\r\n") == parts + "xxx\r\nxxxx\r\n");
    const std::string other = "INFO sip:202@office.test SIP/2.0\r\nCSeq: 3 INFO\r\n"
                              "Subject: MESSAGE\r\n\r\nhello\r\n";
    CHECK(without_secrets(other) == other);
}
