// Emergency numbers reach the trunk whatever else is set or full.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// An exchange that may have one call, and 112 outside.
struct Office {
    Office()
    {
        DigitRules rules;
        rules.rules = {{.pattern = "1\\d\\d", .priority = 1},
                       {.pattern = "112|144", .emergency = true, .trunks = {"one"}}};
        pbx.has_trunks({trunk}, rules);
    }

    static Trunk carrier()
    {
        Trunk trunk;
        trunk.name = "one";
        trunk.servers = {{"192.0.2.200", 5060, Transport::udp}};
        trunk.domain = "carrier.test";
        return trunk;
    }

    Scenario pbx{{}, {.calls = {.max_calls = 1}}};
    Trunk trunk = carrier();
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& far = pbx.carrier(trunk, "112");
};

}  // namespace

TEST_CASE("an exchange that has all its calls still takes one to an emergency number")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    carol.sends(INVITE, "102");
    carol.receives(503U).phrase("Too Many Calls");
    carol.sends(INVITE, "1-1-2");
    far.receives(INVITE);
    far.replies(200, talking_sdp);
    carol.receives(200U);
    far.receives(ACK);
    carol.sends(BYE);
    carol.receives(200U);
    far.receives(BYE);
    alice.cancels();
    bob.receives(CANCEL);
    CHECK(pbx.has_no_calls());
}
