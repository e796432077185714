#include "db/park_lot_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {

std::optional<SoleRow<ParkLot>> ParkLotStore::find() const
{
    SQLite::Statement row{database_.handle(),
                          "SELECT number, first_slot, slots, timeout, fallback, groups, version, "
                          "updated_at FROM park_lot"};
    if (!row.executeStep()) return std::nullopt;
    SoleRow<ParkLot> stored;
    stored.content.number = row.getColumn(0).getString();
    stored.content.first_slot = row.getColumn(1).getString();
    stored.content.slots = static_cast<unsigned>(row.getColumn(2).getInt());
    stored.content.timeout = std::chrono::seconds{row.getColumn(3).getInt()};
    stored.content.fallback = row.getColumn(4).getString();
    stored.content.groups = lines_in(row.getColumn(5));
    stored.version = static_cast<std::uint64_t>(row.getColumn(6).getInt64());
    stored.updated_at = time_in(row.getColumn(7));
    return stored;
}

void ParkLotStore::put(const SoleRow<ParkLot>& row)
{
    SQLite::Statement put{database_.handle(),
                          "INSERT OR REPLACE INTO park_lot VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)"};
    put.bind(1, row.content.number);
    put.bind(2, row.content.first_slot);
    put.bind(3, static_cast<std::int64_t>(row.content.slots));
    put.bind(4, static_cast<std::int64_t>(row.content.timeout.count()));
    put.bind(5, row.content.fallback);
    put.bind(6, column(row.content.groups));
    put.bind(7, static_cast<std::int64_t>(row.version));
    put.bind(8, column(row.updated_at));
    put.exec();
}

}  // namespace lampline::db
