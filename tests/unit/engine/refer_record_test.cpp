// Which messages are those of a call that a REFER has asked for.
#include <doctest/doctest.h>

#include "engine/call_recorder.hpp"

using namespace lampline;

TEST_CASE("the messages of a REFER belong to the call that it asks for")
{
    constexpr CallRef call{7};
    const std::chrono::system_clock::time_point now{std::chrono::milliseconds{1'700'000'000'000}};
    CallRecorder recorder;
    Outbox outbox;
    CallStarted started{
        .call = call, .caller = "101", .dialled = "102", .started_at = now, .clicked = true};
    recorder.fold(started, {{}, now}, outbox);
    CHECK(outbox.events.empty());
    started.call = CallRef{8};
    started.asked_in = "refer-1";
    recorder.fold(started, {{}, now}, outbox);
    REQUIRE(outbox.events.size() == 1);
    const auto* part = std::get_if<PartRecorded>(&outbox.events.front());
    REQUIRE(part);
    CHECK(part->record == record_id(now, started.call));
    CHECK(part->sip_call_id == "refer-1");
    CHECK(part->extension == "101");
}
