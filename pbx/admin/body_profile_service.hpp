#pragma once
// Body profiles: those of the program, and the office's own: validate, one transaction,
// ConfigChange.
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "admin/audited_change.hpp"
#include "base/result.hpp"
#include "db/body_profile_store.hpp"

namespace lampline::admin {

/// A row as REST shows it.
struct KnownBodyProfile {
    BodyProfile profile;
    std::optional<db::RowStamp> stamp;  ///< nullopt: built in
};

using BodyProfileSaved = Saved<db::StoredBodyProfile>;

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class BodyProfileService {
public:
    static constexpr std::size_t max_profiles = 100;  ///< of the office's own
    static constexpr std::size_t max_phones = 50;     ///< beginnings of User-Agents in one row

    explicit BodyProfileService(db::Database& database) : database_{database} {}

    [[nodiscard]] std::optional<KnownBodyProfile> find(std::string_view name) const;
    /// Built-in rows first, then the office's own by name.
    [[nodiscard]] std::vector<KnownBodyProfile> all() const;
    /// Whether a watcher may choose `name`.
    [[nodiscard]] bool exists(std::string_view name) const;
    /// Creates or replaces. Faults: /name malformed, reserved, built_in, too_many; /user_agents
    /// too_many; /user_agents/N malformed, duplicate, taken; /dialog_id, /idle_dialog_id malformed;
    /// /dialog_id needs_one_dialog; /merged_lists needs_all_dialogs; /partial needs_all_dialogs,
    /// needs_ended.
    Result<BodyProfileSaved, Refusal> put(const BodyProfile& profile, const Precondition& condition,
                                          const Actor& actor, std::chrono::sys_seconds now);
    /// in_use while a watcher or a device has chosen it; phones it was chosen for by User-Agent fall back.
    Result<ConfigChange, Refusal> remove(std::string_view name, const Precondition& condition,
                                         const Actor& actor, std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
