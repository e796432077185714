#include "db/call_log_store.hpp"

#include <algorithm>

#include "db/record_columns.hpp"
#include "db/rows.hpp"

namespace lampline::db {
namespace {

using TimePoint = std::chrono::system_clock::time_point;

constexpr auto record_columns =
    "r.id, r.caller, r.caller_name, r.dialled, r.callee, r.callee_name, r.answered_by, "
    "r.ringing_at, r.answered_at, r.ended_at, r.result, r.ended_by, r.ended_extension, r.status, "
    "r.reason, r.continued_in, r.caller_trunk, r.answered_trunk";

constexpr auto select_moves = "SELECT * FROM failed_move WHERE record = ? ORDER BY position";

CallRecord record_in(SQLite::Statement& row)
{
    CallRecord record;
    record.id = id_in(row.getColumn(0));
    record.caller = row.getColumn(1).getString();
    record.caller_name = row.getColumn(2).getString();
    record.dialled = row.getColumn(3).getString();
    record.callee = row.getColumn(4).getString();
    record.callee_name = row.getColumn(5).getString();
    record.answered_by = row.getColumn(6).getString();
    record.ringing_at = maybe_moment_in(row.getColumn(7));
    record.answered_at = maybe_moment_in(row.getColumn(8));
    record.ended_at = moment_in(row.getColumn(9));
    record.result = call_result(row.getColumn(10).getString());
    record.ended_by = call_ender(row.getColumn(11).getString());
    record.ended_extension = row.getColumn(12).getString();
    record.status = row.getColumn(13).getUInt();
    record.reason = row.getColumn(14).getString();
    record.continued_in = id_in(row.getColumn(15));
    record.caller_trunk = row.getColumn(16).getString();
    record.answered_trunk = row.getColumn(17).getString();
    return record;
}

CallPart part_in(SQLite::Statement& row)
{
    CallPart part;
    part.kind = part_kind(row.getColumn(0).getString());
    part.result = part_result(row.getColumn(1).getString());
    part.missed = row.getColumn(2).getInt() != 0;
    part.extension = row.getColumn(3).getString();
    part.name = row.getColumn(4).getString();
    part.sip_call_id = row.getColumn(5).getString();
    part.end = row.getColumn(6).getString();
    part.status = row.getColumn(7).getUInt();
    part.started_at = moment_in(row.getColumn(8));
    part.ringing_at = maybe_moment_in(row.getColumn(9));
    part.answered_at = maybe_moment_in(row.getColumn(10));
    part.ended_at = moment_in(row.getColumn(11));
    part.in_place_of = position_in(row.getColumn(12));
    part.moved_by = position_in(row.getColumn(13));
    part.came_from = id_in(row.getColumn(14));
    part.trunk = row.getColumn(15).getString();
    part.on_behalf_of = row.getColumn(16).getString();
    return part;
}

/// The parts that make a call one of `query.extension`.
std::string part_condition(const CallLogQuery& query)
{
    std::string condition =
        "extension = :extension AND trunk = '' AND record < :before AND record >= :from";
    const std::string rung = "kind IN ('called', 'transferred')";
    if (query.side == CallSide::incoming) condition += " AND " + rung;
    if (query.side == CallSide::outgoing) condition += " AND NOT " + rung;
    if (query.outcome == CallOutcome::answered) condition += " AND result = 'answered'";
    if (query.outcome == CallOutcome::missed) condition += " AND missed";
    return condition;
}

std::string statement_for(const CallLogQuery& query)
{
    std::string sql = std::string{"SELECT "} + record_columns;
    if (query.extension.empty()) {
        sql += " FROM call_record r WHERE r.id < :before AND r.id >= :from";
        if (query.outcome == CallOutcome::answered) sql += " AND r.answered_at IS NOT NULL";
        if (query.outcome == CallOutcome::missed) sql += " AND r.result IN ('missed', 'busy', 'unreachable')";
    } else {
        // Walks the index of the extension backwards, so that a page costs what it shows.
        sql += " FROM (SELECT DISTINCT record FROM call_part WHERE " + part_condition(query) +
               " ORDER BY record DESC) p CROSS JOIN call_record r ON r.id = p.record WHERE 1";
    }
    if (!query.text.empty())
        sql += " AND (holds_text(r.caller, :text) OR holds_text(r.caller_name, :text) "
               "OR holds_text(r.dialled, :text) OR holds_text(r.callee, :text) "
               "OR holds_text(r.callee_name, :text) OR holds_text(r.answered_by, :text) "
               "OR EXISTS (SELECT 1 FROM call_part t WHERE t.record = r.id "
               "AND (t.answered_at IS NOT NULL OR t.kind = 'transferred') "
               "AND (holds_text(t.extension, :text) OR holds_text(t.name, :text))))";
    return sql + " ORDER BY r.id DESC LIMIT :limit";
}

}  // namespace

struct CallLogStore::Statements {
    explicit Statements(SQLite::Database& handle)
        : put{handle, "INSERT OR REPLACE INTO call_record "
                      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
          put_part{handle, "INSERT OR REPLACE INTO call_part "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
          put_move{handle, "INSERT OR REPLACE INTO failed_move VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"}
    {
    }

    SQLite::Statement put;
    SQLite::Statement put_part;
    SQLite::Statement put_move;
};

CallLogStore::CallLogStore(Database& database)
    : database_{database}, statements_{std::make_unique<Statements>(database.handle())}
{
}

CallLogStore::~CallLogStore() = default;

void CallLogStore::put(const CallRecord& record)
{
    auto& put = statements_->put;
    put.clearBindings();
    put.bind(1, column(record.id));
    // The statement has run before `record` is gone.
    put.bindNoCopy(2, record.caller);
    put.bindNoCopy(3, record.caller_name);
    put.bindNoCopy(4, record.dialled);
    put.bindNoCopy(5, record.callee);
    put.bindNoCopy(6, record.callee_name);
    put.bindNoCopy(7, record.answered_by);
    bind(put, 8, record.ringing_at);
    bind(put, 9, record.answered_at);
    put.bind(10, milliseconds(record.ended_at));
    put.bind(11, std::string{word(record.result)});
    put.bind(12, std::string{word(record.ended_by)});
    put.bindNoCopy(13, record.ended_extension);
    put.bind(14, record.status);
    put.bindNoCopy(15, record.reason);
    bind(put, 16, record.continued_in);
    put.bind(17, record.caller_trunk);
    put.bind(18, record.answered_trunk);
    run_once(put);

    auto& row = statements_->put_part;
    for (std::size_t position = 0; position < record.parts.size(); ++position) {
        const auto& part = record.parts[position];
        row.clearBindings();
        row.bind(1, column(record.id));
        row.bind(2, static_cast<std::int64_t>(position));
        row.bind(3, std::string{word(part.kind)});
        row.bind(4, std::string{word(part.result)});
        row.bind(5, part.missed ? 1 : 0);
        row.bindNoCopy(6, part.extension);
        row.bindNoCopy(7, part.name);
        row.bindNoCopy(8, part.sip_call_id);
        row.bindNoCopy(9, part.end);
        row.bind(10, part.status);
        row.bind(11, milliseconds(part.started_at));
        bind(row, 12, part.ringing_at);
        bind(row, 13, part.answered_at);
        row.bind(14, milliseconds(part.ended_at));
        bind(row, 15, part.in_place_of);
        bind(row, 16, part.moved_by);
        bind(row, 17, part.came_from);
        row.bind(18, part.trunk);
        row.bind(19, part.on_behalf_of);
        run_once(row);
    }
    put_moves(statements_->put_move, record);
}

std::vector<CallRecord> CallLogStore::page(const CallLogQuery& query)
{
    constexpr CallRecordId newest{INT64_MAX};
    auto before = query.before ? query.before : newest;
    if (query.to) before = std::min(before, first_record_id(*query.to));
    SQLite::Statement select{database_.handle(), statement_for(query)};
    select.bind(":before", column(before));
    select.bind(":from", query.from ? column(first_record_id(*query.from)) : std::int64_t{0});
    select.bind(":limit", static_cast<std::int64_t>(query.limit));
    if (!query.extension.empty()) select.bind(":extension", query.extension);
    if (!query.text.empty()) select.bind(":text", query.text);
    std::vector<CallRecord> records;
    SQLite::Statement moves{database_.handle(), select_moves};
    while (select.executeStep()) read_moves(moves, records.emplace_back(record_in(select)));
    return records;
}

std::optional<CallRecord> CallLogStore::find(CallRecordId id)
{
    SQLite::Statement select{database_.handle(), std::string{"SELECT "} + record_columns +
                                                     " FROM call_record r WHERE r.id = ?"};
    select.bind(1, column(id));
    if (!select.executeStep()) return std::nullopt;
    auto record = record_in(select);
    SQLite::Statement parts{
        database_.handle(),
        "SELECT kind, result, missed, extension, name, sip_call_id, ending, status, started_at, "
        "ringing_at, answered_at, ended_at, in_place_of, moved_by, came_from, trunk, "
        "on_behalf_of "
        "FROM call_part WHERE record = ? ORDER BY position"};
    parts.bind(1, column(id));
    while (parts.executeStep()) record.parts.push_back(part_in(parts));
    SQLite::Statement moves{database_.handle(), select_moves};
    read_moves(moves, record);
    return record;
}

std::vector<std::string> CallLogStore::by_last_talk(const std::vector<std::string>& extensions)
{
    // The last ten parts are looked at: who has not talked in as many calls is idle enough.
    SQLite::Statement select{
        database_.handle(),
        "SELECT MAX(ended_at) FROM (SELECT ended_at, answered_at FROM call_part "
        "WHERE extension = ? ORDER BY record DESC LIMIT 10) "
        "WHERE answered_at IS NOT NULL"};
    std::vector<std::pair<std::int64_t, std::string>> found;
    for (const auto& extension : extensions) {
        select.bind(1, extension);
        if (select.executeStep() && !select.getColumn(0).isNull())
            found.emplace_back(select.getColumn(0).getInt64(), extension);
        select.reset();
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> order;
    for (auto& [time, extension] : found) order.push_back(std::move(extension));
    return order;
}

std::size_t CallLogStore::prune(const CallLogLimits& limits, TimePoint now, std::size_t at_most)
{
    auto& handle = database_.handle();
    std::int64_t keep_from = 0;
    if (limits.age > std::chrono::days{0}) keep_from = column(first_record_id(now - limits.age));
    if (limits.rows > 0) {
        SQLite::Statement last{handle,
                               "SELECT id FROM call_record ORDER BY id DESC LIMIT 1 OFFSET ?"};
        last.bind(1, static_cast<std::int64_t>(limits.rows - 1));
        if (last.executeStep()) keep_from = std::max(keep_from, last.getColumn(0).getInt64());
    }
    SQLite::Statement oldest{handle, "SELECT id FROM call_record WHERE id < ? ORDER BY id LIMIT ?"};
    oldest.bind(1, keep_from);
    oldest.bind(2, static_cast<std::int64_t>(at_most));
    std::int64_t last = -1;
    std::size_t count = 0;
    for (; oldest.executeStep(); ++count) last = oldest.getColumn(0).getInt64();
    oldest.reset();
    if (count == 0) return 0;
    Transaction transaction{database_, Durability::normal};
    for (const auto* sql :
         {"DELETE FROM failed_move WHERE record <= ?", "DELETE FROM call_part WHERE record <= ?",
          "DELETE FROM call_record WHERE id <= ?"}) {
        SQLite::Statement erase{handle, sql};
        erase.bind(1, last);
        erase.exec();
    }
    transaction.commit();
    return count;
}

}  // namespace lampline::db
