#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>

#include <algorithm>

#include "db/audit_store.hpp"
#include "db/binding_store.hpp"
#include "db/directory_loader.hpp"
#include "db/extension_store.hpp"
#include "db/group_store.hpp"
#include "db/publication_store.hpp"
#include "db/ring_group_store.hpp"
#include "db/subscription_store.hpp"
#include "db/token_store.hpp"
#include "unit/db/stored_values.hpp"

using namespace lampline;
using namespace lampline::db;
using namespace lampline::testing;

TEST_CASE("an extension comes back as it was put, and keeps its created_at when replaced")
{
    Office office;
    office.write([](Database& database) {
        ExtensionStore{database}.put({{"207", "Anna Lee", "m", "s"}, {1, at(100), at(100)}});
        ExtensionStore{database}.put({{"207", "Anna Ng", "m2", "s2"}, {2, at(200), at(200)}});
    });
    const auto row = ExtensionStore{office.database}.find("207");
    REQUIRE(row);
    CHECK(row->extension.display_name == "Anna Ng");
    CHECK(row->extension.ha1_md5 == "m2");
    CHECK(row->extension.ha1_sha256 == "s2");
    CHECK(row->stamp.version == 2);
    CHECK(row->stamp.created_at == at(100));
    CHECK(row->stamp.updated_at == at(200));
    CHECK_FALSE(ExtensionStore{office.database}.find("208"));
}

TEST_CASE("a time that no clock counts to is read as the last one that it does")
{
    Office office;
    office.add_extensions({"201"});
    office.database.handle().exec("UPDATE extension SET created_at = 9223372036854775807, "
                                  "updated_at = -9223372036854775808");
    const auto row = ExtensionStore{office.database}.find("201");
    REQUIRE(row);
    CHECK(row->stamp.created_at == std::chrono::sys_days{std::chrono::year{2262} / 1 / 1});
    CHECK(row->stamp.updated_at == std::chrono::sys_seconds{});
}

TEST_CASE("a group keeps the order of its members and watchers")
{
    Office office;
    office.add_extensions({"201", "207", "211"});
    const Group sales{
        "sales", "Sales", {"211", "207"}, {{"207", false, "innovaphone"}, {"201", true, {}}}};
    office.write([&](Database& database) {
        GroupStore{database}.put({sales, {1, at(1), at(1)}});
        GroupStore{database}.put({{"support", "", {}, {}}, {2, at(1), at(1)}});
    });
    for (const auto& row :
         {*GroupStore{office.database}.find("sales"), GroupStore{office.database}.all().front()}) {
        CHECK(row.group.display_name == "Sales");
        CHECK(row.group.members == sales.members);
        CHECK(row.group.watchers == sales.watchers);
    }
    CHECK(GroupStore{office.database}.all().size() == 2);
}

TEST_CASE("references name every group that an extension is in, and as what")
{
    Office office;
    office.add_extensions({"201", "207"});
    office.write([](Database& database) {
        GroupStore{database}.put({{"b", "", {"201"}, {{"201", true, {}}}}, {}});
        GroupStore{database}.put({{"a", "", {"207"}, {{"201", true, {}}}}, {}});
    });
    CHECK(GroupStore{office.database}.references("201") ==
          std::vector<GroupReference>{{"a", "watcher"}, {"b", "member"}, {"b", "watcher"}});
}

TEST_CASE("the schema keeps an extension that a group names, and a group its members")
{
    Office office;
    office.add_extensions({"207"});
    office.write([](Database& database) {
        GroupStore{database}.put({{"sales", "", {"207"}, {}}, {}});
    });
    CHECK_THROWS_AS(
        office.write([](Database& database) { ExtensionStore{database}.remove("207"); }),
        SQLite::Exception);
    CHECK_THROWS_AS(office.write([](Database& database) {
        GroupStore{database}.put({{"support", "", {"999"}, {}}, {}});
    }),
                    SQLite::Exception);
    CHECK_FALSE(GroupStore{office.database}.find("support"));
    office.write([](Database& database) { CHECK(GroupStore{database}.remove("sales")); });
    office.write([](Database& database) { CHECK(ExtensionStore{database}.remove("207")); });
}

