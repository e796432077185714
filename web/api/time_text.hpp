#pragma once
// Times as REST writes them: RFC 3339, UTC.
#include <boost/json/value.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lampline::web {

/// `2026-11-20T15:21:44Z`
std::string time_text(std::chrono::sys_seconds time);
/// `2026-11-20T15:21:44.123Z`
std::string time_text(std::chrono::system_clock::time_point time);
/// null when there is none
boost::json::value time_or_null(const std::optional<std::chrono::system_clock::time_point>& time);

/// A time as RFC 3339 §5.6 writes it, with any offset; nullopt: it is none, or before 1970. All that
/// is after 2261 is one moment of January 2262, near the end of the clock.
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text);

}  // namespace lampline::web
