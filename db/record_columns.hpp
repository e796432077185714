#pragma once
// How values of call records look in a column. For the stores only.
#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "core/call_record.hpp"
#include "db/rows.hpp"

namespace lampline::db {

inline std::int64_t column(CallRecordId id)
{
    return static_cast<std::int64_t>(id.value);
}
inline std::int64_t milliseconds(CallRecord::TimePoint time)
{
    return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}
inline void bind(SQLite::Statement& statement, int index,
                 const std::optional<CallRecord::TimePoint>& time)
{
    if (time) statement.bind(index, milliseconds(*time));
}
inline void bind(SQLite::Statement& statement, int index, CallRecordId id)
{
    if (id) statement.bind(index, column(id));
}
inline void bind(SQLite::Statement& statement, int index,
                 const std::optional<std::size_t>& position)
{
    if (position) statement.bind(index, static_cast<std::int64_t>(*position));
}

inline CallRecord::TimePoint moment_in(const SQLite::Column& column)
{
    using std::chrono::milliseconds;
    constexpr milliseconds last = last_time.time_since_epoch();
    return CallRecord::TimePoint{
        std::clamp(milliseconds{column.getInt64()}, milliseconds{}, last)};
}
inline std::optional<CallRecord::TimePoint> maybe_moment_in(const SQLite::Column& column)
{
    if (column.isNull()) return std::nullopt;
    return moment_in(column);
}
inline CallRecordId id_in(const SQLite::Column& column)
{
    return {static_cast<std::uint64_t>(column.getInt64())};
}
inline std::optional<std::size_t> position_in(const SQLite::Column& column)
{
    if (column.isNull()) return std::nullopt;
    return static_cast<std::size_t>(column.getInt64());
}

/// Writes the moves of `record`, of which there are never fewer than when it was written before. `put` has a parameter
/// for each column of its table, in order.
inline void put_moves(SQLite::Statement& put, const CallRecord& record)
{
    for (std::size_t position = 0; position < record.failed_moves.size(); ++position) {
        const auto& move = record.failed_moves[position];
        put.clearBindings();
        put.bind(1, column(record.id));
        put.bind(2, static_cast<std::int64_t>(position));
        put.bind(3, std::string{word(move.kind)});
        put.bind(4, move.by);
        bind(put, 5, move.part);
        put.bind(6, move.target);
        put.bind(7, move.status);
        put.bind(8, move.reason);
        put.bind(9, milliseconds(move.at));
        run_once(put);
    }
}

/// Fills in the moves of `record`. `select` finds all columns of its table by the record's id, in order of position.
inline void read_moves(SQLite::Statement& select, CallRecord& record)
{
    select.bind(1, column(record.id));
    while (select.executeStep()) {
        auto& move = record.failed_moves.emplace_back();
        move.kind = move_kind(select.getColumn(2).getString());
        move.by = select.getColumn(3).getString();
        move.part = position_in(select.getColumn(4));
        move.target = select.getColumn(5).getString();
        move.status = select.getColumn(6).getUInt();
        move.reason = select.getColumn(7).getString();
        move.at = moment_in(select.getColumn(8));
    }
    select.reset();
}

}  // namespace lampline::db
