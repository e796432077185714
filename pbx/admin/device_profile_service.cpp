#include "admin/device_profile_service.hpp"

#include "admin/audit_text.hpp"
#include "admin/body_profile_service.hpp"
#include "core/device_id.hpp"
#include "db/audit_store.hpp"
#include "db/directory_loader.hpp"

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
    db::Transaction transaction{database_, db::Durability::full};
    db::DeviceProfileStore rows{database_};
    std::vector<FieldFault> faults;
    const auto id = device_id(choice.device);
    if (!id) faults.push_back({"/device", "malformed", "must be a MAC address or a UUID"});
    if (!BodyProfileService{database_}.exists(choice.profile))
        faults.push_back(
            {"/profile", "unknown_profile", "there is no body profile " + choice.profile});
    const auto before = id ? rows.find(*id) : std::nullopt;
    if (id && !before && rows.all().size() >= max_devices)
        faults.push_back({"/device", "too_many",
                          "there are " + std::to_string(max_devices) + " devices already"});
    if (!faults.empty()) return unexpected{Refusal{RefusalKind::invalid, std::move(faults), {}, 0}};
    if (auto refusal = check(condition, before ? before->stamp.version : 0))
        return unexpected{std::move(*refusal)};

    DeviceProfileSaved saved;
    saved.created = !before;
    saved.row.choice = {*id, choice.profile};
    saved.row.stamp.created_at = before ? before->stamp.created_at : now;
    saved.row.stamp.updated_at = now;
    db::AuditRow audit{0,
                       now,
                       actor.name,
                       actor.address,
                       actor.request_id,
                       "device_profile.put",
                       *id,
                       std::nullopt,
                       audit_text(saved.row.choice)};
    if (before) audit.before = audit_text(before->choice);
    saved.row.stamp.version = db::AuditStore{database_}.record(audit);
    rows.put(saved.row);
    transaction.commit();
    saved.change.directory = db::load_directory(database_);
    return saved;
}

Result<ConfigChange, Refusal> DeviceProfileService::remove(std::string_view device,
                                                           const Precondition& condition,
                                                           const Actor& actor,
                                                           std::chrono::sys_seconds now)
{
    db::Transaction transaction{database_, db::Durability::full};
    const auto before = find(device);
    if (auto refusal = check(condition, before ? before->stamp.version : 0))
        return unexpected{std::move(*refusal)};
    if (!before) return unexpected{Refusal{RefusalKind::unknown, {}, {}, 0}};
    db::AuditStore{database_}.record({0, now, actor.name, actor.address, actor.request_id,
                                      "device_profile.delete", before->choice.device,
                                      audit_text(before->choice), std::nullopt});
    db::DeviceProfileStore{database_}.remove(before->choice.device);
    transaction.commit();
    return ConfigChange{db::load_directory(database_)};
}

}  // namespace lampline::admin
