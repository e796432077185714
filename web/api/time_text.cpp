#include "web/api/time_text.hpp"

#include <fmt/format.h>

namespace lampline::web {
namespace {

std::string without_zone(std::chrono::sys_seconds time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

std::string time_text(std::chrono::sys_seconds time)
{
    return without_zone(time) + 'Z';
}

std::string time_text(std::chrono::system_clock::time_point time)
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto rest = std::chrono::floor<std::chrono::milliseconds>(time - seconds);
    return fmt::format("{}.{:03}Z", without_zone(seconds), rest.count());
}

boost::json::value time_or_null(const std::optional<std::chrono::system_clock::time_point>& time)
{
    if (!time) return nullptr;
    return boost::json::string{time_text(*time)};
}

}  // namespace lampline::web
