#pragma once
// Tables `body_profile` and `body_profile_phone`: the office's own dialects.
#include <optional>
#include <string_view>
#include <vector>

#include "core/body_profile.hpp"
#include "db/database.hpp"
#include "db/row_stamp.hpp"

namespace lampline::db {

struct StoredBodyProfile {
    BodyProfile profile;
    RowStamp stamp;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class BodyProfileStore {
public:
    explicit BodyProfileStore(Database& database) : database_{database} {}

    [[nodiscard]] std::optional<StoredBodyProfile> find(std::string_view name) const;
    /// By name.
    [[nodiscard]] std::vector<StoredBodyProfile> all() const;
    /// Inserts or replaces; an existing row keeps its created_at. No other row may name the same
    /// beginning of a User-Agent.
    void put(const StoredBodyProfile& row);
    bool remove(std::string_view name);
    /// The row that names this beginning, without case.
    [[nodiscard]] std::optional<std::string> owner_of(std::string_view beginning) const;

private:
    Database& database_;
};

}  // namespace lampline::db
