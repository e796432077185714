#include "db/trunk_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* columns =
    "SELECT name, display_name, kind, enabled, domain, username, secret, realm, expires, qualify, "
    "trusted, main_number, show_outside, anonymous, max_calls, max_minutes, max_calls_a_day, "
    "version, created_at, updated_at, mode FROM trunk ";

bool flag_in(const SQLite::Column& column)
{
    return column.getInt() != 0;
}

StoredTrunk head_in(SQLite::Statement& row)
{
    StoredTrunk stored;
    auto& trunk = stored.trunk;
    trunk.name = row.getColumn(0).getString();
    trunk.display_name = row.getColumn(1).getString();
    trunk.kind = trunk_kind(row.getColumn(2).getString()).value_or(TrunkKind::peer);
    trunk.enabled = flag_in(row.getColumn(3));
    trunk.domain = row.getColumn(4).getString();
    TrunkCredentials credentials{row.getColumn(5).getString(), row.getColumn(6).getString(),
                                 row.getColumn(7).getString()};
    if (!credentials.username.empty())
        trunk.credentials = std::make_shared<const TrunkCredentials>(std::move(credentials));
    trunk.expires = std::chrono::seconds{row.getColumn(8).getInt()};
    trunk.qualify = std::chrono::seconds{row.getColumn(9).getInt()};
    trunk.trusted = flag_in(row.getColumn(10));
    trunk.caller_id.main_number = row.getColumn(11).getString();
    trunk.caller_id.show_outside_callers = flag_in(row.getColumn(12));
    trunk.caller_id.anonymous = flag_in(row.getColumn(13));
    trunk.limits = {row.getColumn(14).getUInt(), std::chrono::minutes{row.getColumn(15).getInt()},
                    row.getColumn(16).getUInt()};
    stored.stamp = {static_cast<std::uint64_t>(row.getColumn(17).getInt64()),
                    time_in(row.getColumn(18)), time_in(row.getColumn(19))};
    trunk.mode = call_mode(row.getColumn(20).getString()).value_or(CallMode::bridge);
    return stored;
}

/// One row of a list, as `take` reads it, for each of those of `trunk`.
template <class Take>
void for_rows(Database& database, const char* sql, const std::string& trunk, Take take)
{
    SQLite::Statement select{database.handle(), sql};
    select.bind(1, trunk);
    while (select.executeStep()) take(select);
}

void read_lists(Database& database, Trunk& trunk)
{
    for_rows(database,
             "SELECT host, port, transport FROM trunk_server WHERE trunk = ? ORDER BY position",
             trunk.name, [&](SQLite::Statement& row) {
                 TrunkServer server{row.getColumn(0).getString(),
                                    static_cast<std::uint16_t>(row.getColumn(1).getUInt()),
                                    std::nullopt};
                 const auto word = row.getColumn(2).getString();
                 for (const auto transport : {Transport::udp, Transport::tcp})
                     if (word == name(transport)) server.transport = transport;
                 trunk.servers.push_back(std::move(server));
             });
    for_rows(
        database, "SELECT host FROM trunk_source WHERE trunk = ? ORDER BY position", trunk.name,
        [&](SQLite::Statement& row) { trunk.sources.push_back(row.getColumn(0).getString()); });
    for_rows(database, "SELECT pattern, number FROM trunk_caller WHERE trunk = ? ORDER BY position",
             trunk.name, [&](SQLite::Statement& row) {
                 trunk.caller_id.numbers.push_back(
                     {row.getColumn(0).getString(), row.getColumn(1).getString()});
             });
    for_rows(database,
             "SELECT pattern, destination, outside, on_behalf_of FROM trunk_inbound WHERE trunk = ? "
             "ORDER BY position",
             trunk.name, [&](SQLite::Statement& row) {
                 trunk.inbound.push_back({row.getColumn(0).getString(),
                                          row.getColumn(1).getString(), flag_in(row.getColumn(2)),
                                          row.getColumn(3).getString()});
             });
}

/// Inserts the rows of a list, of which `bind` fills the columns behind trunk and position.
template <class Rows, class Bind>
void write_list(Database& database, const char* sql, const std::string& trunk, const Rows& rows,
                Bind bind)
{
    SQLite::Statement insert{database.handle(), sql};
    std::int64_t position = 0;
    for (const auto& row : rows) {
        insert.bind(1, trunk);
        insert.bind(2, position++);
        bind(insert, row);
        run_once(insert);
    }
}

