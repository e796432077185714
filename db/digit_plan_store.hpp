#pragma once
// Tables `digit_plan`, `digit_rule`, `call_right` and `outside_right`.
#include <optional>
#include <string_view>

#include "core/digit_plan.hpp"
#include "db/database.hpp"
#include "db/sole_row.hpp"

namespace lampline::db {

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class DigitPlanStore {
public:
    explicit DigitPlanStore(Database& database) : database_{database} {}

    /// nullopt: it was never written.
    [[nodiscard]] std::optional<SoleRow<DigitRules>> find() const;
    /// Replaces it whole. Rights are those of extensions.
    void put(const SoleRow<DigitRules>& plan);
    /// Whoever has `number` later has no rights of its own yet; the plan is another one then.
    void forget(std::string_view number);

private:
    Database& database_;
};

}  // namespace lampline::db
