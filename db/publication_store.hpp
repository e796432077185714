#pragma once
// Tables `publication` and `published_dialog`.
#include <string>
#include <vector>

#include "core/stored.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class PublicationStore {
public:
    explicit PublicationStore(Database& database) : database_{database} {}

    /// Expired ones and those of extensions that are gone included.
    [[nodiscard]] std::vector<StoredPublication> all() const;
    /// Inserts, or replaces with all its dialogs.
    void put(const StoredPublication& publication);
    void remove(const std::string& id);

private:
    Database& database_;
};

}  // namespace lampline::db
