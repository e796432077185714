#include "db/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/body_profile_store.hpp"
#include "db/call_store.hpp"
#include "db/extension_store.hpp"
#include "db/migrations.hpp"
#include "db/subscription_store.hpp"
#include "unit/db/temp_folder.hpp"

using namespace lampline;
using namespace lampline::db;
using lampline::testing::bytes_of;
using lampline::testing::TempFolder;
using lampline::testing::write_bytes;

namespace {

/// How opening fails; fails the test when it does not.
OpenError refusal(const std::filesystem::path& file, std::string_view domain = "office.test")
{
    try {
        const Database database{file, domain};
    } catch (const OpenError& error) {
        return error;
    }
    FAIL("the file was opened");
    return {OpenFault::unreachable, ""};
}

/// Refused, and neither the file nor its folder is touched.
void check_refused(const TempFolder& folder, OpenFault fault)
{
    const auto before = bytes_of(folder.database());
    const auto files = testing::files_in(folder.path());
    const auto error = refusal(folder.database());
    CHECK(error.fault() == fault);
    const std::string line = error.what();
    CHECK(line.find(folder.database().string()) != std::string::npos);
    CHECK(line.find('\n') == std::string::npos);
    CHECK(bytes_of(folder.database()) == before);
    CHECK(testing::files_in(folder.path()) == files);
}

StoredExtension extension(const std::string& number)
{
    return {{number, "Anna Lee", "a", "b"}, {}};
}

}  // namespace

