#pragma once
// Table `device_profile`.
#include <optional>
#include <string_view>
#include <vector>

#include "core/directory.hpp"
#include "db/database.hpp"
#include "db/row_stamp.hpp"

namespace lampline::db {

struct StoredDeviceProfile {
    DeviceProfile choice;
    RowStamp stamp;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class DeviceProfileStore {
public:
    explicit DeviceProfileStore(Database& database) : database_{database} {}

    [[nodiscard]] std::optional<StoredDeviceProfile> find(std::string_view device) const;
    /// By device.
    [[nodiscard]] std::vector<StoredDeviceProfile> all() const;
    /// Inserts or replaces.
    void put(const StoredDeviceProfile& row);
    bool remove(std::string_view device);

private:
    Database& database_;
};

}  // namespace lampline::db
