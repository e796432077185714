// In which order the members of a ring group ring, by each strategy.
#include "ring_group_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::ring_groups;

namespace {

std::string lamps_of(Scenario& pbx)
{
    std::map<std::string, std::string> shown;
    for (const auto& lamp : pbx.view().lamps) shown[lamp.member] = lamp.state;
    std::string text;
    for (const auto& [member, state] : shown) text += member + ' ' + state + ' ';
    return text;
}

}  // namespace

TEST_CASE("all: every member rings, one answers, the others learn that the call is completed "
          "elsewhere (RFC 3326)")
{
    Team team{RingStrategy::all};
    for (const auto* number : {"102", "103", "104"}) team.eve.watches(number);
    team.alice.sends(INVITE, "600");
    for (auto* phone : {&team.bob, &team.carol, &team.dan}) {
        phone->receives(INVITE).from("101");
        phone->replies(180);
    }
    team.alice.receives(180U);
    CHECK(team.alice.hears_nothing());  // one call, one ringing
    CHECK(lamps_of(team.pbx) == "102 early 103 early 104 early ");
    team.carol.replies(200, talking_sdp);
    team.alice.receives(200U).header("P-Asserted-Identity", "\"Name 103\" <sip:103@office.test>");
    team.carol.receives(ACK);
    for (auto* phone : {&team.bob, &team.dan})
        phone->receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    CHECK(lamps_of(team.pbx) == "102 idle 103 confirmed 104 idle ");
    team.alice.sends(BYE);
    team.alice.receives(200U);
    team.carol.receives(BYE);
    CHECK(lamps_of(team.pbx) == "102 idle 103 idle 104 idle ");
    team.nothing_is_left();
}

TEST_CASE("all: a member with a delay rings later, and at once when nobody else is left")
{
    Team team{RingStrategy::all};
    team.team.members = {{"102"}, {"103", 10s}};
    team.applies();
    team.alice.sends(INVITE, "600");
    team.only_rings(team.bob);
    SUBCASE("later")
    {
        team.pbx.passes(9s);
        CHECK(team.carol.hears_nothing());
        team.pbx.passes(1s);
        team.carol.receives(INVITE);
        team.pbx.passes(10s);  // 20 s for all together
        team.bob.receives(CANCEL);
        team.carol.receives(CANCEL);
        team.alice.receives(480U).phrase("No Answer");
    }
    SUBCASE("at once")
    {
        team.bob.replies(486);
        team.carol.receives(INVITE);
        team.carol.replies(486);
        team.alice.receives(486U);
    }
    team.nothing_is_left();
}

TEST_CASE("all: members ring by their delays, in whatever order they are named")
{
    Team team{RingStrategy::all};
    team.team.members = {{"103", 10s}, {"102"}, {"104", 5s}};
    team.applies();
    team.alice.sends(INVITE, "600");
    team.only_rings(team.bob);
    SUBCASE("each in its time")
    {
        team.pbx.passes(5s);
        team.dan.receives(INVITE);
        CHECK(team.carol.hears_nothing());
        team.pbx.passes(5s);
        team.carol.receives(INVITE);
    }
    SUBCASE("the next at once when nobody rings any more")
    {
        team.bob.replies(486);
        team.dan.receives(INVITE);
        CHECK(team.carol.hears_nothing());
        team.dan.replies(486);
        team.carol.receives(INVITE);
    }
    team.alice.cancels();
    for (auto* phone : {&team.bob, &team.carol, &team.dan}) phone->inbox.clear();
    team.nothing_is_left();
}

TEST_CASE("linear: one after the other, each for its time; who is busy is passed over")
{
    Team team{RingStrategy::linear};
    team.team.ring_time = 10s;
    team.applies();
    for (const auto* number : {"102", "103", "104"}) team.eve.watches(number);
    team.alice.sends(INVITE, "600");
    team.only_rings(team.bob);
    team.bob.replies(180);
    team.alice.receives(180U);
    CHECK(lamps_of(team.pbx) == "102 early 103 idle 104 idle ");
    team.pbx.passes(10s);
    team.bob.receives(CANCEL);
    team.only_rings(team.carol);
    CHECK(lamps_of(team.pbx) == "102 idle 103 trying 104 idle ");
    team.carol.replies(486);
    team.only_rings(team.dan);
    team.dan.replies(180);
    team.pbx.passes(10s);
    team.dan.receives(CANCEL);
    team.alice.receives(480U).phrase("No Answer");
    team.nothing_is_left();
}

