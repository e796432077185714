#pragma once
// Table `subscription`.
#include <memory>
#include <string_view>
#include <vector>

#include "core/stored.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Keeps prepared statements. Every call may throw SQLite::Exception; writing needs a Transaction.
class SubscriptionStore {
public:
    explicit SubscriptionStore(Database& database);
    ~SubscriptionStore();

    /// Every subscription whose watcher exists, expired ones included; Flow::connection is 0. A
    /// member may be gone, which its watchers are still to be told. Reads only.
    [[nodiscard]] std::vector<StoredSubscription> all();
    void put(const StoredSubscription& subscription);
    void remove(std::string_view call_id, std::string_view local_tag);
    /// Drops subscriptions whose watcher is gone.
    void remove_orphans();

private:
    struct Statements;

    Database& database_;
    std::unique_ptr<Statements> statements_;
};

}  // namespace lampline::db
