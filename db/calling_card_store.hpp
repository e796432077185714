#pragma once
// Tables `calling_card` and `calling_card_user`.
#include <chrono>
#include <optional>

#include "core/calling_card.hpp"
#include "db/database.hpp"

namespace lampline::db {

struct StoredCallingCard {
    CallingCard card;
    std::uint64_t version = 0;
    std::chrono::sys_seconds updated_at;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class CallingCardStore {
public:
    explicit CallingCardStore(Database& database) : database_{database} {}

    /// nullopt: it was never written.
    [[nodiscard]] std::optional<StoredCallingCard> find() const;
    /// Replaces it whole. Users must be extensions.
    void put(const StoredCallingCard& row);

private:
    Database& database_;
};

}  // namespace lampline::db
