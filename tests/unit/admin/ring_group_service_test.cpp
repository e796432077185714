#include "admin/ring_group_service.hpp"

#include <doctest/doctest.h>

#include "db/audit_store.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::admin;
using lampline::testing::at;
using lampline::testing::Office;

namespace {

/// 600 is 201 and 202, 601 is 202 alone.
struct Desk {
    Desk()
    {
        office.add_extensions({"201", "202", "203"});
        for (const auto& [number, members] :
             {std::pair{"600", std::vector<RingGroupMember>{{"201"}, {"202"}}},
              {"601", std::vector<RingGroupMember>{{"202"}}}}) {
            RingGroup group;
            group.number = number;
            group.members = members;
            service.put(group, {}, {"anna", "", ""}, at(100)).value();
        }
    }

    Result<ConfigChange, Refusal> dials(const std::string& extension, const DialledFeature& dialled)
    {
        return service.change({LegId{1}, extension, "192.0.2.5", dialled}, at(300));
    }
    /// Who is logged in, by groups.
    std::string logged_in()
    {
        std::string text;
        for (const auto& row : service.all()) {
            text += row.group.number + ':';
            for (const auto& member : row.group.members)
                if (member.logged_in) text += ' ' + member.number;
            text += "; ";
        }
        return text;
    }
    std::size_t changes() { return db::AuditStore{office.database}.latest(99).size(); }

    Office office;
    RingGroupService service{office.database};
};

}  // namespace

TEST_CASE("a phone logs out of one ring group, audited as its extension")
{
    Desk desk;
    CHECK(desk.logged_in() == "600: 201 202; 601: 202; ");
    const auto change = desk.dials("202", {Feature::log_out, "600"}).value();
    CHECK_FALSE(change.directory->find_ring_group("600")->member("202")->logged_in);
    CHECK(desk.logged_in() == "600: 201; 601: 202; ");
    const auto row = db::AuditStore{desk.office.database}.latest(1).at(0);
    CHECK(row.actor == "extension 202");
    CHECK(row.address == "192.0.2.5");
    CHECK(row.operation == "ring_group.put");
    CHECK(row.after->find(R"("number":"202","delay":0,"logged_in":false)") != std::string::npos);
    const auto before = desk.changes();
    CHECK_FALSE(desk.dials("202", {Feature::log_out, "600"}).value().directory);  // it was already
    CHECK(desk.changes() == before);
}

TEST_CASE("without a group it is about all of them, in one change")
{
    Desk desk;
    CHECK(desk.dials("202", {Feature::log_out}).value().directory);
    CHECK(desk.logged_in() == "600: 201; 601:; ");
    desk.dials("202", {Feature::log_in, "601"}).value();
    CHECK(desk.logged_in() == "600: 201; 601: 202; ");
    desk.dials("202", {Feature::log_in}).value();
    CHECK(desk.logged_in() == "600: 201 202; 601: 202; ");
}

TEST_CASE("who is no member cannot log in")
{
    Desk desk;
    const auto message = [](const auto& outcome) {
        REQUIRE_FALSE(outcome);
        return outcome.error().faults.at(0).message;
    };
    CHECK(message(desk.dials("203", {Feature::log_in})) == "In No Ring Group");
    CHECK(message(desk.dials("201", {Feature::log_in, "601"})) == "Not A Member Of It");
    CHECK(message(desk.dials("201", {Feature::log_in, "699"})) == "Not A Member Of It");
    CHECK(desk.logged_in() == "600: 201 202; 601: 202; ");
}
