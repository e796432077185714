#pragma once
// Table `unasked_lamp`.
#include <vector>

#include "core/stored.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class UnaskedLampStore {
public:
    explicit UnaskedLampStore(Database& database) : database_{database} {}

    /// In the order in which they were first stored, of extensions that there may be no more.
    [[nodiscard]] std::vector<UnaskedLamp> all() const;
    void put(const UnaskedLamp& lamp);
    /// Whatever its `since`.
    void remove(const UnaskedLamp& lamp);

private:
    Database& database_;
};

}  // namespace lampline::db
