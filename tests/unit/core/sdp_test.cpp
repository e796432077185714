#include "core/sdp.hpp"

#include <doctest/doctest.h>

using namespace lampline;

TEST_CASE("a phone receives media unless it says otherwise for every stream (RFC 3264 §8.4)")
{
    CHECK(receives_media("v=0\r\nm=audio 4000 RTP/AVP 0\r\n"));
    CHECK(receives_media("v=0\nm=audio 4000 RTP/AVP 0\na=recvonly\n"));
    CHECK_FALSE(receives_media("v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"));
    CHECK_FALSE(receives_media("v=0\nm=audio 4000 RTP/AVP 0\na=inactive"));
    CHECK(receives_media("m=audio 4000 x\r\na=sendonly\r\nm=video 5000 x\r\na=sendrecv\r\n"));
    CHECK_FALSE(receives_media("m=audio 4000 x\r\na=sendonly\r\nm=video 5000 x\r\na=inactive\r\n"));
}

TEST_CASE(
    "a direction before the first stream holds for all that have none of their own (RFC 4566 §6)")
{
    CHECK_FALSE(receives_media("v=0\r\na=sendonly\r\nm=audio 4000 x\r\n"));
    CHECK(receives_media("v=0\r\na=sendonly\r\nm=audio 4000 x\r\na=sendrecv\r\n"));
}

TEST_CASE("hold of old phones: connection address 0.0.0.0")
{
    CHECK_FALSE(receives_media("v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 x\r\n"));
    CHECK_FALSE(
        receives_media("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 x\r\nc=IN IP4 0.0.0.0\r\n"));
    CHECK(receives_media("v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 x\r\nc=IN IP4 192.0.2.1\r\n"));
}

TEST_CASE("a refused stream (port 0) receives nothing; a body without streams says nothing")
{
    CHECK_FALSE(receives_media("m=audio 4000 x\r\na=sendonly\r\nm=video 0 x\r\n"));
    CHECK(receives_media(""));
    CHECK(receives_media("not an sdp body"));
}
