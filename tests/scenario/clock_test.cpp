// What is kept over a restart, when the clock has been set back meanwhile.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a clock that was set back makes no subscription and no registration last")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    carol.watches("102");
    carol.subscribes("presence", "102");
    pbx.restarts([](Kept& kept) {
        for (auto& subscription : kept.subscriptions) subscription.expires_at += 1'000'000'000s;
        for (auto& binding : kept.bindings) binding.expires_at += 1'000'000'000s;
    });
    for (int at = 0; at < 2; ++at)
        CHECK(carol.receives(NOTIFY).notify->subscription_state == "active;expires=7200");
    pbx.passes(7201s);
    int ended = 0;
    while (!carol.hears_nothing())
        ended += carol.receives(NOTIFY).notify->subscription_state == "terminated;reason=timeout";
    CHECK(ended == 2);
    CHECK(pbx.view().registrations.empty());
    CHECK(pbx.kept().subscriptions.empty());
    CHECK(bob.hears_nothing());
}
