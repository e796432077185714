// Behind one leg several phones ring: a carrier has forked the INVITE (RFC 3261 §13.2.2.4).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view first_sdp = "v=0\r\no=a 1 1 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view second_sdp = "v=0\r\no=b 1 1 IN IP4 h\r\nm=audio 6000 RTP/AVP 0\r\n";

}  // namespace

TEST_CASE("each PRACK goes to the early dialog whose response it acknowledges")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    SUBCASE("the caller's")
    {
        alice.supported = OptionTag::reliable;
    }
    SUBCASE("our own, where the caller does not know how") {}
    const bool own = alice.supported == OptionTag::none;
    alice.sends(INVITE, "102");
    const auto invite = bob.receives(INVITE);
    const auto rings = [&](std::uint32_t rseq, std::string_view session, std::string tag) {
        bob.replies_to(invite, 100);
        bob.replies_reliably(183, rseq, session, std::move(tag));
        const auto told = alice.receives(183U);
        CHECK(told.is_reliable == !own);
    };
    const auto acknowledged = [&](std::uint32_t rseq, std::string_view tag) {
        if (!own) alice.sends(PRACK);
        const auto prack = bob.receives(PRACK);
        CHECK(prack.rack_rseq == rseq);
        CHECK(prack.early_tag == tag);
        bob.replies_to(prack, 200);
        if (!own) alice.receives(200U);
    };
    rings(5000, first_sdp, "one");
    if (own) acknowledged(5000, "one");
    rings(9100, second_sdp, "two");
    if (!own) acknowledged(5000, "one");
    acknowledged(9100, "two");
    bob.replies_to(invite, 486);
    alice.receives(486U);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("reliable responses without end, to a caller that acknowledges none, are not kept")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.supported = OptionTag::reliable;
    alice.sends(INVITE, "102");
    const auto invite = bob.receives(INVITE);
    for (std::uint32_t rseq = 1; rseq <= 1000; ++rseq) {
        bob.replies_to(invite, 100);
        bob.replies_reliably(183, rseq, {}, "one");
    }
    CHECK(alice.inbox.size() <= 64);
    alice.inbox.clear();
    bob.replies_to(invite, 486);
    alice.receives(486U);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}
