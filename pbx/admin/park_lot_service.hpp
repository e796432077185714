#pragma once
// The park lot: validate, one transaction, ConfigChange.
#include <chrono>

#include "admin/sole_setting.hpp"
#include "base/result.hpp"
#include "core/park_lot.hpp"
#include "db/database.hpp"

namespace lampline::admin {

/// Use cases over one Database, on the thread that has it. May throw SQLite::Exception; then
/// nothing is changed.
class ParkLotService {
public:
    explicit ParkLotService(db::Database& database) : database_{database} {}

    [[nodiscard]] Sole<ParkLot> at() const;
    /// Replaces it; without a number there is none. Faults at /number (malformed, taken,
    /// slot), /first_slot (malformed, taken, too_few_digits), /slots, /timeout
    /// (out_of_range), /fallback (unknown_number, slot), /groups/N (unknown_group, duplicate).
    Result<SoleSaved<ParkLot>, Refusal> put(const ParkLot& lot, const Precondition& condition,
                                            const Actor& actor, std::chrono::sys_seconds now);

private:
    db::Database& database_;
};

}  // namespace lampline::admin
