#include "db/forwarding_store.hpp"

#include "db/rows.hpp"

namespace lampline::db {
namespace {

constexpr const char* columns =
    "SELECT number, always, busy, no_answer, unregistered, no_answer_after, do_not_disturb, "
    "call_waiting, call_limit, forking, version, updated_at FROM forwarding ";

StoredForwarding row_in(SQLite::Statement& row)
{
    StoredForwarding stored;
    stored.number = row.getColumn(0).getString();
    auto& forwarding = stored.forwarding;
    forwarding.always = row.getColumn(1).getString();
    forwarding.busy = row.getColumn(2).getString();
    forwarding.no_answer = row.getColumn(3).getString();
    forwarding.unregistered = row.getColumn(4).getString();
    forwarding.no_answer_after = std::chrono::seconds{row.getColumn(5).getInt()};
    forwarding.do_not_disturb = row.getColumn(6).getInt() != 0;
    forwarding.call_waiting = row.getColumn(7).getInt() != 0;
    if (const auto limit = row.getColumn(8); !limit.isNull())
        forwarding.call_limit = static_cast<unsigned>(limit.getInt());
    forwarding.forking = forking_named(row.getColumn(9).getString()).value_or(Forking::parallel);
    stored.version = static_cast<std::uint64_t>(row.getColumn(10).getInt64());
    stored.updated_at = time_in(row.getColumn(11));
    return stored;
}

}  // namespace

std::string_view forking_word(Forking forking) noexcept
{
    return forking == Forking::parallel ? "parallel" : "sequential";
}

std::optional<Forking> forking_named(std::string_view word) noexcept
{
    for (const auto forking : {Forking::parallel, Forking::sequential})
        if (word == forking_word(forking)) return forking;
    return std::nullopt;
}

std::optional<StoredForwarding> ForwardingStore::find(std::string_view number) const
{
    SQLite::Statement select{database_.handle(), std::string{columns} + "WHERE number = ?"};
    select.bind(1, std::string{number});
    if (!select.executeStep()) return std::nullopt;
    return row_in(select);
}

std::vector<StoredForwarding> ForwardingStore::all() const
{
    std::vector<StoredForwarding> rows;
    SQLite::Statement select{database_.handle(), std::string{columns} + "ORDER BY number"};
    while (select.executeStep()) rows.push_back(row_in(select));
    return rows;
}

void ForwardingStore::put(const StoredForwarding& row)
{
    const auto& forwarding = row.forwarding;
    SQLite::Statement replace{
        database_.handle(),
        "INSERT OR REPLACE INTO forwarding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    replace.bind(1, row.number);
    replace.bind(2, forwarding.always);
    replace.bind(3, forwarding.busy);
    replace.bind(4, forwarding.no_answer);
    replace.bind(5, forwarding.unregistered);
    replace.bind(6, static_cast<std::int64_t>(forwarding.no_answer_after.count()));
    replace.bind(7, forwarding.do_not_disturb ? 1 : 0);
    replace.bind(8, forwarding.call_waiting ? 1 : 0);
    if (forwarding.call_limit) replace.bind(9, static_cast<int>(*forwarding.call_limit));
    replace.bind(10, std::string{forking_word(forwarding.forking)});
    replace.bind(11, static_cast<std::int64_t>(row.version));
    replace.bind(12, column(row.updated_at));
    replace.exec();
}

}  // namespace lampline::db
