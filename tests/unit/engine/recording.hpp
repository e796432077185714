#pragma once
// A call recorder, and what it is told of a call from 101 to 102.
#include <chrono>
#include <string>

#include <doctest/doctest.h>

#include "engine/call_recorder.hpp"

namespace lampline::test::recording {

inline constexpr CallRef call{7};
inline constexpr LegId caller_leg{1}, callee_leg{2}, third_leg{3}, fourth_leg{4};

inline std::chrono::system_clock::time_point wall(long ms)
{
    return std::chrono::system_clock::time_point{std::chrono::milliseconds{1'700'000'000'000 + ms}};
}

/// Announces what an engine would, a millisecond clock in hand.
struct Recording {
    CallRecorder recorder;
    Outbox outbox;
    long now = 0;

    Moment moment() const { return {{}, wall(now)}; }

    void starts(CallRef ref = call, const char* dialled = "102")
    {
        recorder.fold(CallStarted{ref, "101", dialled, wall(now)}, moment(), outbox);
    }
    /// A third party places it, and the phone of 101 rings.
    void is_clicked()
    {
        CallStarted started{call, "101", "102", wall(now)};
        started.clicked = true;
        recorder.fold(started, moment(), outbox);
        says(caller_leg, "101", Direction::recipient, LegState::trying);
    }
    void says(LegId leg, const char* extension, Direction direction, LegState state,
              LegInput ended_by = LegInput::error, unsigned status = 0, CallRef ref = call)
    {
        DialogSnapshot dialog;
        dialog.leg = leg;
        dialog.call = ref;
        dialog.status = status;
        dialog.extension = extension;
        dialog.dialog.call_id = std::string{"id-"} + extension;
        dialog.direction = direction;
        dialog.state = state;
        dialog.ended_by = ended_by;
        dialog.local.identity.display_name = std::string{"Name "} + extension;
        dialog.remote.identity.uri.user = "102";
        dialog.remote.identity.display_name = "Name 102";
        recorder.fold(DialogChanged{dialog}, moment(), outbox);
    }
    void caller(LegState state, LegInput ended_by = LegInput::error)
    {
        says(caller_leg, "101", Direction::initiator, state, ended_by);
    }
    void callee(LegState state, LegInput ended_by = LegInput::error, unsigned status = 0)
    {
        says(callee_leg, "102", Direction::recipient, state, ended_by, status);
    }
    /// Starts at 0, rings at 100.
    void rings()
    {
        starts();
        caller(LegState::trying);
        callee(LegState::trying);
        now = 100;
        callee(LegState::early);
        caller(LegState::early);
    }
    /// Is answered at 400.
    void talks()
    {
        rings();
        now = 400;
        callee(LegState::confirmed);
        caller(LegState::confirmed);
    }
    void ends(unsigned status, const char* reason = "")
    {
        recorder.fold(CallEnded{call, status, reason}, moment(), outbox);
    }
    const CallRecord& record(std::size_t nth = 0)
    {
        REQUIRE(outbox.storage.size() > nth);
        return *std::get<CallRecorded>(outbox.storage[nth]).record;
    }
};

}  // namespace lampline::test::recording
