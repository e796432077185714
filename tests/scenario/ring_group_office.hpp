#pragma once
// A number behind which three extensions ring, who calls it, and who watches.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

namespace lampline::test::ring_groups {

/// 600 is Bob, Carol and Dan; Eve watches them all; Alice calls.
struct Team {
    explicit Team(RingStrategy strategy, ExchangeSettings settings = {})
        : pbx{{group("all", {"105"}, {"101", "102", "103", "104"})}, std::move(settings)}
    {
        team.number = "600";
        team.display_name = "Sales";
        team.strategy = strategy;
        team.members = {{"102"}, {"103"}, {"104"}};
        applies();
    }

    void applies() { pbx.has_ring_groups({team}); }

    /// Whose phone rings, and no other.
    void only_rings(Phone& phone)
    {
        phone.receives(INVITE).from("101");
        for (auto* each : {&bob, &carol, &dan}) CHECK(each->hears_nothing());
    }

    /// Alice calls 600, `phone` is the first to ring, answers, and Alice hangs up.
    void is_answered_by(Phone& phone)
    {
        alice.sends(INVITE, "600");
        only_rings(phone);
        phone.replies(200, talking_sdp);
        alice.receives(200U);
        phone.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        phone.receives(BYE);
        CHECK(pbx.has_no_calls());
    }

    void nothing_is_left()
    {
        eve.inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }

    RingGroup team;
    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dan = pbx.phone("104");
    Phone& eve = pbx.phone("105");
};

}  // namespace lampline::test::ring_groups
