// A whole group in one subscription: of a phone that wants a pause between NOTIFYs, and of one whose
// list has other names.
#include "unit/engine/list_office.hpp"
#include "unit/engine/named_sales.hpp"

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

TEST_CASE("RFC 4662 §5.2: another name of a member, or of the group, is told at once, with all names")
{
    Office office{sales_named("Ben", "Sales")};
    CHECK(office.receives(list_request(office)).status == 200);
    office.acknowledged();
    office.configures(sales_named("Benjamin", "Sales"));
    const auto list = list_of(office.acknowledged());
    CHECK(list.full);
    REQUIRE(list.resources.size() == 2);
    CHECK(list.resources[0].name == "Ann");
    CHECK(list.resources[1].name == "Benjamin");
    office.configures(sales_named("Benjamin", "Sellers"));
    CHECK(list_of(office.acknowledged()).name == "Sellers");
    office.configures(sales_named("Benjamin", "Sellers"));
    CHECK(office.silent());
}
