#pragma once
// Table `ended_notifier`.
#include <vector>

#include "core/stored.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class EndedNotifierStore {
public:
    static constexpr int max_kept = 4096;  ///< beyond it those go that are over first

    explicit EndedNotifierStore(Database& database) : database_{database} {}

    /// The oldest first; their `at` is not kept.
    [[nodiscard]] std::vector<NotifierEnded> all() const;
    /// Forgets what was to be kept until before `ended.at`.
    void put(const NotifierEnded& ended);

private:
    Database& database_;
};

}  // namespace lampline::db
