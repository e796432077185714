// Numbers behind which several extensions ring: who is left out, and where a call to them goes on.
#include "ring_group_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::ring_groups;

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
