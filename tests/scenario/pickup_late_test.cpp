// Codes for a call that another phone was quicker to pick up.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0 8\r\n";

/// Carol and Dave may pick up what rings at Bob and Eve; George has their lamps, and may not.
struct Office {
    void alice_calls_bob()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
    }

    void carol_takes_it()
    {
        carol.sends(INVITE, "**102", carol_sdp);
        carol.receives(200U).with(alice_sdp);
        alice.receives(200U).with(carol_sdp);
        bob.receives(CANCEL);
    }

    static void is_late(Phone& phone, std::string_view code)
    {
        phone.sends(INVITE, code, carol_sdp);
        phone.receives(481U)
            .phrase("Somebody Else Was Quicker")
            .header("Warning", "399 office.test \"Another phone has this call, or is about to\"");
    }

    static void finds_nothing(Phone& phone, std::string_view code)
    {
        phone.sends(INVITE, code, carol_sdp);
        phone.receives(480U).phrase("Nothing Rings There").without_header("Warning");
    }

    void ends()
    {
        pbx.ends_all_calls();
        for (auto* phone : {&alice, &bob, &carol, &dave, &eve, &frank, &george})
            phone->inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    void has_team()
    {
        RingGroup team;
        team.number = "600";
        team.members = {{"102"}, {"105"}};
        pbx.has_ring_groups({team});
    }

    static Group lamps()
    {
        auto seen = group("lamps", {"107"}, {"102", "105"});
        seen.rights.pickup = false;
        return seen;
    }

    Scenario pbx{{group("sales", {"103", "104"}, {"102", "105"}), lamps()}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
    Phone& eve = pbx.phone("105");
    Phone& frank = pbx.phone("106");
    Phone& george = pbx.phone("107");
};

}  // namespace

TEST_CASE("two codes at once: one has the call, and the other is told that it was late")
{
    Office office;
    office.alice_calls_bob();
    office.carol_takes_it();
    for (const auto* code : {"**102", "*8102", "*8", "**", "blfpickup-102", "**102%23"})
        Office::is_late(office.dave, code);
    office.pbx.passes(1s);  // it was asked for its password first
    Office::is_late(office.dave, "**102");
    SUBCASE("they talk") {}
    SUBCASE("the call is over by then")
    {
        office.carol.sends(BYE);
        office.carol.receives(200U);
        office.alice.receives(BYE);
        Office::is_late(office.dave, "**102");
    }
    office.pbx.passes(3999ms);
    Office::is_late(office.dave, "*8");
    office.pbx.passes(1ms);
    for (const auto* code : {"**102", "*8", "**"}) Office::finds_nothing(office.dave, code);
    office.ends();
}

TEST_CASE("of two who dial *8 for one call the second is told that it was late")
{
    Office office;
    SUBCASE("by the rights of watchers") {}
    SUBCASE("by those of members")
    {
        auto sales = group("sales", {}, {"102", "103", "104"});
        sales.members_pick_up = true;
        office.pbx.replaces_directory({sales});
    }
    office.alice_calls_bob();
    office.carol.sends(INVITE, "*8", carol_sdp);
    office.carol.receives(200U);
    office.alice.receives(200U).with(carol_sdp);
    office.bob.receives(CANCEL);
    Office::is_late(office.dave, "*8");
    office.ends();
}

TEST_CASE("who may not pick up hears of a call that was picked up what it hears of none")
{
    Office office;
    const auto what_they_hear = [&] {
        for (auto* phone : {&office.frank, &office.george}) {
            phone->sends(INVITE, "**102", carol_sdp);
            phone->receives(403U).phrase("Not Yours To Take");
            for (const auto* code : {"*8", "**"}) Office::finds_nothing(*phone, code);
        }
    };
    what_they_hear();
    office.alice_calls_bob();
    office.carol_takes_it();
    what_they_hear();
    office.pbx.replaces_directory({group("sales", {"103"}, {"102"})});  // nor may Dave any more
    Office::finds_nothing(office.dave, "*8");
    office.ends();
}

TEST_CASE("the phone that has taken the call is late for nothing, another one of its extension is")
{
    Office office;
    auto& lab = office.pbx.phone("103");
    office.alice_calls_bob();
    office.carol_takes_it();
    Office::is_late(lab, "**102");
    Office::finds_nothing(office.carol, "**102");
    office.ends();
}

