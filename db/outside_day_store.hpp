#pragma once
// Table `outside_day`.
#include <chrono>
#include <vector>

#include "core/stored.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Statements over one Database; every call may throw SQLite::Exception.
class OutsideDayStore {
public:
    explicit OutsideDayStore(Database& database) : database_{database} {}

    /// Of the newest day that anything was stored of.
    [[nodiscard]] std::vector<OutsideDay> latest() const;
    /// Inserts or replaces, and forgets days before. Needs a Transaction.
    void put(const OutsideDay& day);

private:
    Database& database_;
};

}  // namespace lampline::db
