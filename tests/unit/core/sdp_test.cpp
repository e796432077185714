#include "core/sdp.hpp"

#include <doctest/doctest.h>

using namespace lampline;

TEST_CASE("a phone receives media unless it says otherwise (RFC 3264 §8.4)")
{
    CHECK(receives_media("v=0\r\nm=audio 4000 RTP/AVP 0\r\n"));
    CHECK(receives_media("v=0\nm=audio 4000 RTP/AVP 0\na=recvonly\n"));
    CHECK_FALSE(receives_media("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"));
    CHECK_FALSE(receives_media("v=0\nm=audio 4000 RTP/AVP 0\na=inactive"));
}

TEST_CASE("where there are several streams, the audio tells whether who talks is on hold")
{
    CHECK_FALSE(receives_media("m=audio 4000 x\r\na=sendonly\r\nm=video 5000 x\r\na=inactive\r\n"));
    CHECK_FALSE(receives_media("m=audio 4000 x\r\na=sendonly\r\nm=video 5000 x\r\na=sendrecv\r\n"));
    CHECK_FALSE(receives_media("m=video 5000 x\r\nm=audio 4000 x\r\na=inactive\r\n"));
    CHECK_FALSE(receives_media("m=audio 4000 x\r\na=inactive\r\nm=video 5000 x\r\na=inactive\r\n"
                               "m=application 6000 UDP/BFCP *\r\n"));
    CHECK(receives_media("m=audio 4000 x\r\nm=video 5000 x\r\na=inactive\r\n"));
    CHECK(receives_media("m=audio 4000 x\r\na=inactive\r\nm=audio 4002 x\r\n"));
    CHECK(receives_media("m=audio 4000 x\r\nm=audio 4002 x\r\na=inactive\r\n"));
}

TEST_CASE("without audio the video tells, and what is neither where it is all there is")
{
    CHECK(receives_media("m=audio 0 x\r\na=inactive\r\nm=image 4000 udptl t38\r\n"));
    CHECK_FALSE(receives_media("m=video 5000 x\r\na=inactive\r\nm=message 7000 TCP/MSRP *\r\n"));
    CHECK(receives_media("m=message 7000 TCP/MSRP *\r\n"));
    CHECK_FALSE(receives_media("m=text 7000 RTP/AVP 98\r\na=inactive\r\n"));
    CHECK_FALSE(receives_media("m=audio 0 x\r\n"));
}

TEST_CASE(
    "a direction before the first stream holds for all that have none of their own (RFC 4566 §6)")
{
    CHECK_FALSE(receives_media("v=0\r\na=sendonly\r\nm=audio 4000 x\r\n"));
    CHECK(receives_media("v=0\r\na=sendonly\r\nm=audio 4000 x\r\na=sendrecv\r\n"));
}

TEST_CASE("hold of old phones: connection address 0.0.0.0, or ::")
{
    CHECK_FALSE(receives_media("v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 x\r\n"));
    CHECK_FALSE(
        receives_media("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 x\r\nc=IN IP4 0.0.0.0\r\n"));
    CHECK(receives_media("v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 x\r\nc=IN IP4 192.0.2.1\r\n"));
    CHECK_FALSE(receives_media("v=0\r\nc=IN IP6 ::\r\nm=audio 4000 x\r\n"));
    CHECK(receives_media("v=0\r\nc=IN IP6 ::1\r\nm=audio 4000 x\r\n"));
    // Who trickles its candidates is not on hold (RFC 8840).
    CHECK(receives_media("v=0\r\nc=IN IP6 ::\r\nm=audio 9 x\r\n"));
}

TEST_CASE("a refused stream (port 0) receives nothing; a body without streams says nothing")
{
    CHECK_FALSE(receives_media("m=audio 4000 x\r\na=sendonly\r\nm=video 0 x\r\n"));
    CHECK(receives_media(""));
    CHECK(receives_media("not an sdp body"));
}

TEST_CASE("one offer answers another when they share a format (RFC 3264 §6)")
{
    const std::string_view caller =
        "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 9 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    const std::string_view picker =
        "v=0\r\no=p 2 2 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n"
        "m=audio 5000 RTP/AVP 0 8\r\n";
    CHECK(answer_from(caller, picker) == picker);
    CHECK(answer_from(picker, caller) == caller);
}

