#pragma once
// Times as REST writes them: RFC 3339, UTC.
#include <boost/json/value.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace lampline::web {

/// `2026-11-20T15:21:44Z`
std::string time_text(std::chrono::sys_seconds time);
/// `2026-11-20T15:21:44.123Z`
std::string time_text(std::chrono::system_clock::time_point time);
/// null when there is none
boost::json::value time_or_null(const std::optional<std::chrono::system_clock::time_point>& time);

}  // namespace lampline::web
