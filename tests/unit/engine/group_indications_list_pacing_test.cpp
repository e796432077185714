// A whole group in one subscription of a phone that wants a pause between NOTIFYs.
#include "unit/engine/list_office.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a list fetched at the pace of the phone ends once, also when its time is up in that step")
{
    Office office{house(2, {}, {{.name = "slow", .gap = std::chrono::seconds{2}}}, "slow")};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    auto fetch = list_request(office);
    fetch.call_id = "fetch";
    fetch.expires = seconds{0};
    CHECK(office.receives(fetch).status == 200);
    office.now.mono += seconds{32};
    const auto turn = office.pacing.take_due(office.now.mono).value();
    office.indications.turn_came(turn, office.now, office.outbox);
    office.indications.advance(office.now, office.outbox);
    office.collect();
    CHECK(office.notified().subscription_state == "terminated;reason=timeout");
    CHECK(office.silent());
}
