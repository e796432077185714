// What happens while a long list is told (RFC 4662).
#include "unit/engine/list_office.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("what happens while a long list is told does not wait for who is as dark as ever")
{
    Office office{house(40)};
    auto request = list_request(office);
    request.source.transport = Transport::udp;
    CHECK(office.receives(request).status == 200);
    office.acknowledged();
    const auto dark = office.notified();
    office.call(1, confirmed, "338");  // has not had its turn
    office.answers(dark, 200);
    const auto lit = office.notified();
    CHECK(states(lit, "338") == "confirmed");
    SUBCASE("nor does the end of it")
    {
        office.call(1, terminated, "338");
        office.answers(lit, 200);
        CHECK(states(office.acknowledged(), "338") == "terminated");
    }
    SUBCASE("nor who is to be seen no more")
    {
        office.configures(house(38));
        office.answers(lit, 200);
        CHECK(states(office.acknowledged(), "338") == "terminated");
    }
    SUBCASE("nor what was lost")
    {
        office.answers(lit, 408);
        office.passes(seconds{1});
        CHECK(states(office.acknowledged(), "338") == "confirmed");
    }
    std::size_t told = 0;
    while (!office.silent()) {
        const auto list = list_of(office.acknowledged());
        for (const auto& resource : list.resources)
            if (resource.document && resource.uri != uri("338")) ++told;
    }
    CHECK(told > 20);  // the others are told all the same
}
