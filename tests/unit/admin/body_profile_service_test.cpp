#include "admin/body_profile_service.hpp"

#include <doctest/doctest.h>

#include "admin/group_service.hpp"
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
    BodyProfileService profiles{office.database};

    Desk() { office.add_extensions({"201", "207"}); }

    Result<BodyProfileSaved, Refusal> put(const BodyProfile& profile)
    {
        return profiles.put(profile, {}, anna, at(100));
    }
    /// "pointer code" of the first fault.
    std::string fault(const BodyProfile& profile)
    {
        const auto outcome = put(profile);
        REQUIRE_FALSE(outcome);
        const auto& first = outcome.error().faults.at(0);
        return first.pointer + " " + first.code;
    }
};

}  // namespace

TEST_CASE("a row is created, replaced and removed, and the exchange is told each time")
{
    Desk desk;
    const auto created = desk.put({.name = "acme", .user_agents = {"Acme"}}).value();
    CHECK(created.created);
    CHECK(created.change.directory->profiles().size() == 1);
    const auto replaced =
        desk.put({.name = "acme", .user_agents = {"ACME"}, .ended = false}).value();
    CHECK_FALSE(replaced.created);
    CHECK_FALSE(replaced.change.directory->profiles()[0]->ended);
    CHECK(desk.profiles.find("acme")->stamp->version == replaced.row.stamp.version);
    const auto removed = desk.profiles.remove("acme", {}, anna, at(1));
    REQUIRE(removed);
    CHECK(removed->directory->profiles().empty());
    CHECK(desk.profiles.remove("acme", {}, anna, at(1)).error().kind == RefusalKind::unknown);
    CHECK(db::AuditStore{desk.office.database}.latest(9).size() == 3);
}

TEST_CASE("what is built in can be read, and neither changed nor removed")
{
    Desk desk;
    CHECK(desk.profiles.all().size() == built_in_profiles().size());
    CHECK_FALSE(desk.profiles.find("snom")->stamp);
    CHECK(desk.fault({.name = "snom"}) == "/name built_in");
    CHECK(desk.profiles.remove("snom", {}, anna, at(1)).error().kind == RefusalKind::invalid);
}

TEST_CASE("every fault of a row is named at its place")
{
    Desk desk;
    CHECK(desk.fault({.name = "auto"}) == "/name reserved");
    CHECK(desk.fault({.name = "A"}) == "/name malformed");
    CHECK(desk.fault({.name = "a", .user_agents = {"x", ""}}) == "/user_agents/1 malformed");
    CHECK(desk.fault({.name = "a", .user_agents = {"x\n"}}) == "/user_agents/0 malformed");
    CHECK(desk.fault({.name = "a", .user_agents = {"x", "X"}}) == "/user_agents/1 duplicate");
    CHECK(desk.fault({.name = "a", .user_agents = std::vector<std::string>(51, "x")}) ==
          "/user_agents too_many");
    CHECK(desk.fault({.name = "a", .dialog_id = "1"}) == "/dialog_id needs_one_dialog");
    CHECK(desk.fault({.name = "a", .idle_dialog_id = std::string(33, 'i')}) ==
          "/idle_dialog_id malformed");
    CHECK(desk.fault({.name = "a", .shown = ShownDialogs::newest_first, .partial = true}) ==
          "/partial needs_all_dialogs");
    CHECK(desk.fault({.name = "a", .ended = false, .partial = true}) == "/partial needs_ended");
    REQUIRE(desk.put({.name = "b", .user_agents = {"Acme"}}));
    CHECK(desk.fault({.name = "a", .user_agents = {"acme"}}) == "/user_agents/0 taken");
}

TEST_CASE("a row that a watcher has chosen stays, and the refusal says who")
{
    Desk desk;
    REQUIRE(desk.put({.name = "acme"}));
    GroupService groups{desk.office.database};
    REQUIRE(groups.put({"sales", "", {"207"}, {{"201", true, "acme"}}}, {}, anna, at(1)));
    const auto refused = desk.profiles.remove("acme", {}, anna, at(2));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == RefusalKind::in_use);
    CHECK(refused.error().references ==
          std::vector<db::GroupReference>{{"sales", "watcher", "201"}});
    REQUIRE(groups.put({"sales", "", {"207"}, {{"201", true, "snom"}}}, {}, anna, at(3)));
    CHECK(desk.profiles.remove("acme", {}, anna, at(4)));
}

TEST_CASE("a watcher chooses among the rows there are")
{
    Desk desk;
    GroupService groups{desk.office.database};
    const auto refused =
        groups.put({"sales", "", {"207"}, {{"201", true, "acme"}}}, {}, anna, at(1));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().faults.at(0).pointer == "/watchers/0/profile");
    CHECK(refused.error().faults.at(0).code == "unknown_profile");
}
