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

std::size_t AuditStore::prune(const AuditLimits& limits, std::chrono::sys_seconds now,
                              std::size_t at_most)
{
    std::int64_t keep_from = 0;
    if (limits.rows > 0) {
        SQLite::Statement last{database_.handle(),
                               "SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET ?"};
        last.bind(1, static_cast<std::int64_t>(limits.rows - 1));
        if (last.executeStep()) keep_from = last.getColumn(0).getInt64();
    }
    const std::int64_t since = limits.age > std::chrono::days{0} ? column(now - limits.age) : 0;
    // Rows are written in the order of time, so the oldest are the first, and few are looked at.
    SQLite::Statement oldest{database_.handle(), "SELECT id, at FROM audit ORDER BY id LIMIT ?"};
    oldest.bind(1, static_cast<std::int64_t>(at_most));
    std::int64_t last = -1;
    std::size_t count = 0;
    for (; oldest.executeStep(); ++count) {
        const auto id = oldest.getColumn(0).getInt64();
        if (id >= keep_from && oldest.getColumn(1).getInt64() >= since) break;
        last = id;
    }
    oldest.reset();
    if (count == 0) return 0;
    Transaction transaction{database_, Durability::normal};
    SQLite::Statement erase{database_.handle(), "DELETE FROM audit WHERE id <= ?"};
    erase.bind(1, last);
    erase.exec();
    transaction.commit();
    return count;
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
