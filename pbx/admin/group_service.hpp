#pragma once
// Groups, their members and watchers: validate, one transaction, ConfigChange.
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "admin/audited_change.hpp"
#include "base/result.hpp"
#include "db/database.hpp"

namespace lampline::admin {

using GroupSaved = Saved<db::StoredGroup>;

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class GroupService {
public:
    static constexpr std::size_t max_members = 500;  ///< and as many watchers

    explicit GroupService(db::Database& database) : database_{database} {}

    [[nodiscard]] std::optional<db::StoredGroup> find(std::string_view name) const;
    [[nodiscard]] std::vector<db::StoredGroup> all() const;
    /// Creates or replaces. Faults at /name, /display_name, /members/N, /watchers/N/number,
    /// /watchers/N/profile, /watching_groups/N/name, /watching_groups/N/profile: malformed,
    /// duplicate, unknown_extension, unknown_group, unknown_profile, too_many.
    Result<GroupSaved, Refusal> put(const Group& group, const Precondition& condition,
                                    const Actor& actor, std::chrono::sys_seconds now);
    /// in_use: it watches another group, or its members use the park lot.
    Result<ConfigChange, Refusal> remove(std::string_view name, const Precondition& condition,
                                         const Actor& actor, std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
