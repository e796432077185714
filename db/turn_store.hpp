#pragma once
// Table `ring_turn`.
#include <vector>

#include "core/stored.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class TurnStore {
public:
    explicit TurnStore(Database& database) : database_{database} {}

    /// Of the ring groups that there are.
    [[nodiscard]] std::vector<TurnTaken> all() const;
    void put(const TurnTaken& turn);

private:
    Database& database_;
};

}  // namespace lampline::db
