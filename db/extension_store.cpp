#include "db/extension_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* select_all =
    "SELECT number, display_name, ha1_md5, ha1_sha256, version, created_at, updated_at, "
    "visibility, mode, trusted, appearances, phone_notifies FROM extension ORDER BY number";
constexpr const char* select_one =
    "SELECT number, display_name, ha1_md5, ha1_sha256, version, created_at, updated_at, "
    "visibility, mode, trusted, appearances, phone_notifies FROM extension WHERE number = ?";

StoredExtension row_in(SQLite::Statement& row)
{
    StoredExtension stored{{row.getColumn(0).getString(), row.getColumn(1).getString(),
                            row.getColumn(2).getString(), row.getColumn(3).getString()},
                           {static_cast<std::uint64_t>(row.getColumn(4).getInt64()),
                            time_in(row.getColumn(5)), time_in(row.getColumn(6))}};
    stored.extension.visibility =
        visibility(row.getColumn(7).getString()).value_or(Visibility::hidden);
    stored.extension.mode = call_mode(row.getColumn(8).getString()).value_or(CallMode::bridge);
    stored.extension.trusted = row.getColumn(9).getInt() != 0;
    stored.extension.appearances = row.getColumn(10).getUInt();
    stored.extension.phone_notifies = row.getColumn(11).getInt() != 0;
    return stored;
}

}  // namespace

std::optional<StoredExtension> ExtensionStore::find(std::string_view number) const
{
    SQLite::Statement select{database_.handle(), select_one};
    select.bind(1, std::string{number});
    if (!select.executeStep()) return std::nullopt;
    return row_in(select);
}

std::vector<StoredExtension> ExtensionStore::all() const
{
    std::vector<StoredExtension> rows;
    SQLite::Statement select{database_.handle(), select_all};
    while (select.executeStep()) rows.push_back(row_in(select));
    return rows;
}

std::size_t ExtensionStore::count() const
{
    const auto rows = database_.handle().execAndGet("SELECT count(*) FROM extension").getInt64();
    return static_cast<std::size_t>(rows);
}

void ExtensionStore::put(const StoredExtension& row)
{
    SQLite::Statement upsert{
        database_.handle(),
        "INSERT INTO extension (number, display_name, ha1_md5, ha1_sha256, version, created_at, "
        "updated_at, visibility, mode, trusted, appearances, phone_notifies) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET "
        "display_name = excluded.display_name, ha1_md5 = excluded.ha1_md5, "
        "ha1_sha256 = excluded.ha1_sha256, version = excluded.version, "
        "updated_at = excluded.updated_at, visibility = excluded.visibility, "
        "mode = excluded.mode, trusted = excluded.trusted, appearances = excluded.appearances, "
        "phone_notifies = excluded.phone_notifies"};
    upsert.bind(1, row.extension.number);
    upsert.bind(2, row.extension.display_name);
    upsert.bind(3, row.extension.ha1_md5);
    upsert.bind(4, row.extension.ha1_sha256);
    upsert.bind(5, static_cast<std::int64_t>(row.stamp.version));
    upsert.bind(6, column(row.stamp.created_at));
    upsert.bind(7, column(row.stamp.updated_at));
    upsert.bind(8, std::string{name(row.extension.visibility)});
    upsert.bind(9, std::string{name(row.extension.mode)});
    upsert.bind(10, row.extension.trusted ? 1 : 0);
    upsert.bind(11, row.extension.appearances);
    upsert.bind(12, row.extension.phone_notifies ? 1 : 0);
    upsert.exec();
}

bool ExtensionStore::remove(std::string_view number)
{
    SQLite::Statement erase{database_.handle(), "DELETE FROM extension WHERE number = ?"};
    erase.bind(1, std::string{number});
    return erase.exec() > 0;
}

}  // namespace lampline::db
