#pragma once
// Table `park_lot`.
#include <chrono>
#include <optional>

#include "core/park_lot.hpp"
#include "db/database.hpp"

namespace lampline::db {

struct StoredParkLot {
    ParkLot lot;
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class ParkLotStore {
public:
    explicit ParkLotStore(Database& database) : database_{database} {}

    /// nullopt: it was never written.
    [[nodiscard]] std::optional<StoredParkLot> find() const;
    void put(const StoredParkLot& row);

private:
    Database& database_;
};

}  // namespace lampline::db