void write_lists(Database& database, const Trunk& trunk)
{
    for (const auto* sql :
         {"DELETE FROM trunk_server WHERE trunk = ?", "DELETE FROM trunk_source WHERE trunk = ?",
          "DELETE FROM trunk_caller WHERE trunk = ?",
          "DELETE FROM trunk_inbound WHERE trunk = ?"}) {
        SQLite::Statement erase{database.handle(), sql};
        erase.bind(1, trunk.name);
        erase.exec();
    }
    write_list(database, "INSERT INTO trunk_server VALUES (?, ?, ?, ?, ?)", trunk.name,
               trunk.servers, [](SQLite::Statement& row, const TrunkServer& server) {
                   row.bind(3, server.host);
                   row.bind(4, static_cast<int>(server.port));
                   row.bind(5, server.transport ? std::string{name(*server.transport)} : "");
               });
    write_list(database, "INSERT INTO trunk_source VALUES (?, ?, ?)", trunk.name, trunk.sources,
               [](SQLite::Statement& row, const std::string& host) { row.bind(3, host); });
    write_list(database, "INSERT INTO trunk_caller VALUES (?, ?, ?, ?)", trunk.name,
               trunk.caller_id.numbers, [](SQLite::Statement& row, const NumberRule& rule) {
                   row.bind(3, rule.pattern);
                   row.bind(4, rule.number);
               });
    write_list(database, "INSERT INTO trunk_inbound VALUES (?, ?, ?, ?, ?, ?)", trunk.name,
               trunk.inbound, [](SQLite::Statement& row, const InboundNumber& number) {
                   row.bind(3, number.pattern);
                   row.bind(4, number.destination);
                   row.bind(5, number.outside ? 1 : 0);
                   row.bind(6, number.on_behalf_of);
               });
}

}  // namespace

std::optional<StoredTrunk> TrunkStore::find(std::string_view name) const
{
    SQLite::Statement head{database_.handle(), std::string{columns} + "WHERE name = ?"};
    head.bind(1, std::string{name});
    if (!head.executeStep()) return std::nullopt;
    auto row = head_in(head);
    read_lists(database_, row.trunk);
    return row;
}

std::vector<StoredTrunk> TrunkStore::all() const
{
    std::vector<StoredTrunk> rows;
    SQLite::Statement heads{database_.handle(), std::string{columns} + "ORDER BY name"};
    while (heads.executeStep()) rows.push_back(head_in(heads));
    for (auto& row : rows) read_lists(database_, row.trunk);
    return rows;
}

void TrunkStore::put(const StoredTrunk& row)
{
    const auto& trunk = row.trunk;
    SQLite::Statement upsert{
        database_.handle(),
        "INSERT INTO trunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name, "
        "kind = excluded.kind, enabled = excluded.enabled, domain = excluded.domain, "
        "username = excluded.username, secret = excluded.secret, realm = excluded.realm, "
        "expires = excluded.expires, qualify = excluded.qualify, trusted = excluded.trusted, "
        "main_number = excluded.main_number, show_outside = excluded.show_outside, "
        "anonymous = excluded.anonymous, max_calls = excluded.max_calls, "
        "max_minutes = excluded.max_minutes, max_calls_a_day = excluded.max_calls_a_day, "
        "version = excluded.version, updated_at = excluded.updated_at, mode = excluded.mode"};
    const TrunkCredentials none;
    const auto& credentials = trunk.credentials ? *trunk.credentials : none;
    upsert.bind(1, trunk.name);
    upsert.bind(2, trunk.display_name);
    upsert.bind(3, std::string{name(trunk.kind)});
    upsert.bind(4, trunk.enabled ? 1 : 0);
    upsert.bind(5, trunk.domain);
    upsert.bind(6, credentials.username);
    upsert.bind(7, credentials.secret);
    upsert.bind(8, credentials.realm);
    upsert.bind(9, static_cast<std::int64_t>(trunk.expires.count()));
    upsert.bind(10, static_cast<std::int64_t>(trunk.qualify.count()));
    upsert.bind(11, trunk.trusted ? 1 : 0);
    upsert.bind(12, trunk.caller_id.main_number);
    upsert.bind(13, trunk.caller_id.show_outside_callers ? 1 : 0);
    upsert.bind(14, trunk.caller_id.anonymous ? 1 : 0);
    upsert.bind(15, static_cast<std::int64_t>(trunk.limits.calls));
    upsert.bind(16, static_cast<std::int64_t>(trunk.limits.minutes.count()));
    upsert.bind(17, static_cast<std::int64_t>(trunk.limits.calls_per_day));
    upsert.bind(18, static_cast<std::int64_t>(row.stamp.version));
    upsert.bind(19, column(row.stamp.created_at));
    upsert.bind(20, column(row.stamp.updated_at));
    upsert.bind(21, std::string{name(trunk.mode)});
    upsert.exec();
    write_lists(database_, trunk);
}

bool TrunkStore::remove(std::string_view name)
{
    SQLite::Statement erase{database_.handle(), "DELETE FROM trunk WHERE name = ?"};
    erase.bind(1, std::string{name});
    return erase.exec() > 0;
}

}  // namespace lampline::db
