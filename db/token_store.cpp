#include "db/token_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* select_all =
    "SELECT sha256, name, role, created_at, last_used_at FROM token ORDER BY name";
constexpr const char* select_by_digest =
    "SELECT sha256, name, role, created_at, last_used_at FROM token WHERE sha256 = ?";
constexpr const char* select_by_name =
    "SELECT sha256, name, role, created_at, last_used_at FROM token WHERE name = ?";

StoredToken row_in(SQLite::Statement& row)
{
    StoredToken token{row.getColumn(0).getString(), row.getColumn(1).getString(),
                      row.getColumn(2).getString(), time_in(row.getColumn(3)), std::nullopt};
    if (!row.isColumnNull(4)) token.last_used_at = time_in(row.getColumn(4));
    return token;
}

std::optional<StoredToken> find(Database& database, const char* sql, std::string_view key)
{
    SQLite::Statement select{database.handle(), sql};
    select.bind(1, std::string{key});
    if (!select.executeStep()) return std::nullopt;
    return row_in(select);
}

}  // namespace

std::optional<StoredToken> TokenStore::find_by_digest(std::string_view sha256) const
{
    return find(database_, select_by_digest, sha256);
}

std::optional<StoredToken> TokenStore::find_by_name(std::string_view name) const
{
    return find(database_, select_by_name, name);
}

std::vector<StoredToken> TokenStore::all() const
{
    std::vector<StoredToken> rows;
    SQLite::Statement select{database_.handle(), select_all};
    while (select.executeStep()) rows.push_back(row_in(select));
    return rows;
}

void TokenStore::add(const StoredToken& token)
{
    SQLite::Statement insert{database_.handle(), "INSERT INTO token VALUES (?, ?, ?, ?, ?)"};
    insert.bind(1, token.sha256);
    insert.bind(2, token.name);
    insert.bind(3, token.role);
    insert.bind(4, column(token.created_at));
    if (token.last_used_at) insert.bind(5, column(*token.last_used_at));
    insert.exec();
}

bool TokenStore::remove(std::string_view name)
{
    SQLite::Statement erase{database_.handle(), "DELETE FROM token WHERE name = ?"};
    erase.bind(1, std::string{name});
    return erase.exec() > 0;
}

void TokenStore::touch(std::string_view sha256, std::chrono::sys_seconds used_at)
{
    SQLite::Statement update{database_.handle(),
                             "UPDATE token SET last_used_at = ? WHERE sha256 = ?"};
    update.bind(1, column(used_at));
    update.bind(2, std::string{sha256});
    update.exec();
}

}  // namespace lampline::db
