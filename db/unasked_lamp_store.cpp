#include "db/unasked_lamp_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {

std::vector<UnaskedLamp> UnaskedLampStore::all() const
{
    std::vector<UnaskedLamp> lamps;
    SQLite::Statement select{database_.handle(),
                             "SELECT watcher, phone, member, since FROM unasked_lamp ORDER BY id"};
    while (select.executeStep())
        lamps.push_back({.watcher = select.getColumn(0).getString(),
                         .phone = select.getColumn(1).getString(),
                         .member = select.getColumn(2).getString(),
                         .since = time_in(select.getColumn(3))});
    return lamps;
}

void UnaskedLampStore::put(const UnaskedLamp& lamp)
{
    SQLite::Statement insert{database_.handle(),
                             "INSERT INTO unasked_lamp (watcher, phone, member, since) "
                             "VALUES (?, ?, ?, ?) ON CONFLICT (watcher, phone, member) "
                             "DO UPDATE SET since = excluded.since"};
    insert.bind(1, lamp.watcher);
    insert.bind(2, lamp.phone);
    insert.bind(3, lamp.member);
    insert.bind(4, column(lamp.since));
    insert.exec();
}

void UnaskedLampStore::remove(const UnaskedLamp& lamp)
{
    SQLite::Statement erase{
        database_.handle(),
        "DELETE FROM unasked_lamp WHERE watcher = ? AND phone = ? AND member = ?"};
    erase.bind(1, lamp.watcher);
    erase.bind(2, lamp.phone);
    erase.bind(3, lamp.member);
    erase.exec();
}

}  // namespace lampline::db
