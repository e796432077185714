#include "db/group_store.hpp"

#include <unordered_map>

#include "db/rows.hpp"

namespace lampline::db {
namespace {

GroupWatcher watcher_in(SQLite::Statement& row, int first)
{
    return {row.getColumn(first).getString(), row.getColumn(first + 1).getInt() != 0,
            profile_named(row.getColumn(first + 2).getString())};
}

WatchingGroup watching_group_in(SQLite::Statement& row, int first)
{
    return {row.getColumn(first).getString(), row.getColumn(first + 1).getInt() != 0,
            profile_named(row.getColumn(first + 2).getString())};
}

StoredGroup head_in(SQLite::Statement& row)
{
    return {{row.getColumn(0).getString(),
             row.getColumn(1).getString(),
             {},
             {},
             {},
             {row.getColumn(5).getInt() != 0, row.getColumn(6).getInt() != 0,
              row.getColumn(7).getInt() != 0},
             row.getColumn(8).getInt() != 0},
            {static_cast<std::uint64_t>(row.getColumn(2).getInt64()), time_in(row.getColumn(3)),
             time_in(row.getColumn(4))}};
}

void erase_where_name(Database& database, const char* sql, const std::string& name)
{
    SQLite::Statement erase{database.handle(), sql};
    erase.bind(1, name);
    erase.exec();
}

}  // namespace

std::string profile_word(const std::string& profile)
{
    return profile.empty() ? "auto" : profile;
}

std::string profile_named(std::string_view word)
{
    return word == "auto" ? std::string{} : std::string{word};
}

std::optional<StoredGroup> GroupStore::find(std::string_view name) const
{
    const std::string key{name};
    SQLite::Statement head{
        database_.handle(),
        "SELECT name, display_name, version, created_at, updated_at, "
        "rights_parties, rights_pickup, rights_join, members_pick_up "
        "FROM office_group WHERE name = ?"};
    head.bind(1, key);
    if (!head.executeStep()) return std::nullopt;
    auto row = head_in(head);
    SQLite::Statement members{
        database_.handle(),
        "SELECT number FROM group_member WHERE group_name = ? ORDER BY position"};
    members.bind(1, key);
    while (members.executeStep()) row.group.members.push_back(members.getColumn(0).getString());
    SQLite::Statement watchers{database_.handle(),
                               "SELECT number, unsolicited, profile FROM group_watcher "
                               "WHERE group_name = ? ORDER BY position"};
    watchers.bind(1, key);
    while (watchers.executeStep()) row.group.watchers.push_back(watcher_in(watchers, 0));
    SQLite::Statement audience{database_.handle(),
                               "SELECT watching, unsolicited, profile FROM group_audience "
                               "WHERE group_name = ? ORDER BY position"};
    audience.bind(1, key);
    while (audience.executeStep())
        row.group.watching_groups.push_back(watching_group_in(audience, 0));
    return row;
}

std::vector<StoredGroup> GroupStore::all() const
{
    std::vector<StoredGroup> rows;
    std::unordered_map<std::string, std::size_t> place;
    SQLite::Statement heads{
        database_.handle(),
        "SELECT name, display_name, version, created_at, updated_at, "
        "rights_parties, rights_pickup, rights_join, members_pick_up "
        "FROM office_group ORDER BY name"};
    while (heads.executeStep()) {
        rows.push_back(head_in(heads));
        place.emplace(rows.back().group.name, rows.size() - 1);
    }
    SQLite::Statement members{
        database_.handle(),
        "SELECT group_name, number FROM group_member "
        "WHERE group_name IN (SELECT name FROM office_group) ORDER BY group_name, position"};
    while (members.executeStep())
        rows[place.at(members.getColumn(0).getString())].group.members.push_back(
            members.getColumn(1).getString());
    SQLite::Statement watchers{database_.handle(),
                               "SELECT group_name, number, unsolicited, profile FROM group_watcher "
                               "WHERE group_name IN (SELECT name FROM office_group) "
                               "ORDER BY group_name, position"};
    while (watchers.executeStep())
        rows[place.at(watchers.getColumn(0).getString())].group.watchers.push_back(
            watcher_in(watchers, 1));
    SQLite::Statement audience{database_.handle(),
                               "SELECT group_name, watching, unsolicited, profile "
                               "FROM group_audience "
                               "WHERE group_name IN (SELECT name FROM office_group) "
                               "ORDER BY group_name, position"};
    while (audience.executeStep())
        rows[place.at(audience.getColumn(0).getString())].group.watching_groups.push_back(
            watching_group_in(audience, 1));
    return rows;
}

std::size_t GroupStore::count() const
{
    const auto rows = database_.handle().execAndGet("SELECT count(*) FROM office_group").getInt64();
    return static_cast<std::size_t>(rows);
}

void GroupStore::put(const StoredGroup& row)
{
    const auto& group = row.group;
    SQLite::Statement upsert{database_.handle(),
                             "INSERT INTO office_group (name, display_name, version, created_at, "
                             "updated_at, rights_parties, rights_pickup, rights_join, "
                             "members_pick_up) "
                             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) "
                             "DO UPDATE SET display_name = excluded.display_name, "
                             "version = excluded.version, updated_at = excluded.updated_at, "
                             "rights_parties = excluded.rights_parties, "
                             "rights_pickup = excluded.rights_pickup, "
                             "rights_join = excluded.rights_join, "
                             "members_pick_up = excluded.members_pick_up"};
    upsert.bind(1, group.name);
    upsert.bind(2, group.display_name);
    upsert.bind(3, static_cast<std::int64_t>(row.stamp.version));
    upsert.bind(4, column(row.stamp.created_at));
    upsert.bind(5, column(row.stamp.updated_at));
    upsert.bind(6, group.rights.parties ? 1 : 0);
    upsert.bind(7, group.rights.pickup ? 1 : 0);
    upsert.bind(8, group.rights.join ? 1 : 0);
    upsert.bind(9, group.members_pick_up ? 1 : 0);
    upsert.exec();