TEST_CASE("dynamic formats are the same by name, whatever their numbers")
{
    CHECK(answer_from("m=audio 1 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n",
                      "m=audio 2 RTP/AVP 111\r\na=rtpmap:111 OPUS/48000/2\r\n"));
    CHECK_FALSE(answer_from("m=audio 1 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n",
                            "m=audio 2 RTP/AVP 96\r\na=rtpmap:96 speex/8000\r\n"));
    CHECK(
        answer_from("m=audio 1 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n", "m=audio 2 RTP/AVP 0\r\n"));
}

TEST_CASE(
    "a stream that the other lacks is refused in its place, one that was not asked for is left out")
{
    CHECK(answer_from("v=0\r\nm=video 1 RTP/AVP 31\r\nm=audio 2 RTP/AVP 0\r\n",
                      "v=0\r\nm=audio 3 RTP/AVP 0\r\n") ==
          "v=0\r\nm=video 0 RTP/AVP 31\r\nm=audio 3 RTP/AVP 0\r\n");
    CHECK(answer_from("v=0\r\nm=audio 2 RTP/AVP 0\r\n",
                      "v=0\r\nm=audio 3 RTP/AVP 0\r\nm=video 1 RTP/AVP 31\r\n") ==
          "v=0\r\nm=audio 3 RTP/AVP 0\r\n");
}

TEST_CASE("an offer cannot answer another when one is encrypted, or nothing is in common")
{
    const std::string_view plain = "v=0\r\nm=audio 3 RTP/AVP 0\r\n";
    CHECK_FALSE(answer_from(plain, "v=0\r\nm=audio 3 RTP/SAVP 0\r\na=crypto:1 x\r\n"));
    CHECK_FALSE(answer_from(plain, "v=0\r\nm=audio 3 RTP/AVP 8\r\n"));
    CHECK_FALSE(answer_from(plain, ""));
    CHECK_FALSE(answer_from("m=audio 1 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n",
                            "m=audio 1 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"));
}

TEST_CASE("keys are crossed: each is told what the other sends with, both by the same suite")
{
    const std::string_view caller = "v=0\r\nm=audio 3 RTP/SAVP 0\r\n"
                                    "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:caller256\r\n"
                                    "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:caller128\r\n";
    const std::string_view picker = "v=0\r\nm=audio 5 RTP/SAVP 0\r\n"
                                    "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:picker128|2^20\r\n"
                                    "a=crypto:8 AES_256_CM_HMAC_SHA1_80 inline:picker256\r\n"
                                    "a=ptime:20\r\n";
    CHECK(answer_from(caller, picker) == "v=0\r\nm=audio 5 RTP/SAVP 0\r\na=ptime:20\r\n"
                                         "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:picker256\r\n");
    CHECK(answer_from(picker, caller) == "v=0\r\nm=audio 3 RTP/SAVP 0\r\n"
                                         "a=crypto:8 AES_256_CM_HMAC_SHA1_80 inline:caller256\r\n");
    CHECK_FALSE(answer_from(caller, "v=0\r\nm=audio 5 RTP/SAVP 0\r\n"
                                    "a=crypto:1 F8_128_HMAC_SHA1_80 inline:x\r\n"));
    CHECK_FALSE(answer_from(caller, "v=0\r\nm=audio 5 RTP/SAVP 0\r\na=crypto:1 "
                                    "AES_256_CM_HMAC_SHA1_80 inline:x UNENCRYPTED_SRTP\r\n"));
    // Keys of a stream that need not be encrypted are left out where they do not fit.
    CHECK(answer_from("m=audio 1 RTP/AVP 0\r\n",
                      "m=audio 2 RTP/AVP 0\r\na=crypto:1 A inline:x\r\n") ==
          "m=audio 2 RTP/AVP 0\r\n");
}

TEST_CASE("certificates are crossed, and one of the two begins (RFC 5763 §5)")
{
    const std::string caller = "v=0\r\na=fingerprint:sha-256 AA\r\na=setup:actpass\r\n"
                               "m=audio 3 UDP/TLS/RTP/SAVP 0\r\n";
    const std::string picker = "v=0\r\nm=audio 5 UDP/TLS/RTP/SAVP 0\r\n"
                               "a=fingerprint:sha-256 BB\r\na=setup:";
    CHECK(answer_from(caller, picker + "actpass\r\n") ==
          "v=0\r\nm=audio 5 UDP/TLS/RTP/SAVP 0\r\na=fingerprint:sha-256 BB\r\na=setup:passive\r\n");
    CHECK(answer_from(picker + "actpass\r\n", caller) ==
          "v=0\r\na=fingerprint:sha-256 AA\r\nm=audio 3 UDP/TLS/RTP/SAVP 0\r\na=setup:active\r\n");
    CHECK(answer_from(caller, picker + "active\r\n")->ends_with("a=setup:active\r\n"));
    CHECK(answer_from(picker + "active\r\n", caller)->ends_with("a=setup:passive\r\n"));
    CHECK_FALSE(answer_from(picker + "active\r\n", picker + "active\r\n"));
}

