#include "admin/group_service.hpp"

#include <doctest/doctest.h>

#include "db/audit_store.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::admin;
using lampline::testing::at;
using lampline::testing::Office;

namespace {

const Actor anna{"anna", "", ""};

struct Desk {
    Office office;
    GroupService groups{office.database};

    Desk() { office.add_extensions({"201", "207", "211"}); }

    Result<GroupSaved, Refusal> put(const Group& group, const Precondition& condition = {})
    {
        return groups.put(group, condition, anna, at(100));
    }
};

}  // namespace

TEST_CASE("a group is created, replaced and removed, and the exchange is told each time")
{
    Desk desk;
    const auto created = desk.put({"sales", "Sales", {"207", "211"}, {{"201", true, {}}}}).value();
    CHECK(created.created);
    CHECK(created.change.directory->right("201", "207") != nullptr);
    const auto replaced = desk.put({"sales", "Sales", {"211"}, {{"201", true, {}}}}).value();
    CHECK_FALSE(replaced.created);
    CHECK(replaced.row.stamp.version > created.row.stamp.version);
    CHECK(replaced.change.directory->right("201", "207") == nullptr);
    const auto removed = desk.groups.remove("sales", {}, anna, at(1));
    REQUIRE(removed);
    CHECK(removed->directory->find_group("sales") == nullptr);
    CHECK(desk.groups.remove("sales", {}, anna, at(1)).error().kind == RefusalKind::unknown);
    CHECK(db::AuditStore{desk.office.database}.latest(9).size() == 3);
}

TEST_CASE("every member and watcher that cannot be accepted is named")
{
    Desk desk;
    const auto outcome = desk.put({"sales",
                                   "",
                                   {"207", "999", "207"},
                                   {{"201", true, {}}, {"998", true, {}}, {"201", false, {}}}});
    REQUIRE_FALSE(outcome);
    const auto& faults = outcome.error().faults;
    REQUIRE(faults.size() == 4);
    CHECK(faults[0].pointer == "/members/1");
    CHECK(faults[0].code == "unknown_extension");
    CHECK(faults[1].pointer == "/members/2");
    CHECK(faults[1].code == "duplicate");
    CHECK(faults[2].pointer == "/watchers/1/number");
    CHECK(faults[3].pointer == "/watchers/2/number");
    CHECK_FALSE(desk.groups.find("sales"));
}

TEST_CASE("a group's name and size have limits")
{
    Desk desk;
    const auto pointer = [&](const Group& group) {
        const auto outcome = desk.put(group);
        REQUIRE_FALSE(outcome);
        return outcome.error().faults.at(0).pointer;
    };
    CHECK(pointer({"Sales", "", {}, {}}) == "/name");
    CHECK(pointer({"", "", {}, {}}) == "/name");
    CHECK(pointer({std::string(33, 'a'), "", {}, {}}) == "/name");
    CHECK(pointer({"sales", std::string(129, 'a'), {}, {}}) == "/display_name");
    CHECK(pointer({"sales", "", std::vector<std::string>(501, "207"), {}}) == "/members");
    CHECK(pointer({"sales", "", {}, std::vector<GroupWatcher>(501)}) == "/watchers");
}

TEST_CASE("a stale version changes nothing")
{
    Desk desk;
    const auto version = desk.put({"sales", "", {}, {}}).value().row.stamp.version;
    const auto outcome = desk.put({"sales", "new", {}, {}}, {.only_versions = {{version + 1}}});
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().version == version);
    CHECK_FALSE(desk.groups.remove("sales", {.only_versions = {{version + 1}}}, anna, at(1)));
    CHECK(desk.groups.find("sales")->group.display_name.empty());
}
