#include <doctest/doctest.h>

#include "core/sdp.hpp"

using namespace lampline;

namespace {

const std::string session = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n";

}  // namespace

TEST_CASE("plain audio is taken inactive, everything else refused, in the order of the offer "
          "(RFC 3264 §6)")
{
    CHECK(inactive_answer("v=0\r\no=a\r\nm=video 6000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                          "m=audio 4000 RTP/AVP 0 97\r\na=rtpmap:97 opus/48000/2\r\n"
                          "a=fmtp:97 useinbandfec=1\r\na=ptime:20\r\n"
                          "m=audio 5000 RTP/AVP 8\r\n",
                          {}) ==
          session + "m=video 0 RTP/AVP 96\r\nm=audio 9 RTP/AVP 0 97\r\na=inactive\r\n"
                    "a=rtpmap:97 opus/48000/2\r\na=fmtp:97 useinbandfec=1\r\n"
                    "m=audio 0 RTP/AVP 8\r\n");
}

TEST_CASE("where no audio is plain, keys are answered: the first suite that everybody knows")
{
    const std::string key(40, 'k');
    CHECK(inactive_answer("v=0\r\nm=audio 4000 RTP/SAVP 0 97\r\na=rtpmap:97 opus/48000/2\r\n"
                          "a=crypto:7\r\na=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:x\r\n"
                          "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:y|2^20\r\n",
                          key) == session +
                                      "m=audio 9 RTP/SAVP 0 97\r\na=inactive\r\n"
                                      "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:" +
                                      key + "\r\na=rtpmap:97 opus/48000/2\r\n");
    CHECK(inactive_answer("v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 F8_128 inline:x\r\n",
                          key) == session + "m=audio 0 RTP/SAVP 0\r\n");
    const auto plain_too = inactive_answer("m=audio 1 RTP/SAVP 0\r\n"
                                           "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"
                                           "m=audio 2 RTP/AVP 0\r\n",
                                           key);
    CHECK(plain_too == session + "m=audio 0 RTP/SAVP 0\r\nm=audio 9 RTP/AVP 0\r\na=inactive\r\n");
}

TEST_CASE("certificates are answered by one that nobody has (RFC 5763)")
{
    const auto answer = inactive_answer(
        "v=0\r\na=fingerprint:sha-256 AA\r\nm=audio 4000 UDP/TLS/RTP/SAVP 0\r\na=setup:actpass\r\n",
        "0123456789ABCDEFGHIJ0123456789ABCDEFGHIJ");
    CHECK(answer.starts_with(session + "m=audio 9 UDP/TLS/RTP/SAVP 0\r\na=inactive\r\n"
                                       "a=setup:passive\r\na=fingerprint:sha-256 30:31:32:"));
    CHECK(answer.size() == session.size() + 81 + 32 * 3 + 1);
}

TEST_CASE("a stream that needs keys is refused where there are none")
{
    CHECK(inactive_answer("v=0\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 x\r\n", {}) ==
          session + "m=audio 0 RTP/SAVP 0\r\n");
}

TEST_CASE("without an offer there is one")
{
    CHECK(inactive_answer("", {}) == session + "m=audio 9 RTP/AVP 0 8\r\na=inactive\r\n");
}

TEST_CASE("broken media lines are left out, and there is an end to them")
{
    CHECK(inactive_answer("m=\r\nm=audio\r\nm=audio 1\r\n", {}) == session);
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "m=audio 1 X 0\n";
    CHECK(inactive_answer(many, {}).size() < 1000);
    CHECK_FALSE(receives_media(inactive_answer("m=audio 4000 RTP/AVP 0\r\n", {})));
}

TEST_CASE("a session is made inactive as it is: other directions, and the next version (RFC 3264 "
          "§8)")
{
    CHECK(made_inactive("v=0\r\no=b 12 7 IN IP4 h\r\na=sendrecv\r\n"
                        "m=audio 5000 RTP/SAVP 0\r\nc=IN IP4 h\r\na=crypto:1 x\r\na=sendonly\r\n"
                        "m=video 0 RTP/AVP 96\r\n") ==
          "v=0\r\no=b 12 8 IN IP4 h\r\n"
          "m=audio 5000 RTP/SAVP 0\r\nc=IN IP4 h\r\na=crypto:1 x\r\na=inactive\r\n"
          "m=video 0 RTP/AVP 96\r\na=inactive\r\n");
    CHECK(made_inactive("v=0") == inactive_answer("", {}));
    for (const auto* origin : {"o=", "o=b", "o=b 1", "o=b 1 x y", "o=b 1 18446744073709551615 IN"})
        CHECK(made_inactive(std::string{origin} + "\nm=audio 1 RTP/AVP 0") ==
              std::string{origin} + "\r\nm=audio 1 RTP/AVP 0\r\na=inactive\r\n");
    CHECK(made_inactive("o=b 1 2\nm=audio 1 RTP/AVP 0") ==
          "o=b 1 3\r\nm=audio 1 RTP/AVP 0\r\na=inactive\r\n");
}
