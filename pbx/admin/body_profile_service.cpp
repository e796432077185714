#include "admin/body_profile_service.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "db/device_profile_store.hpp"
#include "db/group_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_name = 32;
constexpr std::size_t max_id = 32;
constexpr std::size_t max_beginning = 64;

bool is_profile_name(std::string_view text)
{
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    return !text.empty() && text.size() <= max_name &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

bool is_printable(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

void check_name(const std::string& name, std::vector<FieldFault>& faults)
{
    if (!is_profile_name(name))
        faults.push_back({"/name", "malformed", "must be 1 to 32 of a-z 0-9 _ -"});
    else if (name == "auto")
        faults.push_back({"/name", "reserved", "means the choice by User-Agent"});
    else if (built_in_profile(name))
        faults.push_back({"/name", "built_in", "is built in: copy it under another name"});
}

void check_phones(const BodyProfile& profile, db::Database& database,
                  std::vector<FieldFault>& faults)
{
    if (profile.user_agents.size() > BodyProfileService::max_phones) {
        faults.push_back({"/user_agents", "too_many",
                          "must be at most " + std::to_string(BodyProfileService::max_phones)});
        return;
    }
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < profile.user_agents.size(); ++i) {
        const auto& beginning = profile.user_agents[i];
        const auto pointer = "/user_agents/" + std::to_string(i);
        if (beginning.empty() || beginning.size() > max_beginning || !is_printable(beginning)) {
            faults.push_back({pointer, "malformed", "must be 1 to 64 printable ASCII characters"});
            continue;
        }
        auto key = lowered(beginning);
        if (std::ranges::count(seen, key) > 0)
            faults.push_back({pointer, "duplicate", beginning + " is named twice"});
        else if (const auto owner = db::BodyProfileStore{database}.owner_of(beginning);
                 owner && *owner != profile.name)
            faults.push_back({pointer, "taken", beginning + " is named by profile " + *owner});
        seen.push_back(std::move(key));
    }
}

void check_ids(const BodyProfile& profile, std::vector<FieldFault>& faults)
{
    const auto check = [&](const std::string& id, const char* pointer) {
        if (id.size() > max_id || !is_printable(id))
            faults.push_back(
                {pointer, "malformed", "must be at most 32 printable ASCII characters"});
    };
    check(profile.dialog_id, "/dialog_id");
    check(profile.idle_dialog_id, "/idle_dialog_id");
    if (!profile.dialog_id.empty() && !profile.single())
        faults.push_back({"/dialog_id", "needs_one_dialog",
                          "would be the id of several dialogs: show one, or leave it empty"});
}

std::vector<FieldFault> faults_of(const BodyProfile& profile, db::Database& database)
{
    std::vector<FieldFault> faults;
    check_name(profile.name, faults);
    check_phones(profile, database, faults);
    check_ids(profile, faults);
    if (profile.partial && profile.single())
        faults.push_back(
            {"/partial", "needs_all_dialogs", "is for profiles that show all dialogs"});
    if (profile.merged_lists && profile.single())
        faults.push_back(
            {"/merged_lists", "needs_all_dialogs", "is for profiles that show all dialogs"});
    if (profile.partial && !profile.ended)
        faults.push_back({"/partial", "needs_ended",
                          "leaves no other way to say that a dialog is over than `ended`"});
    return faults;
}

}  // namespace

std::optional<KnownBodyProfile> BodyProfileService::find(std::string_view name) const
{
    if (const auto built = built_in_profile(name)) return KnownBodyProfile{*built, std::nullopt};
    if (auto row = db::BodyProfileStore{database_}.find(name))
        return KnownBodyProfile{std::move(row->profile), row->stamp};
    return std::nullopt;
}

std::vector<KnownBodyProfile> BodyProfileService::all() const
{
    std::vector<KnownBodyProfile> known;
    for (const auto* built : built_in_profiles()) known.push_back({*built, std::nullopt});
    for (auto& row : db::BodyProfileStore{database_}.all())
        known.push_back({std::move(row.profile), row.stamp});
    return known;
}

bool BodyProfileService::exists(std::string_view name) const
{
    return built_in_profile(name) || db::BodyProfileStore{database_}.find(name);
}

Result<BodyProfileSaved, Refusal> BodyProfileService::put(const BodyProfile& profile,
                                                          const Precondition& condition,
                                                          const Actor& actor,
                                                          std::chrono::sys_seconds now)
{
    AuditedChange change{database_, actor, now};
    const db::BodyProfileStore rows{database_};
    auto faults = faults_of(profile, database_);
    if (!rows.find(profile.name) && rows.all().size() >= max_profiles)
        faults.push_back({"/name", "too_many",
                          "there are " + std::to_string(max_profiles) + " profiles already"});
    if (!faults.empty()) return unexpected{invalid(std::move(faults))};
    return change.put(rows, "body_profile", profile.name, db::StoredBodyProfile{profile, {}},
                      &db::StoredBodyProfile::profile, condition);
}

Result<ConfigChange, Refusal> BodyProfileService::remove(std::string_view name,
                                                         const Precondition& condition,
                                                         const Actor& actor,
                                                         std::chrono::sys_seconds now)
{
    if (built_in_profile(name))
        return unexpected{invalid({{"/name", "built_in", "is built in and stays"}})};
    AuditedChange change{database_, actor, now};
    return change.remove(db::BodyProfileStore{database_}, "body_profile", name,
                         &db::StoredBodyProfile::profile, condition, [&] {
                             auto users = db::GroupStore{database_}.told_in(name);
                             for (const auto& row : db::DeviceProfileStore{database_}.all())
                                 if (row.choice.profile == name)
                                     users.push_back(
                                         {row.choice.device, "device", {}, "device_profile"});
                             return users;
                         });
}

}  // namespace lampline::admin
