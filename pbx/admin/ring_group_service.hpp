#pragma once
// Ring groups: validate, one transaction, ConfigChange.
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "admin/audited_change.hpp"
#include "base/result.hpp"
#include "core/feature_code.hpp"
#include "db/database.hpp"
#include "db/ring_group_store.hpp"

namespace lampline::admin {

using RingGroupSaved = Saved<db::StoredRingGroup>;

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class RingGroupService {
public:
    static constexpr std::size_t max_members = 50;

    explicit RingGroupService(db::Database& database) : database_{database} {}

    [[nodiscard]] std::optional<db::StoredRingGroup> find(std::string_view number) const;
    [[nodiscard]] std::vector<db::StoredRingGroup> all() const;
    /// Creates or replaces. Faults at /number (malformed, taken), /display_name,
    /// /members/N/number (duplicate, unknown_extension), /members/N/delay, /members (too_many),
    /// /ring_time (out_of_range), /overflow (unknown_number, itself).
    Result<RingGroupSaved, Refusal> put(const RingGroup& group, const Precondition& condition,
                                        const Actor& actor, std::chrono::sys_seconds now);
    /// A phone logs its own extension in or out: audited as `extension NUMBER`. A code that changes
    /// nothing is as good as one that does. Fault at /members (no_member).
    Result<ConfigChange, Refusal> change(const FeatureAsked& asked, std::chrono::sys_seconds now);
    Result<ConfigChange, Refusal> remove(std::string_view number, const Precondition& condition,
                                         const Actor& actor, std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