TEST_CASE("linear: who declines declines for itself, not for the team")
{
    Team team{RingStrategy::linear};
    team.alice.sends(INVITE, "600");
    team.only_rings(team.bob);
    team.bob.replies(603);
    team.only_rings(team.carol);
    team.carol.replies(200, talking_sdp);
    team.alice.receives(200U);
    team.carol.receives(ACK);
    team.alice.sends(BYE);
    team.alice.receives(200U);
    team.carol.receives(BYE);
    team.nothing_is_left();
}

TEST_CASE("round robin: each call begins one further on")
{
    Team team{RingStrategy::round_robin};
    team.is_answered_by(team.bob);
    team.is_answered_by(team.carol);
    team.is_answered_by(team.dan);
    team.is_answered_by(team.bob);
    team.team.members = {{"104"}, {"103"}};
    team.applies();
    team.is_answered_by(team.dan);
    team.is_answered_by(team.carol);
    team.nothing_is_left();
}

TEST_CASE("longest idle: whose last call ended longest ago, whoever made it")
{
    Team team{RingStrategy::longest_idle};
    team.is_answered_by(team.bob);
    team.is_answered_by(team.carol);
    team.is_answered_by(team.dan);
    team.bob.sends(INVITE, "105");  // its own call counts
    team.eve.receives(INVITE);
    team.eve.replies(200, talking_sdp);
    team.bob.receives(200U);
    team.eve.receives(ACK);
    team.bob.sends(BYE);
    team.bob.receives(200U);
    team.eve.receives(BYE);
    team.is_answered_by(team.carol);
    team.is_answered_by(team.dan);
    team.is_answered_by(team.bob);
    team.nothing_is_left();
}

TEST_CASE("longest idle: who is in a call is not idle, and comes after all others")
{
    Team team{RingStrategy::longest_idle};
    team.team.skip_busy = false;
    team.applies();
    team.is_answered_by(team.bob);
    team.is_answered_by(team.carol);
    team.is_answered_by(team.dan);
    team.bob.sends(INVITE, "105");  // whose last call has ended longest ago
    team.eve.receives(INVITE);
    team.eve.replies(200, talking_sdp);
    team.bob.receives(200U);
    team.eve.receives(ACK);
    std::vector<Phone*> callers;
    const auto one_more_rings = [&](std::string from, Phone& phone) {
        auto& caller = *callers.emplace_back(&team.pbx.phone(std::move(from)));
        caller.sends(INVITE, "600");
        phone.receives(INVITE).from(caller.number);
        for (auto* each : {&team.bob, &team.carol, &team.dan}) CHECK(each->hears_nothing());
    };
    one_more_rings("101", team.carol);
    one_more_rings("106", team.dan);
    one_more_rings("107", team.bob);    // all are in one call
    one_more_rings("108", team.carol);  // Bob is in two by now
    team.pbx.ends_all_calls();
    for (auto* phone : callers) phone->receives(503U);
    for (auto* phone : {&team.bob, &team.carol, &team.dan}) phone->inbox.clear();
    team.nothing_is_left();
}

TEST_CASE("random: in the order that the random source draws")
{
    ExchangeSettings settings;
    std::vector<std::uint32_t> asked;
    settings.calls.random = [&asked](std::uint32_t below) {
        asked.push_back(below);
        return std::uint32_t{0};
    };
    Team team{RingStrategy::random, settings};
    team.is_answered_by(team.carol);  // 102 103 104 -> 104 103 102 -> 103 104 102
    CHECK(asked == std::vector<std::uint32_t>{3, 2});
    team.nothing_is_left();
}

TEST_CASE("round robin goes on after a restart where it was, and only it is stored")
{
    Team team{RingStrategy::round_robin};
    team.is_answered_by(team.bob);
    team.is_answered_by(team.carol);
    team.pbx.restarts();
    team.is_answered_by(team.dan);
    const auto turns = [&] {
        return std::ranges::count_if(team.pbx.stored, [](const StorageChange& change) {
            return std::holds_alternative<TurnTaken>(change);
        });
    };
    CHECK(turns() == 3);
    team.team.strategy = RingStrategy::linear;
    team.applies();
    team.is_answered_by(team.bob);
    CHECK(turns() == 3);
    team.nothing_is_left();
}

TEST_CASE("longest idle goes on after a restart, by the calls that are recorded")
{
    Team team{RingStrategy::longest_idle};
    team.is_answered_by(team.bob);
    team.pbx.passes(1s);
    team.is_answered_by(team.carol);
    team.pbx.restarts();
    team.is_answered_by(team.dan);
    team.is_answered_by(team.bob);
    team.nothing_is_left();
}