TEST_CASE("members, watchers and watching groups of a group that is not there are passed over")
{
    Office office;
    office.add_extensions({"201", "207"});
    office.write([](Database& database) {
        GroupStore{database}.put({{"sales", "", {"207"}, {{"201", true, {}}}}, {}});
    });
    auto& handle = office.database.handle();
    handle.exec("PRAGMA foreign_keys = OFF");  // as a tool leaves it that edits the file
    handle.exec("INSERT INTO group_member (group_name, number, position) "
                "VALUES ('gone', '201', 0)");
    handle.exec("INSERT INTO group_watcher (group_name, number, position, unsolicited, "
                "profile) VALUES ('gone', '201', 0, 0, '')");
    handle.exec("INSERT INTO group_audience (group_name, watching, position, unsolicited, "
                "profile) VALUES ('gone', 'sales', 0, 0, '')");
    handle.exec("INSERT INTO ring_group_member (ring_group, number, position, delay) "
                "VALUES ('699', '201', 0, 0)");
    const auto groups = GroupStore{office.database}.all();
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].group.members == std::vector<std::string>{"207"});
    CHECK(groups[0].group.watchers.size() == 1);
    CHECK(groups[0].group.watching_groups.empty());
    CHECK(RingGroupStore{office.database}.all().empty());
}

TEST_CASE("a token is found by its digest and by its name, and remembers its use")
{
    Office office;
    office.write([](Database& database) {
        TokenStore{database}.add({"digest", "laptop", "admin", at(5), std::nullopt});
        TokenStore{database}.touch("digest", at(9));
    });
    const auto row = TokenStore{office.database}.find_by_digest("digest");
    REQUIRE(row);
    CHECK(row->name == "laptop");
    CHECK(row->role == "admin");
    CHECK(row->last_used_at == at(9));
    CHECK(TokenStore{office.database}.find_by_name("laptop").has_value());
    CHECK_THROWS_AS(office.write([](Database& database) {
        TokenStore{database}.add({"other", "laptop", "admin", at(5), std::nullopt});
    }),
                    SQLite::Exception);
    CHECK_THROWS_AS(office.write([](Database& database) {
        TokenStore{database}.add({"other", "desk", "emperor", at(5), std::nullopt});
    }),
                    SQLite::Exception);
}

TEST_CASE("audit ids rise for ever")
{
    Office office;
    std::uint64_t first = 0;
    office.write([&](Database& database) {
        first = AuditStore{database}.record(
            {0, at(1), "cli", "", "r1", "group.put", "sales", std::nullopt, R"({"name":"sales"})"});
        database.handle().exec("DELETE FROM audit");
        CHECK(AuditStore{database}.record({}) > first);
    });
    CHECK(AuditStore{office.database}.latest(5).size() == 1);
}

TEST_CASE("a binding comes back as it was put, without its connection")
{
    Office office;
    office.add_extensions({"207"});
    const auto binding = full_binding("207");
    BindingStore store{office.database};
    office.write([&](Database&) { store.put(binding); });
    const auto rows = BindingStore{office.database}.all();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].contact == binding.contact);
    CHECK(rows[0].flow == Flow{Transport::tcp, "2001:db8::7", 5062, ConnectionId{}, 3});
    CHECK(rows[0].path == binding.path);
    CHECK(rows[0].call_id == binding.call_id);
    CHECK(rows[0].cseq == binding.cseq);
    CHECK(rows[0].q_thousandths == binding.q_thousandths);
    CHECK(rows[0].user_agent == binding.user_agent);
    CHECK(rows[0].instance == binding.instance);
    CHECK(rows[0].expires_at == binding.expires_at);
    CHECK(rows[0].registered_at == binding.registered_at);
    CHECK(rows[0].generation == binding.generation);
    CHECK(rows[0].refusal == binding.refusal);
}

TEST_CASE("an equivalent contact is the same binding, also for a store that has just started")
{
    Office office;
    office.add_extensions({"207"});
    auto binding = full_binding("207");
    office.write([&](Database& database) { BindingStore{database}.put(binding); });
    binding.contact.host = "PHONE.test";
    binding.expires_at = at(9000);
    SUBCASE("put")
    {
        office.write([&](Database& database) { BindingStore{database}.put(binding); });
    }
    SUBCASE("refresh")
    {
        office.write([&](Database& database) { BindingStore{database}.refresh(binding); });
    }
    const auto rows = BindingStore{office.database}.all();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].expires_at == at(9000));
    office.write(
        [&](Database& database) { BindingStore{database}.remove("207", binding.contact); });
    CHECK(BindingStore{office.database}.all().empty());
}