TEST_CASE("ICE, and streams that share a port, are bound to the offer that they answer")
{
    CHECK_FALSE(answer_from("a=ice-ufrag:x\r\nm=audio 1 RTP/AVP 0\r\n", "m=audio 2 RTP/AVP 0\r\n"));
    CHECK_FALSE(
        answer_from("m=audio 1 RTP/AVP 0\r\n", "a=group:BUNDLE a\r\nm=audio 2 RTP/AVP 0\r\n"));
}

TEST_CASE("an answer to what was offered before changes nothing, or says something new (RFC 3264)")
{
    const std::string before = "v=0\r\no=x 1 1\r\nc=IN IP4 192.0.2.1\r\n"
                               "m=audio 4000 RTP/AVP 8 0 101\r\n";
    const std::string offer = "v=0\r\no=y 1 1\r\nc=IN IP4 192.0.2.2\r\n"
                              "m=audio 5000 RTP/AVP 0 101 9\r\n";
    const auto said = [&](std::string_view address, std::string_view stream) {
        return answers_as_before(before, offer,
                                 "v=0\no=x 1 2\nc=IN IP4 " + std::string{address} + "\nm=" +
                                     std::string{stream} + "\n");
    };
    CHECK(answers_as_before(before, offer, before));
    CHECK(said("192.0.2.1", "audio 4000 RTP/AVP 0 101"));
    CHECK(said("192.0.2.1", "audio 4000 RTP/AVP 101 0 9"));
    CHECK(said("192.0.2.1", "audio 4000 RTP/AVP 0 101\na=sendrecv"));
    CHECK_FALSE(said("192.0.2.1", "audio 4000 RTP/AVP 0"));
    CHECK_FALSE(said("192.0.2.1", "audio 4002 RTP/AVP 0 101"));
    CHECK_FALSE(said("192.0.2.1", "audio 0 RTP/AVP 0 101"));
    CHECK_FALSE(said("192.0.2.1", "audio 4000 RTP/SAVP 0 101"));
    CHECK_FALSE(said("192.0.2.3", "audio 4000 RTP/AVP 0 101"));
    CHECK_FALSE(said("192.0.2.1", "audio 4000 RTP/AVP 0 101\nc=IN IP4 192.0.2.3"));
    for (const std::string_view direction : {"sendonly", "recvonly", "inactive"})
        CHECK_FALSE(
            said("192.0.2.1", "audio 4000 RTP/AVP 0 101\na=" + std::string{direction}));
}

TEST_CASE("an answer to what was offered before: streams that are refused, or not there")
{
    const std::string audio = "m=audio 4000 RTP/AVP 0\r\n";
    CHECK(answers_as_before(audio + "m=video 4002 RTP/AVP 31\r\n",
                            audio + "m=video 0 RTP/AVP 31\r\n",
                            audio + "m=video 0 RTP/AVP 31\r\n"));
    CHECK(answers_as_before(audio + "m=video 0 RTP/AVP 31 34\r\na=inactive\r\n",
                            audio + "m=video 5002 RTP/AVP 31 34\r\n",
                            audio + "m=video 0 RTP/AVP 31\r\n"));
    CHECK_FALSE(answers_as_before(audio + "m=video 0 RTP/AVP 31\r\n",
                                  audio + "m=video 5002 RTP/AVP 31\r\n",
                                  audio + "m=video 4002 RTP/AVP 31\r\n"));
    CHECK_FALSE(answers_as_before(audio, audio + audio, audio + audio));
    CHECK_FALSE(answers_as_before(audio, audio, ""));
    CHECK_FALSE(answers_as_before("", audio, audio));
}

TEST_CASE("an answer to what was offered before with a new key says something new")
{
    const std::string stream = "m=audio 4000 RTP/SAVP 0\r\n";
    const auto keyed = [&](std::string_view line) { return stream + std::string{line} + "\r\n"; };
    for (const std::string_view key :
         {"a=crypto:1 A inline:", "a=fingerprint:sha-256 ", "a=ice-ufrag:", "a=ice-pwd:"}) {
        const auto first = keyed(std::string{key} + "one");
        CHECK(answers_as_before(first, stream, first));
        CHECK_FALSE(answers_as_before(first, stream, keyed(std::string{key} + "two")));
    }
}
