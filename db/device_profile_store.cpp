#include "db/device_profile_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* columns =
    "SELECT device, profile, version, created_at, updated_at FROM device_profile ";

StoredDeviceProfile row_in(SQLite::Statement& row)
{
    StoredDeviceProfile stored;
    stored.choice = {row.getColumn(0).getString(), row.getColumn(1).getString()};
    stored.stamp.version = static_cast<std::uint64_t>(row.getColumn(2).getInt64());
    stored.stamp.created_at = time_in(row.getColumn(3));
    stored.stamp.updated_at = time_in(row.getColumn(4));
    return stored;
}

}  // namespace

std::optional<StoredDeviceProfile> DeviceProfileStore::find(std::string_view device) const
{
    SQLite::Statement select{database_.handle(), std::string{columns} + "WHERE device = ?"};
    select.bind(1, std::string{device});
    if (!select.executeStep()) return std::nullopt;
    return row_in(select);
}

std::vector<StoredDeviceProfile> DeviceProfileStore::all() const
{
    std::vector<StoredDeviceProfile> rows;
    SQLite::Statement select{database_.handle(), std::string{columns} + "ORDER BY device"};
    while (select.executeStep()) rows.push_back(row_in(select));
    return rows;
}

void DeviceProfileStore::put(const StoredDeviceProfile& row)
{
    SQLite::Statement replace{database_.handle(),
                              "INSERT OR REPLACE INTO device_profile VALUES (?, ?, ?, ?, ?)"};
    replace.bind(1, row.choice.device);
    replace.bind(2, row.choice.profile);
    replace.bind(3, static_cast<std::int64_t>(row.stamp.version));
    replace.bind(4, column(row.stamp.created_at));
    replace.bind(5, column(row.stamp.updated_at));
    replace.exec();
}

bool DeviceProfileStore::remove(std::string_view device)
{
    SQLite::Statement erase{database_.handle(), "DELETE FROM device_profile WHERE device = ?"};
    erase.bind(1, std::string{device});
    return erase.exec() > 0;
}

}  // namespace lampline::db
