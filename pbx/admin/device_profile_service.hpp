#pragma once
// Which body profile one device is told in: validate, one transaction, ConfigChange.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/audited_change.hpp"
#include "base/result.hpp"
#include "db/device_profile_store.hpp"

namespace lampline::admin {

using DeviceProfileSaved = Saved<db::StoredDeviceProfile>;

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed. A device may be named in any way that device_id() reads.
class DeviceProfileService {
public:
    static constexpr std::size_t max_devices = 10'000;

    explicit DeviceProfileService(db::Database& database) : database_{database} {}

    [[nodiscard]] std::optional<db::StoredDeviceProfile> find(std::string_view device) const;
    /// By device.
    [[nodiscard]] std::vector<db::StoredDeviceProfile> all() const;
    /// Creates or replaces. Faults: /device malformed, too_many; /profile unknown_profile.
    Result<DeviceProfileSaved, Refusal> put(const DeviceProfile& choice,
                                            const Precondition& condition, const Actor& actor,
                                            std::chrono::sys_seconds now);
    Result<ConfigChange, Refusal> remove(std::string_view device, const Precondition& condition,
                                         const Actor& actor, std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
