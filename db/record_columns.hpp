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

}  // namespace lampline::db
