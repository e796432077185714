// Numbers behind which several extensions ring.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

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

TEST_CASE("who cannot or does not want to ring is left out")
{
    Team team{RingStrategy::all};
    Forwarding wishes;
    SUBCASE("do not disturb")
    {
        wishes.do_not_disturb = true;
    }
    SUBCASE("forwarded always")
    {
        wishes.always = "105";
    }
    SUBCASE("not registered")
    {
        team.bob.unregisters();
    }
    team.pbx.forwards("102", wishes);
    team.alice.sends(INVITE, "600");
    team.carol.receives(INVITE);
    team.dan.receives(INVITE);
    CHECK(team.bob.hears_nothing());
    team.alice.cancels();
    team.carol.receives(CANCEL);
    team.dan.receives(CANCEL);
    team.nothing_is_left();
}

TEST_CASE("a member that calls its own group is not rung by itself")
{
    Team team{RingStrategy::all};
    team.bob.sends(INVITE, "600");
    team.carol.receives(INVITE).from("102");
    team.dan.receives(INVITE);
    CHECK(team.bob.hears_nothing());
    team.bob.cancels();
    team.carol.receives(CANCEL);
    team.dan.receives(CANCEL);
    team.nothing_is_left();
}

TEST_CASE("busy members are skipped, or rung as far as they take another call")
{
    Team team{RingStrategy::linear};
    bool skip = true;
    SUBCASE("skipped") {}
    SUBCASE("rung")
    {
        skip = false;
    }
    team.team.skip_busy = skip;
    team.applies();
    team.bob.sends(INVITE, "105");
    team.eve.receives(INVITE);
    team.alice.sends(INVITE, "600");
    (skip ? team.carol : team.bob).receives(INVITE);
    team.pbx.ends_all_calls();
    for (auto* phone : {&team.alice, &team.bob, &team.carol, &team.eve}) phone->inbox.clear();
    team.nothing_is_left();
}

TEST_CASE("nobody takes it: the call goes on to the overflow")
{
    Team team{RingStrategy::linear};
    team.team.members = {{"102"}};
    team.team.overflow = "105";
    team.team.ring_time = 10s;
    team.applies();
    std::string reason = "no-answer";
    SUBCASE("nobody answers")
    {
        team.alice.sends(INVITE, "600");
        team.bob.receives(INVITE);
        team.pbx.passes(10s);
        team.bob.receives(CANCEL);
    }
    SUBCASE("all are busy")
    {
        team.alice.sends(INVITE, "600");
        team.bob.receives(INVITE);
        team.bob.replies(486);
        reason = "user-busy";
    }
    SUBCASE("all decline")
    {
        team.alice.sends(INVITE, "600");
        team.bob.receives(INVITE);
        team.bob.replies(603);
        reason = "unknown";
    }
    SUBCASE("nobody is there")
    {
        team.bob.unregisters();
        team.alice.sends(INVITE, "600");
        reason = "unavailable";
    }
    team.alice.receives(181U);
    team.eve.receives(INVITE).header("Diversion",
                                     "<sip:600@office.test>;reason=" + reason + ";counter=1");
    team.eve.replies(486);
    team.alice.receives(486U);
    team.nothing_is_left();
}

TEST_CASE("a ring group that overflows to itself by way of another is a loop")
{
    Team team{RingStrategy::linear};
    team.team.members = {};
    team.team.overflow = "102";
    team.applies();
    Forwarding wishes;
    wishes.always = "600";
    team.pbx.forwards("102", wishes);
    team.alice.sends(INVITE, "600");
    team.alice.receives(482U).header("Warning",
                                     "399 office.test \"Forwarding loop: 600 > 102 > 600\"");
    team.nothing_is_left();
}

TEST_CASE("an extension forwards to a ring group, and a transfer goes there")
{
    Team team{RingStrategy::linear};
    team.team.members = {{"103"}};
    team.applies();
    SUBCASE("forwarded")
    {
        Forwarding wishes;
        wishes.always = "600";
        team.pbx.forwards("104", wishes);
        team.alice.sends(INVITE, "104");
        team.alice.receives(181U);
        team.carol.receives(INVITE);
        team.alice.cancels();
        team.carol.receives(CANCEL);
    }
    SUBCASE("transferred")
    {
        team.alice.sends(INVITE, "102");
        team.bob.receives(INVITE);
        team.bob.replies(200, talking_sdp);
        team.alice.receives(200U);
        team.bob.receives(ACK);
        team.bob.sends(Method::refer, std::make_shared<const Payload>(Payload{
                                          {}, {}, {{"Refer-To", "<sip:600@office.test>"}}}));
        team.bob.receives(202U);
        team.bob.receives(NOTIFY);
        team.carol.receives(INVITE).from("101").without_body();
        team.carol.replies(200, talking_sdp);
        team.alice.receives(INVITE);
        team.alice.replies(200, talking_sdp);
        team.alice.receives(ACK);
        team.carol.receives(ACK);
        team.pbx.ends_all_calls();
        for (auto* phone : {&team.alice, &team.bob, &team.carol}) phone->inbox.clear();
        team.pbx.passes(40s);
    }
    team.nothing_is_left();
}