TEST_CASE("what rings there meanwhile is picked up as ever")
{
    Office office;
    office.alice_calls_bob();
    office.carol_takes_it();
    office.frank.sends(INVITE, "102");
    office.bob.receives(INVITE);
    SUBCASE("by the number")
    {
        office.dave.sends(INVITE, "**102", carol_sdp);
    }
    SUBCASE("by the group")
    {
        office.dave.sends(INVITE, "*8", carol_sdp);
    }
    SUBCASE("by the code alone")
    {
        office.dave.sends(INVITE, "**", carol_sdp);
    }
    office.dave.receives(200U);
    office.frank.receives(200U).with(carol_sdp);
    office.bob.receives(CANCEL);
    Office::is_late(office.carol, "**102");  // for that one
    office.ends();
}

TEST_CASE("who is late for a call that was answered where it rang finds nothing there")
{
    Office office;
    office.alice_calls_bob();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    for (const auto* code : {"**102", "*8", "**"}) Office::finds_nothing(office.dave, code);
    office.ends();
}

TEST_CASE("once a later call was answered where the one that was taken rang, nobody is late there")
{
    Office office;
    office.alice_calls_bob();
    office.carol_takes_it();
    office.frank.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.bob.replies(200, talking_sdp);
    office.frank.receives(200U);
    office.bob.receives(ACK);
    Office::finds_nothing(office.dave, "**102");
    office.ends();
}

TEST_CASE("who asks for a call of a ring group is not late for a call to its member")
{
    Office office;
    office.has_team();
    office.alice_calls_bob();
    office.carol_takes_it();
    Office::finds_nothing(office.dave, "**600");
    Office::is_late(office.dave, "**102");
    office.ends();
}

TEST_CASE("who asks for a call of a ring group is late for one that was taken, however that was done")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank, george] = office;
    office.has_team();
    alice.sends(INVITE, "600", alice_sdp);
    bob.receives(INVITE);
    eve.receives(INVITE);
    SUBCASE("by the number of a member")
    {
        carol.sends(INVITE, "**102", carol_sdp);
        carol.receives(200U);
    }
    SUBCASE("by that of the group")
    {
        carol.sends(INVITE, "**600", carol_sdp);
        carol.receives(200U);
    }
    SUBCASE("by a third party")
    {
        CHECK(pbx.orders({.action = CallAction::pick_up, .by = "103"}).outcome ==
              OrderOutcome::begun);
        carol.receives(INVITE);
        carol.replies(200, carol_sdp);
        carol.receives(ACK);
    }
    alice.receives(200U);
    bob.receives(CANCEL);
    eve.receives(CANCEL);
    Office::is_late(dave, "**600");
    office.ends();
}

TEST_CASE("a code is late wherever the call has rung that was taken, and however that was done")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank, george] = office;
    SUBCASE("at another phone of its fork")
    {
        office.has_team();
        alice.sends(INVITE, "600", alice_sdp);
        bob.receives(INVITE);
        eve.receives(INVITE);
        office.carol_takes_it();
        eve.receives(CANCEL);
        Office::is_late(dave, "**105");
    }
    SUBCASE("by the key")
    {
        office.alice_calls_bob();
        carol.sends_replacing({.call_id = pbx.view().calls.at(0).legs.at(1).call_id}, "101",
                              carol_sdp);
        carol.receives(200U);
        alice.receives(200U);
        bob.receives(CANCEL);
        Office::is_late(dave, "**102");
    }
    SUBCASE("by a picker that is told the caller's offer")
    {
        office.alice_calls_bob();
        carol.acknowledges = false;
        carol.sends(INVITE, "**102", {});
        const auto offered = carol.receives(200U);
        Office::is_late(dave, "**102");
        carol.acknowledge(offered, carol_sdp);
        alice.receives(200U);
        bob.receives(CANCEL);
        Office::is_late(dave, "**102");
    }
    SUBCASE("by a third party")
    {
        office.alice_calls_bob();
        CHECK(pbx.orders({.action = CallAction::pick_up, .by = "103"}).outcome ==
              OrderOutcome::begun);
        carol.receives(INVITE);
        carol.replies(200, carol_sdp);
        carol.receives(ACK);
        alice.receives(200U);
        bob.receives(CANCEL);
        Office::is_late(dave, "**102");
    }
    SUBCASE("while it was transferred")
    {
        office.alice_calls_bob();
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        pbx.orders({.action = CallAction::transfer, .to = "105", .by = "102"});
        eve.receives(INVITE);
        carol.sends(INVITE, "**105", carol_sdp);
        alice.receives(INVITE).with(carol_sdp);
        Office::is_late(dave, "**105");
        alice.replies(200, alice_sdp);
        carol.receives(200U).with(alice_sdp);
        alice.receives(ACK);
        eve.receives(CANCEL);
        bob.receives(BYE);
        Office::is_late(dave, "**105");
    }
    office.ends();
}