TEST_CASE("bindings and subscriptions of extensions that are gone do not come back, but who has watched "
          "them is to be told")
{
    Office office;
    office.add_extensions({"201", "207"});
    BindingStore bindings{office.database};
    SubscriptionStore subscriptions{office.database};
    office.write([&](Database&) {
        bindings.put(full_binding("207"));
        bindings.put(full_binding("999"));
        subscriptions.put(full_subscription("201", "207"));
        subscriptions.put(full_subscription("201", "999"));
        subscriptions.put(full_subscription("999", "207"));
    });
    CHECK(bindings.all().size() == 1);
    CHECK(subscriptions.all().size() == 2);
    office.write([&](Database& database) {
        bindings.remove_orphans();
        subscriptions.remove_orphans();
        CHECK(database.handle().execAndGet("SELECT count(*) FROM binding_lease").getInt() == 1);
        CHECK(database.handle().execAndGet("SELECT count(*) FROM subscription").getInt() == 2);
    });
}

TEST_CASE("a subscription comes back as it was put, without its connection")
{
    Office office;
    office.add_extensions({"201", "207"});
    const auto subscription = full_subscription("201", "207");
    auto before = subscription;
    SUBCASE("once more") {}
    SUBCASE("over one that had its names, and nothing else of it")
    {
        before = {};
        before.call_id = subscription.call_id;
        before.local_tag = subscription.local_tag;
        before.list = "rlmi";
        before.forwarded = true;
        before.notifiers = {{.tag = "phone"}};
    }
    office.write([&](Database& database) {
        SubscriptionStore{database}.put(before);
        SubscriptionStore{database}.put(subscription);
    });
    const auto rows = SubscriptionStore{office.database}.all();
    REQUIRE(rows.size() == 1);
    const auto& row = rows[0];
    CHECK(row.watcher == "201");
    CHECK(row.member == "207");
    CHECK(row.list.empty());
    CHECK_FALSE(row.forwarded);
    CHECK(row.notifiers.empty());
    CHECK(row.call_id == subscription.call_id);
    CHECK(row.local_tag == subscription.local_tag);
    CHECK(row.remote_tag == subscription.remote_tag);
    CHECK(row.local_uri == subscription.local_uri);
    CHECK(row.remote_uri == subscription.remote_uri);
    CHECK(row.contact == subscription.contact);
    CHECK(row.route == subscription.route);
    CHECK(row.flow.host == "192.0.2.1");
    CHECK_FALSE(row.flow.connection);
    CHECK(row.event == subscription.event);
    CHECK(row.user_agent == subscription.user_agent);
    CHECK(row.registered_call == subscription.registered_call);
    CHECK(row.remote_cseq == 4'000'000'000);
    CHECK(row.reserved_cseq == subscription.reserved_cseq);
    CHECK(row.reserved_version == subscription.reserved_version);
    CHECK(row.expires_at == subscription.expires_at);
    office.write([&](Database& database) {
        SubscriptionStore{database}.remove(subscription.call_id, subscription.local_tag);
    });
    CHECK(SubscriptionStore{office.database}.all().empty());
}

TEST_CASE("subscriptions to groups and to keys of extensions come back, those to who is gone as well")
{
    Office office;
    office.add_extensions({"201", "207"});
    const std::vector<StoredNotifier> notifiers{{"desk", 4'000'000'000, 7, 12},
                                                {"mobile", 64, 0}};
    const std::vector<ContainedEntry> entries{
        {"207", "sip:207@192.0.2.9"}, {"sip:anna@elsewhere.test", "sip:anna@elsewhere.test"}};
    office.write([&](Database& database) {
        auto list = full_subscription("201", "sales");
        list.list = "rlmi";
        SubscriptionStore{database}.put(list);
        auto contained = full_subscription("201", "rls");
        contained.list = "rlmi";
        contained.entries = entries;
        SubscriptionStore{database}.put(contained);
        auto forwarded = full_subscription("201", "207");
        forwarded.forwarded = true;
        forwarded.notifiers = notifiers;
        SubscriptionStore{database}.put(forwarded);
        for (const auto* member : {"dnd+207", "fwd+207", "login+600", "park+701", "dnd+299", "sales+207"})
            SubscriptionStore{database}.put(full_subscription("201", member));
    });
    std::vector<std::string> found;
    for (const auto& row : SubscriptionStore{office.database}.all()) {
        found.push_back(row.member + row.list + (row.forwarded ? "forwarded" : ""));
        CHECK(row.notifiers == (row.forwarded ? notifiers : std::vector<StoredNotifier>{}));
        CHECK(row.entries == (row.member == "rls" ? entries : std::vector<ContainedEntry>{}));
    }
    office.write([&](Database& database) {  // as earlier releases wrote it
        database.handle().exec("UPDATE subscription SET notifiers = 'desk 64 7' WHERE forwarded");
    });
    for (const auto& row : SubscriptionStore{office.database}.all())
        if (row.forwarded) CHECK(row.notifiers == std::vector<StoredNotifier>{{"desk", 64, 7}});
    std::ranges::sort(found);
    CHECK(found == std::vector<std::string>{"207forwarded", "dnd+207", "dnd+299", "fwd+207",
                                            "login+600", "park+701", "rlsrlmi", "sales+207",
                                            "salesrlmi"});
    office.write([&](Database& database) {
        SubscriptionStore{database}.remove_orphans();
        CHECK(database.handle().execAndGet("SELECT count(*) FROM subscription").getInt() == 9);
    });
}

TEST_CASE("a publication comes back as it was put, with its dialogs in order")
{
    Office office;
    const auto put = full_publication();
    office.write([&](Database& database) {
        PublicationStore{database}.put(put);
        PublicationStore{database}.put(put);
    });
    const auto rows = PublicationStore{office.database}.all();
    REQUIRE(rows.size() == 1);
    const auto& row = rows[0];
    CHECK(row.id == put.id);
    CHECK(row.etag == put.etag);
    CHECK(row.extension == put.extension);
    CHECK(row.publisher == put.publisher);
    CHECK(row.event == put.event);
    CHECK(row.call_info == put.call_info);
    REQUIRE(row.phones.size() == 2);
    CHECK(row.phones[1].contact == put.phones[1].contact);
    CHECK(row.phones[1].registration == put.phones[1].registration);
    CHECK(row.expires_at == put.expires_at);
    REQUIRE(row.dialogs.size() == 2);
    CHECK(row.dialogs[0].hidden);
    CHECK(row.dialogs[0].shown_id == "ours-1");
    CHECK_FALSE(row.dialogs[1].hidden);
    CHECK(row.dialogs[1].shown_id == "ours-2");
    CHECK(row.dialogs[1].said.rendered);
    const auto& said = row.dialogs[0].said;
    const auto& was = put.dialogs[0].said;
    CHECK(said.id == was.id);
    CHECK(said.call_id == was.call_id);
    CHECK(said.local_tag == was.local_tag);
    CHECK(said.remote_tag == was.remote_tag);
    CHECK(said.direction == was.direction);
    CHECK(said.state == was.state);
    CHECK(said.local_identity == was.local_identity);
    CHECK(said.local_display == was.local_display);
    CHECK(said.local_target == was.local_target);
    CHECK(said.remote_identity == was.remote_identity);
    CHECK(said.remote_display == was.remote_display);
    CHECK(said.remote_target == was.remote_target);
    CHECK_FALSE(said.rendered);
    office.write([&](Database& database) {
        PublicationStore{database}.remove(put.id);
        CHECK(database.handle().execAndGet("SELECT count(*) FROM published_dialog").getInt() == 0);
    });
    CHECK(PublicationStore{office.database}.all().empty());
}

TEST_CASE("the directory holds the whole office")
{
    Office office;
    office.add_extensions({"201", "207"});
    office.write([](Database& database) {
        GroupStore{database}.put({{"sales", "", {"207"}, {{"201", true, "innovaphone"}}}, {}});
    });
    const auto directory = load_directory(office.database);
    CHECK(directory->domain() == "office.test");
    CHECK(directory->extension_count() == 2);
    const auto* right = directory->right("201", "207");
    REQUIRE(right != nullptr);
    CHECK(right->unsolicited);
    CHECK(right->profile->name == "innovaphone");
}

TEST_CASE("the audit is kept by age and by number, a few rows at a time; ids are never given again")
{
    using namespace std::chrono_literals;
    Office office;
    db::AuditStore audit{office.database};
    std::uint64_t last = 0;
    {
        db::Transaction transaction{office.database, db::Durability::full};
        for (int day = 1; day <= 10; ++day)
            last = audit.record(
                {0, at(day * 86400), "anna", "", "", "test", std::to_string(day), {}, {}});
        transaction.commit();
    }
    const auto now = at(10 * 86400);
    CHECK(audit.prune({}, now, 100) == 0);
    CHECK(audit.prune({std::chrono::days{7}, 0}, now, 1) == 1);  // day 1 of 1 and 2
    CHECK(audit.prune({std::chrono::days{7}, 0}, now, 100) == 1);
    CHECK(audit.latest(100).back().subject == "3");
    CHECK(audit.prune({std::chrono::days{0}, 5}, now, 100) == 3);
    CHECK(audit.latest(100).size() == 5);
    CHECK(audit.latest(100).back().subject == "6");
    CHECK(audit.prune({std::chrono::days{1}, 0}, at(100 * 86400), 100) == 5);
    db::Transaction transaction{office.database, db::Durability::full};
    CHECK(audit.record({0, now, "anna", "", "", "test", "11", {}, {}}) > last);
    transaction.commit();
}
