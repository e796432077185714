// Codes that take a call pass over those that cannot be taken just now.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0 8\r\n";
constexpr std::string_view keyed_sdp =
    "v=0\r\no=k 1 1 IN IP4 h\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
    "inline:MTIzNDU2Nzg5QUJDREUwMTIzNDU2Nzg5QUJjZGVm\r\n";

/// Carol may pick up what rings at Bob, Dave and Eve; Alice's call comes to Eve, later.
struct Office {
    void alice_calls_eve()
    {
        alice.sends(INVITE, "105");
        eve.receives(INVITE);
    }
    void carol_has_alice()
    {
        carol.receives(200U);
        alice.receives(200U).with(carol_sdp);
        eve.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
        pbx.ends_all_calls();
        for (auto* phone : {&alice, &bob, &carol, &dave, &eve}) phone->inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }
    Scenario pbx{{group("sales", {"103"}, {"102", "104", "105"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
    Phone& eve = pbx.phone("105");
};

}  // namespace

TEST_CASE("a pickup passes over a phone that rings for who has clicked")
{
    Office office;
    office.pbx.orders({.action = CallAction::place, .from = "102", .to = "109"});
    office.bob.receives(INVITE);
    office.pbx.passes(1ms);
    SUBCASE("where another call rings")
    {
        office.alice_calls_eve();
        SUBCASE("by *8")
        {
            office.carol.sends(INVITE, "*8", carol_sdp);
        }
        SUBCASE("by ** alone: there is no other one")
        {
            office.carol.sends(INVITE, "**", carol_sdp);
        }
        office.carol_has_alice();
    }
    SUBCASE("where none does: nobody calls there")
    {
        for (const auto* code : {"*8", "**", "**102", "*8102"}) {
            CAPTURE(code);
            office.carol.sends(INVITE, code, carol_sdp);
            office.carol.receives(480U).phrase("Nothing Rings There");
        }
        CHECK(office.bob.hears_nothing());
        office.pbx.ends_all_calls();
        office.bob.receives(CANCEL);
    }
}

TEST_CASE("a pickup passes over a call that somebody else is just taking")
{
    Office office;
    auto& frank = office.pbx.phone("106");
    auto& lab = office.pbx.phone("103");
    frank.sends(INVITE, "102", keyed_sdp);
    office.bob.receives(INVITE);
    office.pbx.passes(1ms);
    lab.acknowledges = false;
    lab.sends(INVITE, "*8", {});
    lab.receives(200U).with(keyed_sdp);  // and has not answered that offer yet
    office.alice_calls_eve();
    office.carol.sends(INVITE, "*8", carol_sdp);
    office.carol.receives(200U);
    office.alice.receives(200U).with(carol_sdp);
    office.eve.receives(CANCEL);
    office.pbx.ends_all_calls();
    for (auto* phone : {&office.alice, &office.bob, &office.carol, &office.eve, &frank, &lab})
        phone->inbox.clear();
}

TEST_CASE("a pickup passes over a call in proxy mode whose caller does not know Replaces")
{
    Office office;
    office.pbx.joins("102", CallMode::proxy);
    auto& frank = office.pbx.phone("106");
    frank.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(180);
    frank.receives(180U);
    office.pbx.passes(1ms);
    office.alice_calls_eve();
    office.carol.sends(INVITE, "*8", carol_sdp);
    office.carol.receives(200U);
    office.alice.receives(200U).with(carol_sdp);
    office.eve.receives(CANCEL);
    office.pbx.ends_all_calls();
    for (auto* phone : {&office.alice, &office.bob, &office.carol, &frank}) phone->inbox.clear();
}