TEST_CASE("a new database is private, in WAL mode, of our application and the newest schema")
{
    const TempFolder folder;
    {
        Database database{folder.database(), "Office.Test"};
        CHECK(database.domain() == "office.test");
        CHECK(database.handle().execAndGet("PRAGMA journal_mode").getString() == "wal");
        CHECK(database.handle().execAndGet("PRAGMA foreign_keys").getInt() == 1);
        CHECK(database.handle().execAndGet("PRAGMA synchronous").getInt() == 2);
        CHECK(database.handle().execAndGet("PRAGMA busy_timeout").getInt() == 5000);
        CHECK(database.handle().execAndGet("PRAGMA user_version").getInt() ==
              Database::newest_version());
        CHECK(database.handle().execAndGet("PRAGMA application_id").getUInt() ==
              Database::application_id);
        CHECK(database.handle()
                  .execAndGet("SELECT count(*) FROM pragma_table_list "
                              "WHERE schema = 'main' AND name NOT LIKE 'sqlite%' AND NOT strict")
                  .getInt() == 0);
    }
    const auto mode = std::filesystem::status(folder.database()).permissions();
    CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("a row of what lives is written without a table of words that is built for it")
{
    const TempFolder folder;
    Database database{folder.database(), "office.test"};
    for (const std::string table :
         {"binding", "binding_lease", "subscription", "talking_call", "ringing_invite",
          "call_record", "call_part", "open_record", "open_part", "publication", "published_dialog",
          "ended_notifier", "unasked_lamp", "failed_move", "open_failed_move"}) {
        CAPTURE(table);
        SQLite::Statement steps{database.handle(),
                                "EXPLAIN INSERT INTO " + table + " DEFAULT VALUES"};
        while (steps.executeStep()) CHECK(steps.getColumn(1).getString() != "OpenEphemeral");
    }
}

TEST_CASE("a database is opened again, by anybody who does not say another domain")
{
    const TempFolder folder;
    {
        const Database database{folder.database(), "office.test"};
    }
    CHECK(Database{folder.database(), "OFFICE.test"}.domain() == "office.test");
    CHECK(Database{folder.database()}.domain() == "office.test");
}

TEST_CASE("a second process's handle reads and writes beside the first")
{
    const TempFolder folder;
    Database serving{folder.database(), "office.test"};
    Database beside{folder.database()};
    Transaction transaction{beside, Durability::full};
    ExtensionStore{beside}.put(extension("207"));
    transaction.commit();
    CHECK(ExtensionStore{serving}.find("207").has_value());
}

TEST_CASE("opening with another domain is refused and changes nothing")
{
    const TempFolder folder;
    {
        const Database database{folder.database(), "elsewhere.test"};
    }
    check_refused(folder, OpenFault::other_domain);
    CHECK(std::string{refusal(folder.database()).what()}.find("elsewhere.test") !=
          std::string::npos);
}

TEST_CASE("a new database needs a domain, and is not created without")
{
    const TempFolder folder;
    CHECK(refusal(folder.database(), "").fault() == OpenFault::no_domain);
    CHECK(testing::files_in(folder.path()) == 0);
}

TEST_CASE("a file that is not SQLite is refused untouched")
{
    const TempFolder folder;
    write_bytes(folder.database(), "these are not the bytes of a database");
    check_refused(folder, OpenFault::damaged);
}

TEST_CASE("a database cut short is refused untouched")
{
    const TempFolder folder;
    {
        const Database database{folder.database(), "office.test"};
    }
    auto bytes = bytes_of(folder.database());
    for (const std::size_t size :
         {std::size_t{10}, std::size_t{100}, std::size_t{5000}, bytes.size() - 4096}) {
        CAPTURE(size);
        write_bytes(folder.database(), bytes.substr(0, size));
        check_refused(folder, OpenFault::damaged);
    }
}

TEST_CASE("a database with a page overwritten is refused untouched")
{
    const TempFolder folder;
    {
        const Database database{folder.database(), "office.test"};
    }
    auto bytes = bytes_of(folder.database());
    REQUIRE(bytes.size() > 3 * 4096);
    bytes.replace(2 * 4096, 4096, std::string(4096, '\x5a'));
    write_bytes(folder.database(), bytes);
    check_refused(folder, OpenFault::damaged);
}

TEST_CASE("another program's database is refused untouched")
{
    const TempFolder folder;
    {
        SQLite::Database other{folder.database().string(),
                               SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
        other.exec("CREATE TABLE recipe (name TEXT)");
    }
    check_refused(folder, OpenFault::foreign);
}

TEST_CASE("a database of schema 34 is brought up to date, and what was subscribed to is kept")
{
    const TempFolder folder;
    {
        SQLite::Database earlier{folder.database().string(),
                                 SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
        for (const auto* script : migrations().first(34)) earlier.exec(script);
        earlier.exec("INSERT INTO setting VALUES ('domain', 'office.test')");
        earlier.exec("PRAGMA application_id = " + std::to_string(Database::application_id));
        earlier.exec("PRAGMA user_version = 34");
        earlier.exec("INSERT INTO extension (number, display_name, ha1_md5, ha1_sha256, version, "
                     "created_at, updated_at) VALUES ('201', '', 'a', 'b', 0, 0, 0)");
        earlier.exec("INSERT INTO subscription VALUES ('call', 'ours', '201', '207', 'theirs', "
                     "'<sip:207@office.test>', '<sip:201@office.test>', 'sip:201@192.0.2.1', '', "
                     "'udp', '192.0.2.1', 5060, 0, 'dialog', 'snom', 7, 64, 64, 4000000000, '', 0, "
                     "'')");
    }
    Database database{folder.database(), "office.test"};
    CHECK(database.handle().execAndGet("PRAGMA user_version").getInt() ==
          Database::newest_version());
    const auto rows = SubscriptionStore{database}.all();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].contact == "sip:201@192.0.2.1");
    CHECK(rows[0].reserved_cseq == 64);
    CHECK(rows[0].registered_call == 0);
    CHECK(rows[0].entries.empty());
}

TEST_CASE("what a profile of schema 41 said of parked calls it says still")
{
    const TempFolder folder;
    {
        SQLite::Database earlier{folder.database().string(),
                                 SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
        for (const auto* script : migrations().first(41)) earlier.exec(script);
        earlier.exec("INSERT INTO setting VALUES ('domain', 'office.test')");
        earlier.exec("PRAGMA application_id = " + std::to_string(Database::application_id));
        earlier.exec("PRAGMA user_version = 41");
        for (const auto* talking : {"confirmed", "proceeding", "hidden"})
            earlier.exec("INSERT INTO body_profile VALUES ('" + std::string{talking} +
                         "', 'trying trying trying trying', 'hidden early early " + talking +
                         "', 'all', '', 1, 'always', '', 1, 1, 1, 1, 1, 1, 1, 'actual', 0, 0, 0, 0, "
                         "0, 0, 1, 0, 0, 'hidden', 'hidden', 'hidden', 0, 'asserted', 'confirmed', "
                         "'none')");
    }
    Database database{folder.database(), "office.test"};
    const BodyProfileStore store{database};
    CHECK(store.find("confirmed")->profile.parked == "confirmed");
    CHECK(store.find("proceeding")->profile.parked == "proceeding");
    CHECK(store.find("hidden")->profile.parked.empty());
}

TEST_CASE("a call kept by schema 38 has its session in the dialogs of those who know session timers")
{
    const TempFolder folder;
    constexpr std::int64_t ends_at = 1'700'001'801'456;
    const auto leg = [](const std::string& supported, const std::string& tags) {
        return "'caller', '201', 'call', " + tags +
               ", '<sip:207@office.test>', '<sip:201@office.test>', '', "
               "'sip:201@192.0.2.1', '', 64, 0, 'udp', '192.0.2.1', 5060, 0, "
               "'<sip:201@office.test>', '<sip:207@office.test>', " +
               supported + ", 0, '', ''";
    };
    {
        SQLite::Database earlier{folder.database().string(),
                                 SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
        for (const auto* script : migrations().first(38)) earlier.exec(script);
        earlier.exec("INSERT INTO setting VALUES ('domain', 'office.test')");
        earlier.exec("PRAGMA application_id = " + std::to_string(Database::application_id));
        earlier.exec("PRAGMA user_version = 38");
        const auto columns =  // the others may be left out
            earlier
                .execAndGet("SELECT group_concat(name) FROM pragma_table_info('talking_call') "
                            "WHERE cid < 51")
                .getString();
        const auto add = [&](int id, const std::string& one, const std::string& other,
                             const std::string& others_tags = "'ours', 'theirs'") {
            earlier.exec("INSERT INTO talking_call (" + columns + ") VALUES (" +
                         std::to_string(id) + ", '201', '207', 1, 1, 1800, " +
                         std::to_string(ends_at) + ", " + leg(one, "'ours', 'theirs'") + ", " +
                         leg(other, others_tags) + ")");
        };
        add(1, "4", "5");
        add(2, "1", "0");
        add(3, "1", "1");
        add(4, "0", "0");  // one of them has said so in its answer alone
        add(5, "1", "1", "'theirs', 'ours'");  // the dialog that they share
    }
    Database database{folder.database(), "office.test"};
    const auto rows = CallStore{database}.all();
    REQUIRE(rows.calls.size() == 5);
    const auto has_it = [&](std::size_t call, std::size_t side) {
        const auto& kept = rows.calls.at(call).legs.at(side).session_ends_at;
        CHECK((!kept || kept->time_since_epoch() == std::chrono::milliseconds{ends_at}));
        return kept.has_value();
    };
    CHECK_FALSE(has_it(0, 0));
    CHECK(has_it(0, 1));
    CHECK(has_it(1, 0));
    CHECK_FALSE(has_it(1, 1));
    for (std::size_t call : {2U, 3U})
        for (std::size_t side : {0U, 1U}) CHECK(has_it(call, side));
    CHECK_FALSE(has_it(4, 0));
    CHECK(has_it(4, 1));
}

TEST_CASE("a newer schema is refused untouched")
{
    const TempFolder folder;
    {
        Database database{folder.database(), "office.test"};
        database.handle().exec("PRAGMA user_version = " +
                               std::to_string(Database::newest_version() + 1));
    }
    check_refused(folder, OpenFault::newer);
}

TEST_CASE("a schema below zero is none of ours")
{
    const TempFolder folder;
    {
        Database database{folder.database(), "office.test"};
        database.handle().exec("PRAGMA user_version = -1");
    }
    check_refused(folder, OpenFault::damaged);
}

TEST_CASE("an office without its domain is refused in words that name the table")
{
    const TempFolder folder;
    {
        Database database{folder.database(), "office.test"};
        database.handle().exec("DELETE FROM setting");
    }
    check_refused(folder, OpenFault::damaged);
    const std::string line = refusal(folder.database()).what();
    CHECK(line.find("table setting") != std::string::npos);
}

TEST_CASE("a table that is missing when the program starts is named with its file")
{
    const TempFolder folder;
    Database database{folder.database(), "office.test"};
    database.handle().exec("DROP TABLE subscription");
    try {
        database.read([&] { static_cast<void>(SubscriptionStore{database}.all()); });
        FAIL("the table was read");
    } catch (const OpenError& error) {
        CHECK(error.fault() == OpenFault::damaged);
        CHECK(std::string{error.what()} == "database " + folder.database().string() +
                                               ": is damaged: no such table: subscription");
    }
}

TEST_CASE("what another program says in its write-ahead log counts, and the log stays")
{
    const TempFolder folder;
    SQLite::Database other{folder.database().string(),
                           SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
    other.exec("PRAGMA journal_mode = WAL");
    other.exec("CREATE TABLE recipe (name TEXT)");
    const auto log = folder.database().string() + "-wal";
    const auto before = bytes_of(log);
    check_refused(folder, OpenFault::foreign);
    CHECK(bytes_of(log) == before);
}

TEST_CASE("a folder, and a file in no folder, are refused")
{
    const TempFolder folder;
    CHECK(refusal(folder.path()).fault() == OpenFault::unreachable);
    CHECK(refusal(folder.path() / "none" / "office.db").fault() == OpenFault::unreachable);
}

TEST_CASE("an empty file, as a crash at creation leaves it, becomes a database")
{
    const TempFolder folder;
    write_bytes(folder.database(), "");
    CHECK(Database{folder.database(), "office.test"}.domain() == "office.test");
    CHECK(bytes_of(folder.database()).size() > 4096);
}

TEST_CASE("a transaction that is not committed leaves nothing")
{
    const TempFolder folder;
    Database database{folder.database(), "office.test"};
    {
        const Transaction transaction{database, Durability::full};
        ExtensionStore{database}.put(extension("207"));
    }
    CHECK(ExtensionStore{database}.count() == 0);
}

TEST_CASE("killed in a transaction: what was committed is there, the rest is not")
{
    const TempFolder folder;
    {
        const Database database{folder.database(), "office.test"};
    }
    const pid_t child = ::fork();
    if (child == 0) {
        Database database{folder.database()};
        Transaction first{database, Durability::normal};
        ExtensionStore{database}.put(extension("201"));
        first.commit();
        const Transaction second{database, Durability::normal};
        ExtensionStore{database}.put(extension("202"));
        ::kill(::getpid(), SIGKILL);
    }
    REQUIRE(child > 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    Database database{folder.database(), "office.test"};
    CHECK(ExtensionStore{database}.find("201").has_value());
    CHECK_FALSE(ExtensionStore{database}.find("202").has_value());
}
