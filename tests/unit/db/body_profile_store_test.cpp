#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include "db/body_profile_store.hpp"
#include "db/directory_loader.hpp"
#include "db/group_store.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::db;
using namespace lampline::testing;

namespace {

/// Nothing in it is the default.
BodyProfile full_profile()
{
    return {.name = "acme",
            .user_agents = {"Acme", "(Acme"},
            .as_initiator = {"", "confirmed", "early", "proceeding"},
            .as_recipient = {"proceeding", "", "confirmed", "trying"},
            .shown = ShownDialogs::newest_first,
            .dialog_id = "7",
            .ended = false,
            .clearing = Clearing::before_ringing,
            .idle_dialog_id = "",
            .entity = false,
            .tags = false,
            .end_event = false,
            .display_names = false,
            .local_targets = false,
            .remote_targets = false,
            .pickup_target = PickupTarget::both,
            .rendering = false,
            .direction = Direction::recipient,
            .unregistered = "trying",
            .do_not_disturb = "confirmed",
            .forwarded = "early",
            .switched_on = "",
            .parked = "early",
            .merged_lists = true,
            .partial = true,
            .gap = std::chrono::milliseconds{250},
            .max_body = 900,
            .identity = IdentityHeader::remote_party_id,
            .state_first = true,
            .direction_first = true,
            .final_newline = false};
}

}  // namespace

TEST_CASE("a body profile comes back as it was put, and keeps its created_at when replaced")
{
    Office office;
    office.write([](Database& database) {
        BodyProfileStore{database}.put(
            {{.name = "acme", .user_agents = {"Old"}}, {1, at(1), at(1)}});
        BodyProfileStore{database}.put({full_profile(), {2, at(2), at(2)}});
        BodyProfileStore{database}.put({{.name = "other"}, {3, at(3), at(3)}});
    });
    const BodyProfileStore store{office.database};
    const auto row = store.find("acme");
    REQUIRE(row);
    CHECK(row->profile == full_profile());
    CHECK(row->stamp.version == 2);
    CHECK(row->stamp.created_at == at(1));
    CHECK(row->stamp.updated_at == at(2));
    REQUIRE(store.all().size() == 2);
    CHECK(store.all().front().profile == full_profile());
    CHECK(store.all().back().profile == BodyProfile{.name = "other"});
    CHECK(store.owner_of("ACME") == "acme");
    CHECK_FALSE(store.owner_of("Old"));
}

TEST_CASE("two rows cannot name one phone; a row takes its phones with it")
{
    Office office;
    office.write([](Database& database) {
        BodyProfileStore{database}.put({{.name = "a", .user_agents = {"Acme"}}, {}});
    });
    CHECK_THROWS_AS(office.write([](Database& database) {
        BodyProfileStore{database}.put({{.name = "b", .user_agents = {"acme"}}, {}});
    }),
                    SQLite::Exception);
    office.write([](Database& database) { CHECK(BodyProfileStore{database}.remove("a")); });
    CHECK_FALSE(BodyProfileStore{office.database}.owner_of("Acme"));
    office.write([](Database& database) { CHECK_FALSE(BodyProfileStore{database}.remove("a")); });
}

TEST_CASE("the directory has the rows, and watchers that have chosen one are named")
{
    Office office;
    office.add_extensions({"201", "202", "207"});
    office.write([](Database& database) {
        BodyProfileStore{database}.put({full_profile(), {}});
        GroupStore{database}.put(
            {{"sales", "", {"207"}, {{"202", true, "acme"}, {"201", true, "acme"}}}, {}});
    });
    const auto directory = load_directory(office.database);
    REQUIRE(directory->profiles().size() == 1);
    auto expected = full_profile();
    expected.pickup_code = "**";  // of the office
    CHECK(*directory->profiles()[0] == expected);
    CHECK(directory->right("201", "207")->profile == directory->profiles()[0]);
    CHECK(GroupStore{office.database}.told_in("acme") ==
          std::vector<GroupReference>{{"sales", "watcher", "202"}, {"sales", "watcher", "201"}});
    CHECK(GroupStore{office.database}.told_in("auto").empty());
}
