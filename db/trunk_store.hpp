#pragma once
// Table `trunk` and those of its lists.
#include <optional>
#include <string_view>
#include <vector>

#include "core/trunk.hpp"
#include "db/database.hpp"
#include "db/row_stamp.hpp"

namespace lampline::db {

struct StoredTrunk {
    Trunk trunk;
    RowStamp stamp;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction. Rows hold the secret in clear.
class TrunkStore {
public:
    explicit TrunkStore(Database& database) : database_{database} {}

    [[nodiscard]] std::optional<StoredTrunk> find(std::string_view name) const;
    /// Every trunk, by name.
    [[nodiscard]] std::vector<StoredTrunk> all() const;
    /// Inserts or replaces; an existing row keeps its created_at.
    void put(const StoredTrunk& row);
    bool remove(std::string_view name);

private:
    Database& database_;
};

}  // namespace lampline::db
