#pragma once
// How values of core look in a column. For the stores only.
#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_types.hpp"

namespace lampline::db {

inline std::int64_t column(std::chrono::sys_seconds time)
{
    return time.time_since_epoch().count();
}
/// A row that is damaged may say any time; system_clock counts nanoseconds, up to 2262.
constexpr std::chrono::sys_seconds last_time =
    std::chrono::sys_days{std::chrono::year{2262} / 1 / 1};
inline std::chrono::sys_seconds time_in(const SQLite::Column& column)
{
    const std::chrono::sys_seconds time{std::chrono::seconds{column.getInt64()}};
    return std::clamp(time, std::chrono::sys_seconds{}, last_time);
}

/// Header values, one a line: none of them contains a line end.
inline std::string column(const std::vector<std::string>& values)
{
    std::string text;
    for (const auto& value : values) {
        if (!text.empty()) text += '\n';
        text += value;
    }
    return text;
}
inline std::vector<std::string> lines_in(const SQLite::Column& column)
{
    std::vector<std::string> values;
    const std::string text = column.getString();
    for (std::string_view rest{text}; !rest.empty();) {
        const auto end = rest.find('\n');
        values.emplace_back(rest.substr(0, end));
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    return values;
}

/// Runs a statement that is kept; it can be bound again afterwards, even if it throws.
inline void run_once(SQLite::Statement& statement)
{
    struct Reset {
        SQLite::Statement& statement;
        ~Reset() { statement.tryReset(); }
    } const reset{statement};
    statement.exec();
}

/// A flow is four columns: transport, host, port, listener. The connection does not survive a
/// restart.
inline void bind_flow(SQLite::Statement& statement, int first, const Flow& flow)
{
    statement.bind(first, std::string{name(flow.transport)});
    statement.bind(first + 1, flow.host);
    statement.bind(first + 2, static_cast<int>(flow.port));
    statement.bind(first + 3, static_cast<int>(flow.listener));
}
inline Flow flow_in(SQLite::Statement& statement, int first)
{
    Flow flow;
    flow.transport = statement.getColumn(first).getString() == name(Transport::tcp)
                         ? Transport::tcp
                         : Transport::udp;
    flow.host = statement.getColumn(first + 1).getString();
    flow.port = static_cast<std::uint16_t>(statement.getColumn(first + 2).getInt());
    flow.listener = static_cast<std::uint8_t>(statement.getColumn(first + 3).getInt());
    return flow;
}

}  // namespace lampline::db
