#pragma once
// The calling-card application: validate, one transaction, ConfigChange.
#include <chrono>

#include "admin/sole_setting.hpp"
#include "base/result.hpp"
#include "core/calling_card.hpp"
#include "db/database.hpp"

namespace lampline::admin {

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class CallingCardService {
public:
    static constexpr std::size_t max_users = 1000;

    explicit CallingCardService(db::Database& database) : database_{database} {}

    [[nodiscard]] Sole<CallingCard> at() const;
    /// Replaces it whole. Faults at /number (malformed, taken), /display_name, /users (too_many),
    /// /users/N (unknown_extension, duplicate), /first_digit (5 to 120 s), /inter_digit (1 to 30
    /// s), /long_pound (500 to 10000 ms, or 0), /back (at most 4 of 0123456789*#), /longest (60 to
    /// 86400 s).
    Result<SoleSaved<CallingCard>, Refusal> put(const CallingCard& card,
                                                const Precondition& condition, const Actor& actor,
                                                std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
