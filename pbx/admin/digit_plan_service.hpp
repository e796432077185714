#pragma once
// The digit plan: validate, one transaction, ConfigChange.
#include <chrono>

#include "admin/sole_setting.hpp"
#include "base/result.hpp"
#include "core/digit_plan.hpp"
#include "db/database.hpp"

namespace lampline::admin {

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class DigitPlanService {
public:
    explicit DigitPlanService(db::Database& database) : database_{database} {}

    [[nodiscard]] Sole<DigitRules> at() const;
    /// Replaces the whole plan. Faults at /rules/N/name, /rules/N/pattern, /rules/N/replacement,
    /// /rules/N/status, /rules/N/phrase, /rules/N/trunks/N (unknown_trunk), /rights/NUMBER and
    /// /outside/NUMBER (unknown_number).
    Result<SoleSaved<DigitRules>, Refusal> put(const DigitRules& rules,
                                               const Precondition& condition, const Actor& actor,
                                               std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
