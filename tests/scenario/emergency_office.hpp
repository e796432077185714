#pragma once
// An office with an emergency number outside.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

namespace lampline::test::emergency {

inline Trunk carrier(std::string name, std::string host)
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.servers = {{std::move(host), 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    return trunk;
}

/// An exchange that may have one call, and 112 outside.
struct Office {
    Office()
    {
        DigitRules rules;
        rules.rules = {{.pattern = "1\\d\\d", .priority = 1},
                       {.pattern = "0664", .trunks = {"one"}},
                       {.pattern = "112|144", .emergency = true, .trunks = {"one"}}};
        pbx.has_trunks({trunk}, rules);
    }

    Scenario pbx{{}, {.calls = {.max_calls = 1}}};
    Trunk trunk = carrier("one", "192.0.2.200");
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& far = pbx.carrier(trunk, "112");
};

/// Alice talks outside, for help or not.
struct Outside : Office {
    explicit Outside(bool help)
    {
        alice.answers_probes = alice.allows_update = true;
        alice.sends(INVITE, help ? "112" : "0664");
        far.receives(INVITE);
        far.replies(200, talking_sdp);
        alice.receives(200U);
        far.receives(ACK);
    }

    /// The far side has asked not to be named, and Alice's phone is to show that.
    Arrived alice_is_told()
    {
        far.sends(UPDATE, std::make_shared<const Payload>(Payload{{}, {}, {{"Privacy", "id"}}}));
        alice.receives(UPDATE);
        alice.replies(200);
        far.receives(200U);
        return alice.receives(UPDATE).header("P-Asserted-Identity",
                                             "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    }

    /// Now, or when Alice hangs up.
    void ends(bool when_she_hangs_up)
    {
        if (when_she_hangs_up) {
            far.answers_probes = true;
            pbx.stays_silent_for(200s);
            alice.sends(BYE);
            alice.receives(200U);
        } else {
            alice.receives(BYE);
        }
        far.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }
};

}  // namespace lampline::test::emergency
