#pragma once
// Table `park_lot`.
#include <optional>

#include "core/park_lot.hpp"
#include "db/database.hpp"
#include "db/sole_row.hpp"

namespace lampline::db {

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class ParkLotStore {
public:
    explicit ParkLotStore(Database& database) : database_{database} {}

    /// nullopt: it was never written.
    [[nodiscard]] std::optional<SoleRow<ParkLot>> find() const;
    void put(const SoleRow<ParkLot>& row);

private:
    Database& database_;
};

}  // namespace lampline::db
