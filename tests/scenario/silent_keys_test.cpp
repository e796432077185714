// What the exchange itself says to phones whose media must be encrypted (RFC 4568 §5.1.2): it has
// keys, so that their only stream is not refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>

#include "calling_card_office.hpp"
#include "park_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view secret_sdp =
    "v=0\r\no=s 1 1 IN IP4 h\r\nm=audio 4000 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";

/// Nothing to hear, on a stream that the phone has.
void is_silent_with_keys(const Arrived& said)
{
    const auto body = said.body();
    CHECK(body.find("m=audio 9 RTP/SAVP ") != std::string::npos);
    CHECK(body.find("a=inactive\r\n") != std::string::npos);
    const std::string_view crypto = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:";
    const auto found = body.find(crypto);
    REQUIRE(found != std::string::npos);
    const auto key = body.substr(found + crypto.size(), 40);
    CHECK(std::ranges::all_of(key, [](unsigned char c) { return std::isalnum(c) != 0; }));
}

}  // namespace

TEST_CASE("a parked phone with keys changes its session")
{
    park::Office office;
    office.bob_parks();
    office.alice.sends_invite(secret_sdp);
    is_silent_with_keys(office.alice.receives(200U));
    office.alice.sends_invite({});  // and lets the exchange make the offer
    is_silent_with_keys(office.alice.receives(200U));
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.nothing_is_left();
}

TEST_CASE("a phone with keys calls the calling card, and changes its session between two numbers")
{
    Scenario pbx;
    pbx.has_calling_card(calling_card::card);
    auto& alice = pbx.phone("101");
    alice.sends(INVITE, "800", secret_sdp);
    is_silent_with_keys(alice.receives(200U));
    alice.receives(SUBSCRIBE);
    alice.replies(200);
    alice.sends_invite(secret_sdp);
    is_silent_with_keys(alice.receives(200U));
    alice.sends(BYE);
    alice.receives(200U);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a phone with keys dials a code")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    alice.sends(INVITE, "*21*103", secret_sdp);
    is_silent_with_keys(alice.receives(200U));
    pbx.passes(2s);
    alice.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a resume that fails leaves a phone with keys its stream")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.sends(INVITE, "102", secret_sdp);
    bob.receives(INVITE);
    bob.replies(200, secret_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    pbx.orders({.action = CallAction::hold});
    for (auto* phone : {&alice, &bob}) {
        phone->receives(INVITE);
        phone->replies(200, secret_sdp);
        phone->receives(ACK);
    }
    pbx.orders({.action = CallAction::resume});
    alice.receives(INVITE).without_body();
    alice.replies(200, secret_sdp);
    bob.receives(INVITE);
    bob.replies(488);
    is_silent_with_keys(alice.receives(ACK));
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("click to dial: a phone that takes no plain media makes the offer itself (RFC 3725 §4.3)")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    pbx.orders({.action = CallAction::place, .from = "101", .to = "102"});
    alice.receives(INVITE).from("102");
    alice.replies(488);
    alice.receives(INVITE).from("102").without_body();
    SUBCASE("and the call goes on")
    {
        alice.replies(200, secret_sdp);
        is_silent_with_keys(alice.receives(ACK));
        bob.receives(INVITE).from("101").without_body();
        bob.replies(200, secret_sdp);
        alice.receives(INVITE).with(secret_sdp);
        alice.replies(200, secret_sdp);
        alice.receives(ACK);
        bob.receives(ACK).with(secret_sdp);
        CHECK(pbx.records().empty());
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        REQUIRE(pbx.records().size() == 1);
        CHECK(pbx.records().front().result == CallResult::answered);
        CHECK(pbx.records().front().answered_by == "102");
    }
    SUBCASE("or refuses that as well: it is asked no third time")
    {
        alice.replies(488);
    }
    CHECK(pbx.has_no_calls());
    CHECK(pbx.records().size() == 1);
}
