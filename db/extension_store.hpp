#pragma once
// Table `extension`.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/directory.hpp"
#include "db/database.hpp"
#include "db/row_stamp.hpp"

namespace lampline::db {

struct StoredExtension {
    Extension extension;
    RowStamp stamp;
};

/// Statements over one Database; every call may throw SQLite::Exception. Writing needs a
/// Transaction.
class ExtensionStore {
public:
    explicit ExtensionStore(Database& database) : database_{database} {}

    [[nodiscard]] std::optional<StoredExtension> find(std::string_view number) const;
    /// Every extension, by number.
    [[nodiscard]] std::vector<StoredExtension> all() const;
    [[nodiscard]] std::size_t count() const;
    /// Inserts or replaces; an existing row keeps its created_at.
    void put(const StoredExtension& row);
    /// False when there was none. A member or watcher of a group cannot be removed:
    /// SQLite::Exception.
    bool remove(std::string_view number);

private:
    Database& database_;
};

}  // namespace lampline::db
