#pragma once
// Tables `digit_plan`, `digit_rule`, `call_right` and `outside_right`.
#include <chrono>
#include <optional>

#include "core/digit_plan.hpp"
#include "db/database.hpp"

namespace lampline::db {

struct StoredDigitPlan {
    DigitRules rules;
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class DigitPlanStore {
public:
    explicit DigitPlanStore(Database& database) : database_{database} {}

    /// nullopt: it was never written.
    [[nodiscard]] std::optional<StoredDigitPlan> find() const;
    /// Replaces it whole. Rights are those of extensions.
    void put(const StoredDigitPlan& plan);

private:
    Database& database_;
};

}  // namespace lampline::db
