#include "db/audit_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

std::optional<std::string> text_in(const SQLite::Column& column)
{
    if (column.isNull()) return std::nullopt;
    return column.getString();
}

}  // namespace

std::uint64_t AuditStore::record(const AuditRow& row)
{
    SQLite::Statement insert{
        database_.handle(),
        "INSERT INTO audit (at, actor, address, request_id, operation, subject, before, after) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"};
    insert.bind(1, column(row.at));
    insert.bind(2, row.actor);
    insert.bind(3, row.address);
    insert.bind(4, row.request_id);
    insert.bind(5, row.operation);
    insert.bind(6, row.subject);
    if (row.before) insert.bind(7, *row.before);
    if (row.after) insert.bind(8, *row.after);
    insert.exec();
    return static_cast<std::uint64_t>(database_.handle().getLastInsertRowid());
}

std::vector<AuditRow> AuditStore::latest(std::size_t limit) const
{
    std::vector<AuditRow> rows;
    SQLite::Statement select{
        database_.handle(),
        "SELECT id, at, actor, address, request_id, operation, subject, before, after "
        "FROM audit ORDER BY id DESC LIMIT ?"};
    select.bind(1, static_cast<std::int64_t>(limit));
    while (select.executeStep())
        rows.push_back({static_cast<std::uint64_t>(select.getColumn(0).getInt64()),
                        time_in(select.getColumn(1)), select.getColumn(2).getString(),
                        select.getColumn(3).getString(), select.getColumn(4).getString(),
                        select.getColumn(5).getString(), select.getColumn(6).getString(),
                        text_in(select.getColumn(7)), text_in(select.getColumn(8))});
    return rows;
}

}  // namespace lampline::db
