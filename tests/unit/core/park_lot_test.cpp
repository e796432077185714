#include <doctest/doctest.h>

#include "core/directory.hpp"

using namespace lampline;

TEST_CASE("slots are dialled by number or by name, as long as the first one")
{
    const ParkLot lot{.number = "700", .first_slot = "701", .slots = 3};
    CHECK(lot.slot_of("701") == "701");
    CHECK(lot.slot_of("703") == "703");
    CHECK(lot.slot_of("park+702") == "702");
    for (const auto* other : {"700", "704", "0701", "7O1", "", "park+", "park+704", "+701", "-01"})
        CHECK_FALSE(lot.slot_of(other));
    CHECK(lot.all_slots() == std::vector<std::string>{"701", "702", "703"});
    CHECK_FALSE(ParkLot{.first_slot = "701"}.slot_of("701"));
    CHECK(ParkLot{}.all_slots().empty());
}

TEST_CASE("leading zeros stay, and slots end where the digits do")
{
    const ParkLot lot{.number = "#7", .first_slot = "008", .slots = 3};
    CHECK(lot.all_slots() == std::vector<std::string>{"008", "009", "010"});
    CHECK(lot.slot_of("010") == "010");
    CHECK(ParkLot{.number = "70", .first_slot = "98", .slots = 5}.all_slots().size() == 2);
    CHECK(ParkLot{.number = "70", .first_slot = "1", .slots = 5'000'000}.all_slots().size() == 9);
}

TEST_CASE("who may park may watch the slots; nobody else learns that they are there")
{
    Group sales{.name = "sales", .display_name = {}, .members = {"101"}, .watchers = {}};
    const auto office = [&](std::vector<std::string> groups) {
        return Directory{
            "office.test",
            {{"101", {}, {}, {}}, {"102", {}, {}, {}}},
            {sales},
            {.feature_codes = {},
             .ring_groups = {},
             .park_lot = {
                 .number = "700", .first_slot = "701", .slots = 2, .groups = std::move(groups)}}};
    };
    const auto all = office({});
    CHECK(all.may_park("101"));
    CHECK(all.may_park("102"));
    CHECK_FALSE(all.may_park("999"));
    REQUIRE(all.right("102", "park+701"));
    CHECK(all.right("102", "park+701")->member == "park+701");
    CHECK_FALSE(all.right("102", "park+703"));
    CHECK(all.is_watchable("park+702"));
    CHECK_FALSE(all.is_watchable("702"));

    const auto some = office({"sales", "gone"});
    CHECK(some.may_park("101"));
    CHECK_FALSE(some.may_park("102"));
    CHECK(some.right("101", "park+702"));
    CHECK_FALSE(some.right("102", "park+702"));
    CHECK_FALSE(office({"gone"}).may_park("101"));
    CHECK(all.parks_like(office({})));
    CHECK_FALSE(all.parks_like(some));
}
