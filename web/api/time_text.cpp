#include "web/api/time_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace lampline::web {
namespace {

/// The last one that the clock counts to its end.
constexpr int last_year = 2261;

std::string without_zone(std::chrono::sys_seconds time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

/// Takes `digits` digits off the front; nullopt: there are not so many.
std::optional<int> take_number(std::string_view& text, std::size_t digits)
{
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (error != std::errc{} || end != text.data() + digits || value < 0) return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view expected)
{
    if (text.empty() || expected.find(text.front()) == expected.npos) return false;
    text.remove_prefix(1);
    return true;
}

/// Milliseconds; further digits are dropped.
std::optional<std::chrono::milliseconds> take_fraction(std::string_view& text)
{
    const auto size = std::min(text.find_first_not_of("0123456789"), text.size());
    if (size == 0 || size > 18) return std::nullopt;
    auto digits = std::string{text.substr(0, std::min<std::size_t>(size, 3))};
    digits.resize(3, '0');
    text.remove_prefix(size);
    return std::chrono::milliseconds{std::stoi(digits)};
}

std::optional<std::chrono::minutes> take_offset(std::string_view& text)
{
    if (take(text, "Zz")) return std::chrono::minutes{0};
    const bool west = text.starts_with('-');
    if (!take(text, "+-")) return std::nullopt;
    const auto hours = take_number(text, 2);
    if (!hours || *hours > 23 || !take(text, ":")) return std::nullopt;
    const auto minutes = take_number(text, 2);
    if (!minutes || *minutes > 59) return std::nullopt;
    const auto offset = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    return west ? -offset : offset;
}

}  // namespace

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view text)
{
    using namespace std::chrono;
    const auto year = take_number(text, 4);
    if (!year || !take(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || !take(text, "Tt ")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || *hour > 23 || !take(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || *minute > 59 || !take(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second || *second > 60) return std::nullopt;
    milliseconds fraction{0};
    if (take(text, ".")) {
        const auto taken = take_fraction(text);
        if (!taken) return std::nullopt;
        fraction = *taken;
    }
    const auto offset = take_offset(text);
    const year_month_day date{std::chrono::year{*year},
                              std::chrono::month{static_cast<unsigned>(*month)},
                              std::chrono::day{static_cast<unsigned>(*day)}};
    if (!offset || !text.empty() || !date.ok() || *year < 1970) return std::nullopt;
    // The clock counts nanoseconds and ends in 2262: 9999, the usual "no end", would come round to
    // the past.
    if (*year > last_year) return sys_days{std::chrono::year{last_year + 1} / January / 2};
    return sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second} + fraction - *offset;
}

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
