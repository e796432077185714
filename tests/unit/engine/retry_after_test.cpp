// How long a phone is left alone that refuses a NOTIFY for now, and says for how long.
#include "unit/engine/indication_office.hpp"

using namespace lampline;
using namespace lampline::test;
using enum LegState;

TEST_CASE("500 with Retry-After waits as long as it says")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    office.answers(office.notified(), 500, seconds{20});
    office.passes(seconds{19});
    CHECK(office.silent());
    office.passes(seconds{1});
    CHECK(states_of(office.notified()) == "early");
}

TEST_CASE("who asks for an hour by Retry-After is told the last state within five minutes")
{
    Office office;
    office.subscribed("201", "207");
    office.call(1, early);
    office.answers(office.notified(), 500, seconds{3600});
    office.passes(seconds{299});
    CHECK(office.silent());
    SUBCASE("when they are over, and again, as often as it asks")
    {
        office.call(1, confirmed);
        CHECK(office.silent());
        office.passes(seconds{1});
        const auto refused = office.notified();
        CHECK(states_of(refused) == "confirmed");
        office.answers(refused, 500, seconds{3600});
        office.call(1, terminated);
        office.passes(seconds{299});
        CHECK(office.silent());
        office.passes(seconds{1});
        CHECK(states_of(office.acknowledged()) == "terminated");
    }
    SUBCASE("at once when it registers anew, or refreshes that")
    {
        office.registers("201");
        CHECK(states_of(office.acknowledged()) == "early");
    }
    SUBCASE("at once when it subscribes to something else")
    {
        CHECK(office.receives(office.subscribe("201", "208")).status == 200);
        CHECK(states_of(office.acknowledged()) == "early");
        office.acknowledged();  // of 208
    }
    office.passes(seconds{3600 - 700});
    CHECK(office.silent());
}
