// Who comes into a list too long for a datagram, who leaves it, and who is back (RFC 4662 §5.2).
#include "unit/engine/long_list_office.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("who comes into a long list and who leaves it is told alone where not all can be named")
{
    Office office{house(40)};
    CHECK(office.receives(over_udp(office)).status == 200);
    ShownKeys keys;
    read_all(office, keys);
    office.call(1, confirmed, "340");
    office.configures(house(41));
    const auto come = list_of(office.acknowledged());
    CHECK(office.silent());
    CHECK_FALSE(come.full);
    CHECK(come.resources.size() == 1);
    CHECK(states(come.find(uri("340"))) == "confirmed");
    office.configures(house(39));
    for (const auto* number : {"339", "340"}) {
        const auto gone = list_of(office.acknowledged());
        CHECK_FALSE(gone.full);
        REQUIRE(gone.resources.size() == 1);
        CHECK(gone.resources[0].uri == uri(number));
        CHECK(gone.resources[0].state == "terminated");
        CHECK(states(&gone.resources[0]) == "terminated");
    }
    CHECK(office.silent());
    CHECK(office.view().lamps.size() == 39);
}

TEST_CASE("who is back before a long list has said that it left is told nothing by that")
{
    Office office{house(40)};
    CHECK(office.receives(over_udp(office)).status == 200);
    ShownKeys keys;
    read_all(office, keys);
    office.call(1, confirmed, "339");
    read_all(office, keys);
    for (const bool lit_meanwhile : {false, true}) {
        CAPTURE(lit_meanwhile);
        office.call(2, lit_meanwhile ? confirmed : early, "300");
        const auto under_way = office.notified();
        office.configures(house(39));
        if (lit_meanwhile) office.call(3, early, "339");
        office.configures(house(40));
        CHECK(office.silent());
        office.answers(under_way, 200);
        if (lit_meanwhile) CHECK(states(office.acknowledged(), "339") == "confirmed early");
        CHECK(office.silent());
    }
    CHECK(office.view().lamps.size() == 40);
}

TEST_CASE("who is back in a long list that waits to be told anew is told with all others")
{
    const std::vector<BodyProfile> slow{{.name = "slow", .gap = seconds{2}}};
    Office office{house(40, {}, slow, "slow")};
    ShownKeys keys;
    const auto read_in_turn = [&] {
        for (;;) {
            read_all(office, keys);
            office.now.mono += seconds{2};
            const auto turn = office.pacing.take_due(office.now.mono);
            if (!turn) return;
            office.indications.turn_came(*turn, office.now, office.outbox);
            office.collect();
        }
    };
    CHECK(office.receives(over_udp(office)).status == 200);
    read_in_turn();
    CHECK(keys.size() == 40);
    office.call(1, early, "300");
    const auto lost = office.notified();
    office.configures(house(39, {}, slow, "slow"));
    office.answers(lost, 408);
    office.passes(seconds{1});  // it begins anew, and has no turn yet
    CHECK(office.silent());
    office.configures(house(40, {}, slow, "slow"));
    read_in_turn();
    CHECK(keys.size() == 40);
    CHECK(keys.at("300") == "early");
}

TEST_CASE("a withdrawn right darkens also what was told before another right changed what is shown")
{
    Office office{house(12)};
    CHECK(office.receives(over_udp(office)).status == 200);
    ShownKeys keys;
    read_all(office, keys);
    for (std::uint64_t at = 0; at < 12; ++at) {
        office.call(at + 1, confirmed, std::to_string(300 + at));
        read_all(office, keys);
    }
    const auto under_way = [&] {
        office.call(13, early, "300");
        return office.notified();
    }();
    Group group{"sales", "Sales", {}, {{"201", true, {}}}};
    group.rights.parties = false;
    std::vector<Extension> extensions{{"201", {}, {}, {}}};
    for (std::size_t at = 0; at < 12; ++at) {
        group.members.push_back(std::to_string(300 + at));
        extensions.push_back({group.members.back(), {}, {}, {}});
    }
    office.configures(
        std::make_shared<const Directory>("office.test", extensions, std::vector<Group>{group}));
    office.configures(std::make_shared<const Directory>(
        "office.test", std::vector<Extension>{{"201", {}, {}, {}}}, std::vector<Group>{}));
    keys.read(under_way);
    office.answers(under_way, 200);
    read_all(office, keys);
    for (std::size_t at = 0; at < 12; ++at)
        CHECK(keys.at(std::to_string(300 + at)) == "terminated");
}

TEST_CASE("after a restart the first of a long list is full: the phone may know who has left since")
{
    Office before{house(40)};
    CHECK(before.receives(over_udp(before)).status == 200);
    ShownKeys keys;
    read_all(before, keys);
    Office after{house(39)};
    after.indications.restore(before.kept(), after.locations, after.now, after.outbox);
    after.collect();
    CHECK(list_of(after.notifies.front()).full);
    read_all(after, keys);
    CHECK(keys.size() == 39);
    CHECK(keys.at("339").empty());
}