TEST_CASE(
    "a transfer to a group: who sends the call there is free for it, who is sent is not called")
{
    Team team{RingStrategy::linear};
    team.team.members = {{"101"}, {"102"}, {"103"}};
    std::chrono::seconds delay{};
    SUBCASE("one after the other") {}
    SUBCASE("all at once, and Bob later")
    {
        delay = 5s;
        team.team.strategy = RingStrategy::all;
        team.team.members[1].delay = delay;
    }
    SUBCASE("busy members are rung as well")
    {
        team.team.skip_busy = false;
    }
    team.applies();
    auto& mobile = team.pbx.phone("101");
    team.alice.sends(INVITE, "102");
    team.bob.receives(INVITE);
    team.bob.replies(200, talking_sdp);
    team.alice.receives(200U);
    team.bob.receives(ACK);
    team.bob.sends(Method::refer, std::make_shared<const Payload>(
                                      Payload{{}, {}, {{"Refer-To", "<sip:600@office.test>"}}}));
    team.bob.receives(202U);
    team.bob.replies_to(team.bob.receives(NOTIFY), 200);
    if (delay > 0s) {
        team.carol.receives(INVITE).from("101");
        team.pbx.passes(delay);
    }
    team.bob.receives(INVITE).from("101");
    CHECK(mobile.hears_nothing());
    CHECK(team.carol.hears_nothing());
    team.pbx.ends_all_calls();
    for (auto* phone : {&team.alice, &team.bob, &team.carol}) phone->inbox.clear();
    team.nothing_is_left();
}

TEST_CASE("what rings in a group is picked up like any other call")
{
    Team team{RingStrategy::linear};
    team.alice.sends(INVITE, "600");
    team.bob.receives(INVITE);
    team.eve.sends(INVITE, "**102");
    team.eve.receives(200U);
    team.bob.receives(CANCEL);
    team.alice.receives(200U);
    team.pbx.passes(60s);
    CHECK(team.carol.hears_nothing());  // the hunt is over
    team.alice.inbox.clear();           // probes
    team.eve.inbox.clear();
    team.pbx.ends_all_calls();
    team.alice.receives(BYE);
    team.eve.receives(BYE);
    team.pbx.passes(40s);
    team.nothing_is_left();
}

TEST_CASE("a member's phones are one: it answers on one, the other is cancelled")
{
    Team team{RingStrategy::linear};
    auto& mobile = team.pbx.phone("102");
    team.alice.sends(INVITE, "600");
    team.bob.receives(INVITE);
    mobile.receives(INVITE);
    mobile.replies(486);
    CHECK(team.carol.hears_nothing());  // the other one rings on
    team.bob.replies(200, talking_sdp);
    team.alice.receives(200U);
    team.bob.receives(ACK);
    team.alice.sends(BYE);
    team.alice.receives(200U);
    team.bob.receives(BYE);
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

TEST_CASE("who has become busy, or wants peace by now, does not ring when its turn comes")
{
    Team team{RingStrategy::linear};
    team.alice.sends(INVITE, "600");
    team.only_rings(team.bob);
    team.bob.replies(180);
    team.alice.receives(180U);
    Forwarding peace;
    peace.do_not_disturb = true;
    team.pbx.forwards("103", peace);
    team.pbx.passes(20s);
    team.bob.receives(CANCEL);
    team.only_rings(team.dan);
    team.dan.replies(200, talking_sdp);
    team.alice.receives(200U);
    team.dan.receives(ACK);
    team.alice.sends(BYE);
    team.alice.receives(200U);
    team.dan.receives(BYE);
    team.nothing_is_left();
}

TEST_CASE("a member with a delay that talks by then does not ring")
{
    Team team{RingStrategy::all};
    team.team.members = {{"102"}, {"103", 5s}, {"104", 10s}};
    team.applies();
    team.alice.sends(INVITE, "600");
    team.only_rings(team.bob);
    team.bob.replies(180);
    team.alice.receives(180U);
    team.eve.sends(INVITE, "103");
    team.carol.receives(INVITE).from("105");
    team.carol.replies(200, talking_sdp);
    team.eve.receives(200U);
    team.carol.receives(ACK);
    team.pbx.passes(10s);
    CHECK(team.carol.hears_nothing());
    team.dan.receives(INVITE);
    team.alice.cancels();
    team.bob.receives(CANCEL);
    team.dan.receives(CANCEL);
    team.carol.sends(BYE);
    team.carol.receives(200U);
    team.eve.receives(BYE);
    team.nothing_is_left();
}
