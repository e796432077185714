#include "db/ended_notifier_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {

std::vector<NotifierEnded> EndedNotifierStore::all() const
{
    std::vector<NotifierEnded> ended;
    SQLite::Statement select{database_.handle(),
                             "SELECT dialog, last_cseq, until FROM ended_notifier ORDER BY until"};
    while (select.executeStep())
        ended.push_back({.dialog = select.getColumn(0).getString(),
                         .last_cseq = select.getColumn(1).getUInt(),
                         .at = {},
                         .until = time_in(select.getColumn(2))});
    return ended;
}

void EndedNotifierStore::put(const NotifierEnded& ended)
{
    SQLite::Statement expire{
        database_.handle(),
        "DELETE FROM ended_notifier WHERE until < max(?, coalesce((SELECT until FROM "
        "ended_notifier ORDER BY until DESC LIMIT 1 OFFSET ?), 0))"};
    expire.bind(1, ended.at.time_since_epoch().count());
    expire.bind(2, max_kept - 1);
    expire.exec();
    SQLite::Statement insert{database_.handle(),
                             "INSERT OR IGNORE INTO ended_notifier VALUES (?, ?, ?)"};
    insert.bind(1, ended.dialog);
    insert.bind(2, ended.last_cseq);
    insert.bind(3, ended.until.time_since_epoch().count());
    insert.exec();
}

}  // namespace lampline::db
