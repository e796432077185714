#include "core/call_record.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

std::chrono::system_clock::time_point wall(long ms)
{
    return std::chrono::system_clock::time_point{std::chrono::milliseconds{ms}};
}

}  // namespace

TEST_CASE("ids of records are in order of time and hold it")
{
    const auto early = record_id(wall(1'700'000'000'123), CallRef{4095});
    const auto late = record_id(wall(1'700'000'000'124), CallRef{4096});
    CHECK(early < late);
    CHECK(started_at(early) == wall(1'700'000'000'123));
    CHECK(started_at(late) == wall(1'700'000'000'124));
    CHECK(started_at({~std::uint64_t{0}}) ==
          std::chrono::sys_days{std::chrono::year{2262} / 1 / 1});
    CHECK(record_id(wall(5), CallRef{1}) != record_id(wall(5), CallRef{2}));
    CHECK(first_record_id(wall(5)) <= record_id(wall(5), CallRef{4096}));
    CHECK(first_record_id(wall(5)) > record_id(wall(4), CallRef{4095}));
}

TEST_CASE("ids of records as text")
{
    const CallRecordId id{7'000'000'000'000'000};
    CHECK(parse_record_id(write(id)) == id);
    for (const auto* text : {"", "0", "-1", "12x", " 12", "9223372036854775808", "1.5"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_record_id(text));
    }
}

TEST_CASE("words are read back; an unknown one is the last of its kind")
{
    for (const auto kind : {PartKind::caller, PartKind::called, PartKind::picked_up,
                            PartKind::took_over, PartKind::transferred})
        CHECK(part_kind(word(kind)) == kind);
    for (const auto result : {PartResult::answered, PartResult::missed, PartResult::unanswered})
        CHECK(part_result(word(result)) == result);
    for (const auto ender : {CallEnder::caller, CallEnder::exchange, CallEnder::transfer})
        CHECK(call_ender(word(ender)) == ender);
    CHECK(call_result("unknown_number") == CallResult::unknown_number);
    CHECK(call_result("?") == CallResult::failed);
}

TEST_CASE("a call has no duration before it was answered, nor when the clock went back")
{
    CallRecord record;
    record.ended_at = wall(100);
    CHECK(record.duration().count() == 0);
    record.answered_at = wall(90);
    CHECK(record.duration().count() == 10);
    record.answered_at = wall(110);
    CHECK(record.duration().count() == 0);
}
