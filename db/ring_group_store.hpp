#pragma once
// Tables `ring_group` and `ring_group_member`.
#include <optional>
#include <string_view>
#include <vector>

#include "core/ring_group.hpp"
#include "db/database.hpp"
#include "db/row_stamp.hpp"

namespace lampline::db {

struct StoredRingGroup {
    RingGroup group;
    RowStamp stamp;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class RingGroupStore {
public:
    explicit RingGroupStore(Database& database) : database_{database} {}

    [[nodiscard]] std::optional<StoredRingGroup> find(std::string_view number) const;
    /// Every ring group, by number; members in their order.
    [[nodiscard]] std::vector<StoredRingGroup> all() const;
    /// Inserts or replaces; an existing row keeps its created_at. Members must be extensions, each
    /// once.
    void put(const StoredRingGroup& row);
    bool remove(std::string_view number);
    /// Numbers of the ring groups that `extension` is a member of.
    [[nodiscard]] std::vector<std::string> with_member(std::string_view extension) const;

private:
    Database& database_;
};

/// The word of a strategy in the database and in REST: all, linear, round_robin, longest_idle,
/// random.
std::string_view strategy_word(RingStrategy strategy) noexcept;
std::optional<RingStrategy> strategy_named(std::string_view word) noexcept;

}  // namespace lampline::db
