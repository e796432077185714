#include "db/mailbox_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* columns = "SELECT number, fresh, old, urgent_fresh, urgent_old, unsolicited, "
                                "version, updated_at FROM mailbox ";

StoredMailbox row_in(SQLite::Statement& row)
{
    return {row.getColumn(0).getString(),
            {.fresh = row.getColumn(1).getUInt(),
             .old = row.getColumn(2).getUInt(),
             .urgent_fresh = row.getColumn(3).getUInt(),
             .urgent_old = row.getColumn(4).getUInt(),
             .unsolicited = row.getColumn(5).getInt() != 0},
            static_cast<std::uint64_t>(row.getColumn(6).getInt64()),
            time_in(row.getColumn(7))};
}

}  // namespace

std::optional<StoredMailbox> MailboxStore::find(std::string_view number) const
{
    SQLite::Statement select{database_.handle(), std::string{columns} + "WHERE number = ?"};
    select.bind(1, std::string{number});
    if (!select.executeStep()) return std::nullopt;
    return row_in(select);
}

std::vector<StoredMailbox> MailboxStore::all() const
{
    std::vector<StoredMailbox> rows;
    SQLite::Statement select{database_.handle(), std::string{columns} + "ORDER BY number"};
    while (select.executeStep()) rows.push_back(row_in(select));
    return rows;
}

void MailboxStore::put(const StoredMailbox& row)
{
    SQLite::Statement replace{database_.handle(),
                              "INSERT OR REPLACE INTO mailbox VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    replace.bind(1, row.number);
    replace.bind(2, row.messages.fresh);
    replace.bind(3, row.messages.old);
    replace.bind(4, row.messages.urgent_fresh);
    replace.bind(5, row.messages.urgent_old);
    replace.bind(6, row.messages.unsolicited ? 1 : 0);
    replace.bind(7, static_cast<std::int64_t>(row.version));
    replace.bind(8, column(row.updated_at));
    replace.exec();
}

}  // namespace lampline::db
