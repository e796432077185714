#include "core/call_record.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace lampline {
namespace {

using namespace std::chrono;

constexpr unsigned call_bits = 12;

std::uint64_t milliseconds_of(system_clock::time_point time) noexcept
{
    const auto count = floor<milliseconds>(time.time_since_epoch()).count();
    return count < 0 ? 0 : static_cast<std::uint64_t>(count);
}

using Word = std::string_view;
constexpr std::array<Word, 6> part_kinds{"caller",    "called", "picked_up",
                                         "took_over", "parked", "transferred"};
constexpr std::array<Word, 9> part_results{"answered",  "answered_elsewhere", "missed",    "busy",
                                           "declined",  "unreachable",        "deflected", "failed",
                                           "unanswered"};
constexpr std::array<Word, 8> call_results{"answered",   "missed",      "busy",
                                           "declined",   "unreachable", "unknown_number",
                                           "redirected", "failed"};
constexpr std::array<Word, 4> call_enders{"caller", "callee", "exchange", "transfer"};
constexpr std::array<Word, 4> move_kinds{"park", "pickup", "ring_back", "transfer"};

template <class Enum, std::size_t size>
Enum value_of(const std::array<Word, size>& words, std::string_view text) noexcept
{
    const auto found = std::find(words.begin(), words.end() - 1, text);
    return static_cast<Enum>(found - words.begin());
}

}  // namespace

CallRecordId record_id(system_clock::time_point started_at, CallRef call) noexcept
{
    return {milliseconds_of(started_at) << call_bits | (call.value & ((1U << call_bits) - 1))};
}

CallRecordId first_record_id(system_clock::time_point time) noexcept
{
    const auto whole = milliseconds_of(time);
    const bool between = system_clock::time_point{milliseconds{whole}} < time;
    return {(whole + (between ? 1 : 0)) << call_bits};
}

system_clock::time_point started_at(CallRecordId id) noexcept
{
    // The id may be of a damaged row; the clock counts nanoseconds, up to 2262.
    constexpr milliseconds last = sys_days{year{2262} / 1 / 1}.time_since_epoch();
    return system_clock::time_point{std::min(milliseconds{id.value >> call_bits}, last)};
}

std::string write(CallRecordId id)
{
    return std::to_string(id.value);
}

std::optional<CallRecordId> parse_record_id(std::string_view text) noexcept
{
    std::uint64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    constexpr std::uint64_t largest = INT64_MAX;  // what SQLite can hold
    if (error != std::errc{} || stop != end || value == 0 || value > largest) return std::nullopt;
    return CallRecordId{value};
}

std::string_view word(PartKind kind) noexcept
{
    return part_kinds[static_cast<std::size_t>(kind)];
}
std::string_view word(PartResult result) noexcept
{
    return part_results[static_cast<std::size_t>(result)];
}
std::string_view word(CallResult result) noexcept
{
    return call_results[static_cast<std::size_t>(result)];
}
std::string_view word(CallEnder ender) noexcept
{
    return call_enders[static_cast<std::size_t>(ender)];
}
std::string_view word(MoveKind kind) noexcept
{
    return move_kinds[static_cast<std::size_t>(kind)];
}
PartKind part_kind(std::string_view text) noexcept
{
    return value_of<PartKind>(part_kinds, text);
}
PartResult part_result(std::string_view text) noexcept
{
    return value_of<PartResult>(part_results, text);
}
CallResult call_result(std::string_view text) noexcept
{
    return value_of<CallResult>(call_results, text);
}
CallEnder call_ender(std::string_view text) noexcept
{
    return value_of<CallEnder>(call_enders, text);
}
MoveKind move_kind(std::string_view text) noexcept
{
    return value_of<MoveKind>(move_kinds, text);
}

}  // namespace lampline
