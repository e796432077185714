#include "db/outside_day_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

std::int64_t day_number(std::chrono::sys_days day)
{
    return day.time_since_epoch().count();
}

}  // namespace

std::vector<OutsideDay> OutsideDayStore::latest() const
{
    std::vector<OutsideDay> days;
    SQLite::Statement select{database_.handle(), "SELECT day, payer, trunk, calls FROM outside_day "
                                                 "WHERE day = (SELECT max(day) FROM outside_day)"};
    while (select.executeStep())
        days.push_back({std::chrono::sys_days{std::chrono::days{select.getColumn(0).getInt()}},
                        select.getColumn(1).getString(), select.getColumn(2).getString(),
                        select.getColumn(3).getUInt()});
    return days;
}

void OutsideDayStore::put(const OutsideDay& day)
{
    SQLite::Statement insert{database_.handle(),
                             "INSERT OR REPLACE INTO outside_day VALUES (?, ?, ?, ?)"};
    insert.bind(1, day_number(day.day));
    insert.bind(2, day.payer);
    insert.bind(3, day.trunk);
    insert.bind(4, static_cast<std::int64_t>(day.calls));
    insert.exec();
    SQLite::Statement erase{database_.handle(), "DELETE FROM outside_day WHERE day < ?"};
    erase.bind(1, day_number(day.day));
    erase.exec();
}

}  // namespace lampline::db
