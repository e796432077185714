// Which members of a ring group ring.
#include "unit/engine/router_office.hpp"

using namespace lampline;
using namespace lampline::routing;

TEST_CASE("a ring group rings its members, and says whom it passes over")
{
    Office office;
    RingGroup team{.number = "600", .display_name = "Sales", .strategy = RingStrategy::linear};
    team.members = {{"202"}, {"203"}, {"204"}, {"205"}, {"206"}};
    team.ring_time = 15s;
    team.overflow = "201";
    office.groups = {team};
    office.occupancy.began("202", CallRef{1});
    office.forwarding["203"].do_not_disturb = true;
    auto route = office.decide("204", "600");
    CHECK(route.kind == RouteKind::hunt);
    CHECK(route.hunt.waves == std::vector{HuntWave{{{"205"}}, 15s}});
    CHECK(route.hunt.if_refused == "201");
    CHECK(told(route) ==
          "204 dials 600. 600 is a ring group: Sales. 202 is passed over: it has a call "
          "already, which may only ring. "
          "203 is passed over: it does not want to be disturbed. "
          "204 is passed over: it calls itself. 206 is passed over: it has no registered phone. "
          "The phones of 205 ring. They ring for 15 s. "
          "When nobody has taken it, the call goes on to 201. ");
    office.groups[0].skip_busy = false;
    office.groups[0].strategy = RingStrategy::all;
    office.groups[0].members[0].delay = 10s;
    route = office.decide("201", "600");
    CHECK(route.hunt.waves == std::vector{HuntWave{{{"202", 10s}, {"204"}, {"205"}}, 15s}});
}

TEST_CASE("a member of a ring group whose delay is too long is no phone that rings")
{
    Office office;
    RingGroup team{.number = "600"};
    team.members = {{"202"}, {"203", 20s}, {"204", 30s}};
    team.ring_time = 20s;
    office.groups = {team};
    const auto route = office.decide("201", "600");
    CHECK(told(route) ==
          "201 dials 600. 600 is a ring group. The phones of 202 ring. "
          "203 is passed over: it would ring after 20 s, so it does only when all others have "
          "refused. 204 is passed over: it would ring after 30 s, so it does only when all others "
          "have refused. They ring for 20 s. ");
    const Directory directory{
        "office.test",
        {{"202", {}, {}, {}, {}}, {"203", {}, {}, {}, {}}, {"204", {}, {}, {}, {}}},
        {},
        Numbering{.ring_groups = office.groups}};
    const RouteQuestion question{"201", "600"};
    const RouterView view{directory,    office.locations, office.occupancy,
                          office.order, office.trunks,    office.outside};
    CHECK(explain(route, question, view).targets.size() == 1);

    SUBCASE("with nobody before it, it rings at once")
    {
        office.groups[0].members = {{"206"}, {"204", 15s}, {"203", 10s}};
        CHECK(told(office.decide("201", "600"))
                  .find("The phones of 204 ring after 15 s. The phones of 203 ring. ") !=
              std::string::npos);
    }
    SUBCASE("other strategies do not use it")
    {
        office.groups[0].strategy = RingStrategy::linear;
        CHECK(told(office.decide("201", "600"))
                  .find("The phones of 203 ring after 20 s. The "
                        "phones of 204 ring after 40 s. ") != std::string::npos);
    }
}

TEST_CASE("a ring group without anybody to ring goes on at once, or is refused")
{
    Office office;
    RingGroup team{.number = "600", .members = {{"206"}}, .overflow = "202"};
    office.groups = {team};
    rings(office.decide("201", "600"), "202");
    office.groups[0].overflow.clear();
    rejected(office.decide("201", "600"), 480, "Nobody There");
    office.groups[0].members = {{"206"}, {"203"}};
    office.occupancy.began("203", CallRef{1});
    rejected(office.decide("201", "600"), 486, "Busy Here");
}

TEST_CASE("a ring group passes over members that do not want this caller, and rings those that do")
{
    Office office;
    office.groups = {{.number = "600", .members = {{"202"}, {"203"}, {"204"}}}};
    office.forwarding["202"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::refuse)};
    office.forwarding["203"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::forward, "205")};
    office.forwarding["204"].do_not_disturb = true;
    office.forwarding["204"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::ring)};
    const auto route = office.decide("201", "600");
    rings(route, "600");
    REQUIRE(route.hunt.waves[0].members.size() == 1);
    CHECK(route.hunt.waves[0].members[0].extension == "204");
}
