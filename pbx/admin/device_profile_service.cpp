#include "admin/device_profile_service.hpp"

#include "admin/body_profile_service.hpp"
#include "core/device_id.hpp"

namespace lampline::admin {

std::optional<db::StoredDeviceProfile> DeviceProfileService::find(std::string_view device) const
{
    const auto id = device_id(device);
    if (!id) return std::nullopt;
    return db::DeviceProfileStore{database_}.find(*id);
}

std::vector<db::StoredDeviceProfile> DeviceProfileService::all() const
{
    return db::DeviceProfileStore{database_}.all();
}

Result<DeviceProfileSaved, Refusal> DeviceProfileService::put(const DeviceProfile& choice,
                                                              const Precondition& condition,
                                                              const Actor& actor,
                                                              std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    db::DeviceProfileStore rows{database_};
    std::vector<FieldFault> faults;
    const auto id = device_id(choice.device);
    if (!id) faults.push_back({"/device", "malformed", "must be a MAC address or a UUID"});
    if (!BodyProfileService{database_}.exists(choice.profile))
        faults.push_back(
            {"/profile", "unknown_profile", "there is no body profile " + choice.profile});
    if (id && !rows.find(*id) && rows.all().size() >= max_devices)
        faults.push_back({"/device", "too_many",
                          "there are " + std::to_string(max_devices) + " devices already"});
    if (!faults.empty()) return unexpected{invalid(std::move(faults))};
    return change.put(rows, "device_profile", *id,
                      db::StoredDeviceProfile{{*id, choice.profile}, {}},
                      &db::StoredDeviceProfile::choice, condition);
}

Result<ConfigChange, Refusal> DeviceProfileService::remove(std::string_view device,
                                                           const Precondition& condition,
                                                           const Actor& actor,
                                                           std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    // What is no id names no row either.
    return change.remove(db::DeviceProfileStore{database_}, "device_profile",
                         device_id(device).value_or(std::string{device}),
                         &db::StoredDeviceProfile::choice, condition,
                         [] { return std::vector<db::GroupReference>{}; });
}

}  // namespace lampline::admin
