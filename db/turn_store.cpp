#include "db/turn_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {

std::vector<TurnTaken> TurnStore::all() const
{
    std::vector<TurnTaken> turns;
    SQLite::Statement select{database_.handle(),
                             "SELECT ring_group, first FROM ring_turn "
                             "WHERE ring_group IN (SELECT number FROM ring_group)"};
    while (select.executeStep())
        turns.push_back({select.getColumn(0).getString(), select.getColumn(1).getString()});
    return turns;
}

void TurnStore::put(const TurnTaken& turn)
{
    SQLite::Statement replace{database_.handle(), "INSERT OR REPLACE INTO ring_turn VALUES (?, ?)"};
    replace.bind(1, turn.group);
    replace.bind(2, turn.first);
    replace.exec();
}

}  // namespace lampline::db
