#pragma once
// Tables `open_record`, `open_part` and `open_failed_move`.
#include <memory>
#include <vector>

#include "core/stored.hpp"
#include "db/database.hpp"

namespace lampline::db {

/// Keeps prepared statements. Every call may throw SQLite::Exception; writing needs a Transaction.
class OpenRecordStore {
public:
    explicit OpenRecordStore(Database& database);
    ~OpenRecordStore();

    /// Reads only.
    [[nodiscard]] std::vector<OpenRecord> all();
    void put(const OpenRecord& open);
    void remove(CallRecordId id);

private:
    struct Statements;

    void erase_parts_from(std::size_t position, CallRecordId id);

    Database& database_;
    std::unique_ptr<Statements> statements_;
};

}  // namespace lampline::db