    erase_where_name(database_, "DELETE FROM group_member WHERE group_name = ?", group.name);
    SQLite::Statement member{database_.handle(), "INSERT INTO group_member VALUES (?, ?, ?)"};
    for (std::size_t i = 0; i < group.members.size(); ++i) {
        member.bind(1, group.name);
        member.bind(2, static_cast<std::int64_t>(i));
        member.bind(3, group.members[i]);
        run_once(member);
    }
    erase_where_name(database_, "DELETE FROM group_watcher WHERE group_name = ?", group.name);
    SQLite::Statement watcher{database_.handle(),
                              "INSERT INTO group_watcher VALUES (?, ?, ?, ?, ?)"};
    for (std::size_t i = 0; i < group.watchers.size(); ++i) {
        watcher.bind(1, group.name);
        watcher.bind(2, static_cast<std::int64_t>(i));
        watcher.bind(3, group.watchers[i].number);
        watcher.bind(4, group.watchers[i].unsolicited ? 1 : 0);
        watcher.bind(5, profile_word(group.watchers[i].profile));
        run_once(watcher);
    }
    erase_where_name(database_, "DELETE FROM group_audience WHERE group_name = ?", group.name);
    SQLite::Statement audience{database_.handle(),
                               "INSERT INTO group_audience VALUES (?, ?, ?, ?, ?)"};
    for (std::size_t i = 0; i < group.watching_groups.size(); ++i) {
        audience.bind(1, group.name);
        audience.bind(2, static_cast<std::int64_t>(i));
        audience.bind(3, group.watching_groups[i].name);
        audience.bind(4, group.watching_groups[i].unsolicited ? 1 : 0);
        audience.bind(5, profile_word(group.watching_groups[i].profile));
        run_once(audience);
    }
}

bool GroupStore::remove(std::string_view name)
{
    SQLite::Statement erase{database_.handle(), "DELETE FROM office_group WHERE name = ?"};
    erase.bind(1, std::string{name});
    return erase.exec() > 0;
}

std::vector<GroupReference> GroupStore::references(std::string_view number) const
{
    std::vector<GroupReference> found;
    SQLite::Statement select{database_.handle(),
                             "SELECT group_name, 'member' AS role FROM group_member "
                             "WHERE number = ?1 UNION ALL "
                             "SELECT group_name, 'watcher' FROM group_watcher WHERE number = ?1 "
                             "ORDER BY group_name, role"};
    select.bind(1, std::string{number});
    while (select.executeStep())
        found.push_back({select.getColumn(0).getString(), select.getColumn(1).getString()});
    return found;
}

std::vector<GroupReference> GroupStore::watched_by_group(std::string_view name) const
{
    std::vector<GroupReference> found;
    SQLite::Statement select{database_.handle(),
                             "SELECT group_name FROM group_audience "
                             "WHERE watching = ?1 AND group_name <> ?1 ORDER BY group_name"};
    select.bind(1, std::string{name});
    while (select.executeStep()) found.push_back({select.getColumn(0).getString(), "watcher"});
    return found;
}

std::vector<GroupReference> GroupStore::told_in(std::string_view name) const
{
    std::vector<GroupReference> found;
    SQLite::Statement select{
        database_.handle(),
        "SELECT group_name, number, position, 0 AS rank FROM group_watcher WHERE profile = ?1 "
        "UNION ALL SELECT group_name, watching, position, 1 FROM group_audience "
        "WHERE profile = ?1 ORDER BY group_name, rank, position"};
    select.bind(1, std::string{name});
    while (select.executeStep())
        found.push_back(
            {select.getColumn(0).getString(), "watcher", select.getColumn(1).getString()});
    return found;
}

}  // namespace lampline::db
