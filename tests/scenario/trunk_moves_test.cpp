// Calls from outside that are parked, taken back and passed on: the far side sees a re-INVITE and
// nothing of the office.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view far_sdp = "v=0\r\no=far 1 1 IN IP4 h\r\nm=audio 9000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob 1 1 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol 1 1 IN IP4 h\r\nm=audio 6000 RTP/AVP 0\r\n";

Trunk carrier()
{
    Trunk trunk;
    trunk.name = "one";
    trunk.servers = {{"198.51.100.1", 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    trunk.caller_id.main_number = "+4310";
    trunk.inbound = {{"\\+431(10[1-9])", "\\1", false}};
    return trunk;
}

/// Somebody outside talks to Bob.
struct FromOutside {
    FromOutside()
    {
        pbx.has_trunks({trunk}, {});
        pbx.has_park_lot({.number = "700", .first_slot = "701"});
        far.sends(INVITE, "+431102", far_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        far.receives(200U);
        bob.receives(ACK);
        first = bob.dialog();
    }
    void far_and_carol_talk_and_end()
    {
        const auto calls = pbx.view().calls;
        REQUIRE(calls.size() == 1);
        CHECK(calls.at(0).from_trunk == "one");
        far.sends(INFO);
        carol.receives(INFO);
        carol.replies(200);
        far.receives(200U);
        carol.sends(BYE);
        carol.receives(200U);
        far.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }

    Trunk trunk = carrier();
    Scenario pbx;
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& far = pbx.carrier(trunk, "+43664999");
    LegId first;
};

}  // namespace

TEST_CASE("a call from a trunk is parked, and taken by somebody else")
{
    FromOutside call;
    auto& [trunk, pbx, bob, carol, far, first] = call;
    CHECK(pbx.orders({.action = CallAction::park, .to = "701"}).outcome == OrderOutcome::begun);
    far.receives(INVITE).without_header("P-Asserted-Identity");
    far.replies(200, far_sdp);
    far.receives(ACK);
    bob.receives(BYE);
    CHECK(pbx.view().calls.at(0).parked_in == "701");

    carol.sends(INVITE, "701", carol_sdp);
    far.receives(INVITE).with(carol_sdp);
    far.replies(200, far_sdp);
    carol.receives(200U).with(far_sdp);
    far.receives(ACK);
    call.far_and_carol_talk_and_end();
}

TEST_CASE(
    "a parked call from a trunk rings back, and the far side goes on waiting till it is taken")
{
    FromOutside call;
    auto& [trunk, pbx, bob, carol, far, first] = call;
    far.answers_probes = true;
    pbx.orders({.action = CallAction::park, .to = "701"});
    far.receives(INVITE);
    far.replies(200, far_sdp);
    far.receives(ACK);
    bob.receives(BYE);
    pbx.passes(121s);
    bob.receives(INVITE).from("+43664999");
    carol.sends(INVITE, "701", carol_sdp);
    bob.receives(CANCEL);
    far.receives(INVITE).with(carol_sdp);
    far.replies(200, far_sdp);
    carol.receives(200U);
    far.receives(ACK);
    call.far_and_carol_talk_and_end();
}

TEST_CASE(
    "attended transfer of somebody outside: asked for an offer, and given the target's answer")
{
    FromOutside call;
    auto& [trunk, pbx, bob, carol, far, first] = call;
    bob.sends(INVITE, "103", bob_sdp);
    carol.receives(INVITE);
    carol.replies(200, carol_sdp);
    bob.receives(200U);
    carol.receives(ACK);
    std::string call_id;
    for (const auto& each : pbx.view().calls)
        if (each.dialled == "103") call_id = each.legs.at(0).call_id;
    bob.uses(first);
    bob.sends(Method::refer,
              std::make_shared<const Payload>(Payload{
                  {}, {}, {{"Refer-To", "<sip:103@office.test?Replaces=" + call_id + ">"}}}));
    bob.receives(202U);
    bob.replies_to(bob.receives(NOTIFY), 200);
    far.receives(INVITE).without_body().header("P-Asserted-Identity",
                                               "\"Name 103\" <sip:+4310@carrier.test>");
    SUBCASE("both accept")
    {
        far.replies(200, far_sdp);
        carol.receives(INVITE).with(far_sdp).header("P-Asserted-Identity",
                                                    "<sip:+43664999@office.test>");
        carol.replies(200, carol_sdp);
        carol.receives(ACK);
        far.receives(ACK).with(carol_sdp);
        bob.receives(BYE);
        bob.replies_to(bob.receives(NOTIFY).with("SIP/2.0 200 OK\r\n"), 200);
        bob.receives(BYE);
        call.far_and_carol_talk_and_end();
    }
    SUBCASE("the carrier refuses: everybody talks to whom they talked")
    {
        far.replies(488);
        bob.replies_to(bob.receives(NOTIFY).with("SIP/2.0 488 \r\n"), 200);
        CHECK(pbx.view().calls.size() == 2);
        far.sends(BYE);
        far.receives(200U);
        bob.receives(BYE);
        carol.sends(BYE);
        carol.receives(200U);
        bob.receives(BYE);
        CHECK(pbx.has_no_calls());
    }
}

TEST_CASE("a BYE from outside ends the call, whatever its Also says")
{
    FromOutside call;
    for (const std::string also : {"nonsense", "<sip:x@elsewhere.test>", "<sip:103@office.test>"}) {
        call.far.sends_on(also);
        call.far.receives(200U);
        call.bob.receives(BYE);
        CHECK(call.pbx.has_no_calls());
        call.far.sends(INVITE, "+431102", far_sdp);
        call.bob.receives(INVITE);
        call.bob.replies(200, bob_sdp);
        call.far.receives(200U);
        call.bob.receives(ACK);
    }
    CHECK(call.carol.hears_nothing());
    call.far.sends(BYE);
    call.far.receives(200U);
    call.bob.receives(BYE);
    CHECK(call.pbx.has_no_dialogs());
}
