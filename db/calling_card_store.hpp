#pragma once
// Tables `calling_card` and `calling_card_user`.
#include <optional>
#include <string_view>

#include "core/calling_card.hpp"
#include "db/database.hpp"
#include "db/sole_row.hpp"

namespace lampline::db {

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class CallingCardStore {
public:
    explicit CallingCardStore(Database& database) : database_{database} {}

    /// nullopt: it was never written.
    [[nodiscard]] std::optional<SoleRow<CallingCard>> find() const;
    /// Replaces it whole. Users must be extensions.
    void put(const SoleRow<CallingCard>& row);
    /// Takes the right to use it from `number`; gives it another version where there was one.
    void forget(std::string_view number);

private:
    Database& database_;
};

}  // namespace lampline::db
