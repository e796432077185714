// Who is logged in to a ring group: codes and keys that change it, lamps that show it, calls that
// heed it.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

/// 600 is Bob and Carol, 601 is Bob alone, and overflows to Dan; Alice calls.
struct Teams {
    Teams()
    {
        sales.number = "600";
        sales.members = {{"102"}, {"103"}};
        service.number = "601";
        service.members = {{"102"}};
        service.overflow = "104";
        applies();
    }

    void applies() { pbx.has_ring_groups({sales, service}); }

    /// Dials a code or key; the NOTIFYs that the change causes come before the 200.
    void presses(Phone& phone, std::string_view number)
    {
        phone.sends(INVITE, number);
        keys.clear();
        while (!phone.hears_nothing() && phone.inbox.front().method == NOTIFY)
            keys.push_back(phone.receives(NOTIFY).idle() ? "dark" : "lit");
        phone.receives(200U);
        pbx.passes(2s);
        phone.receives(BYE);
    }

    /// Alice calls `number`; of Bob, Carol and Dan these ring, in this order of numbers.
    std::string rung_by(std::string_view number)
    {
        std::string rung;
        alice.sends(INVITE, number);
        for (auto* phone : {&bob, &carol, &dan})
            if (!phone->hears_nothing()) {
                phone->receives(INVITE).from("101");
                rung += phone->number + ' ';
            }
        alice.cancels();
        alice.inbox.clear();
        for (auto* phone : {&bob, &carol, &dan}) phone->inbox.clear();
        return rung;
    }

    RingGroup sales, service;
    Scenario pbx{{group("all", {"104"}, {"102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dan = pbx.phone("104");
    std::vector<std::string> keys;  // what a press has shown on the phone's own keys
};

}  // namespace

TEST_CASE("who logs out is passed over, and rings again when logged in")
{
    Teams teams;
    CHECK(teams.rung_by("600") == "102 103 ");
    teams.presses(teams.bob, "*51*600");
    CHECK(teams.rung_by("600") == "103 ");
    CHECK(teams.rung_by("601") == "102 ");
    teams.presses(teams.bob, "*50*600");
    CHECK(teams.rung_by("600") == "102 103 ");
}

TEST_CASE("a code without a group is about all groups of the caller; with nobody left the call "
          "overflows, or is refused")
{
    Teams teams;
    teams.presses(teams.bob, "*51");
    CHECK(teams.rung_by("600") == "103 ");
    CHECK(teams.rung_by("601") == "104 ");
    teams.presses(teams.carol, "*51");
    teams.alice.sends(INVITE, "600");
    teams.alice.receives(480U).phrase("Nobody There");
    const auto steps = teams.pbx.decides("101", "600").steps;
    CHECK(std::ranges::count(steps, "103 is passed over: it is logged out") == 1);
    teams.presses(teams.bob, "*50");
    CHECK(teams.rung_by("600") == "102 ");
    CHECK(teams.rung_by("601") == "102 ");
}

TEST_CASE("who logs out while the group rings is not rung when it would be its turn")
{
    Teams teams;
    teams.sales.strategy = RingStrategy::linear;
    teams.sales.ring_time = 10s;
    teams.applies();
    teams.alice.sends(INVITE, "600");
    teams.bob.receives(INVITE);
    teams.presses(teams.carol, "*51*600");
    teams.pbx.passes(8s);
    teams.bob.receives(CANCEL);
    teams.alice.receives(480U);
    CHECK(teams.carol.hears_nothing());
}

TEST_CASE("what cannot be done is refused at once, with a phrase for the display")
{
    Teams teams;
    const auto refused = [&](std::string_view code, unsigned status, std::string_view phrase) {
        CAPTURE(code);
        teams.carol.sends(INVITE, code);
        teams.carol.receives(status).phrase(phrase);
    };
    refused("*51*", 484, "Number Missing");
    refused("*51*699", 404, "No Such Ring Group");
    refused("*51*601", 403, "Not A Member Of It");
    refused("login+601", 403, "Not A Member Of It");
    refused("login+699", 404, "No Such Extension");
    refused("login+600+102", 403, "Not Your Key");
    CHECK(teams.rung_by("600") == "102 103 ");
}

TEST_CASE("a key for a ring group is each watcher's own: it shows and switches his login alone")
{
    Teams teams;
    for (auto* phone : {&teams.bob, &teams.carol}) {
        const auto first = phone->watches("login+600");
        CHECK(first.dialog().state == "confirmed");
        CHECK(first.document().entity == "sip:login+600@office.test");
    }
    CHECK_FALSE(teams.dan.watches("login+600+102").idle());
    for (const bool on : {false, true}) {
        teams.presses(teams.bob, "login+600");
        CHECK(teams.keys == std::vector<std::string>{on ? "lit" : "dark"});
        const auto seen = teams.dan.receives(NOTIFY);
        CHECK(seen.idle() == !on);
        CHECK(seen.document().entity == "sip:login+600+102@office.test");
        CHECK(teams.carol.hears_nothing());
        CHECK(teams.rung_by("600") == (on ? "102 103 " : "103 "));
    }
    teams.presses(teams.bob, "*51");
    CHECK(teams.keys == std::vector<std::string>{"dark"});
    CHECK(teams.dan.receives(NOTIFY).idle());
    CHECK(teams.carol.hears_nothing());
}

TEST_CASE("a key for a ring group is lit in the word that the phone's profile has for it")
{
    Teams teams;
    teams.bob.user_agent = "innovaphone IP222/13r3";
    CHECK(teams.bob.watches("login+600").dialog().state == "proceeding");
}

TEST_CASE("the key of a colleague is for who may watch the colleague")
{
    Teams teams;
    teams.alice.asks({.event = "dialog", .to = "login+600+102"});
    teams.alice.receives(403U);
    teams.alice.asks({.event = "dialog", .to = "login+699"});
    teams.alice.receives(403U);
    CHECK(teams.alice.watches("login+600").idle());  // it is no member
}

TEST_CASE("a key turns dark when the membership ends, and is over with the group")
{
    Teams teams;
    teams.bob.watches("login+600");
    teams.sales.members = {{"103"}};
    teams.applies();
    CHECK(teams.bob.receives(NOTIFY).idle());
    teams.sales.members = {{"102"}, {"103"}};
    teams.applies();
    CHECK_FALSE(teams.bob.receives(NOTIFY).idle());
    teams.pbx.has_ring_groups({teams.service});
    CHECK(teams.bob.receives(NOTIFY).notify->subscription_state == "terminated;reason=noresource");
    CHECK(teams.pbx.view().lamps.empty());
}

TEST_CASE("a key for a ring group is the same after a restart, and does not blink")
{
    Teams teams;
    teams.bob.watches("login+600");
    teams.carol.watches("login+600");
    teams.presses(teams.bob, "login+600");
    teams.pbx.restarts();
    CHECK(teams.bob.receives(NOTIFY).idle());
    CHECK_FALSE(teams.carol.receives(NOTIFY).idle());
    for (auto* phone : {&teams.bob, &teams.carol}) CHECK(phone->hears_nothing());
    teams.presses(teams.bob, "login+600");
    CHECK(teams.keys == std::vector<std::string>{"lit"});
}
