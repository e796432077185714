#pragma once
// Records of calls with every member filled, for tests.
#include <chrono>

#include "core/call_record.hpp"

namespace lampline::testing {

inline std::chrono::system_clock::time_point wall(long ms)
{
    return std::chrono::system_clock::time_point{std::chrono::milliseconds{1'700'000'000'000 + ms}};
}

inline CallPart part_of(PartKind kind, PartResult result, const std::string& extension, long start)
{
    CallPart part;
    part.kind = kind;
    part.result = result;
    part.extension = extension;
    part.name = "Name of " + extension;
    part.sip_call_id = "c1@phone";
    part.end = "remote-bye";
    part.started_at = wall(start);
    part.ended_at = wall(start + 9000);
    return part;
}

/// Two moves of a call that began at `start`.
inline std::vector<FailedMove> failed_moves(long start)
{
    return {{.kind = MoveKind::transfer,
             .by = "203",
             .part = 2,
             .target = "999",
             .status = 404,
             .reason = "No Such Extension",
             .at = wall(start + 2000)},
            {.kind = MoveKind::pickup,
             .by = "204",
             .target = "204",
             .status = 403,
             .reason = "Not Yours To Take",
             .at = wall(start + 3000)}};
}

/// `caller` called `callee` at `start`, and 203 took the call.
inline CallRecord full_record(long start, const std::string& caller, const std::string& callee)
{
    CallRecord record;
    record.id = record_id(wall(start), CallRef{1});
    record.caller = caller;
    record.caller_name = "Name of " + caller;
    record.dialled = record.callee = callee;
    record.callee_name = "Name of " + callee;
    record.answered_by = "203";
    record.caller_trunk = "line";
    record.answered_trunk = "other";
    record.ringing_at = wall(start + 100);
    record.answered_at = wall(start + 1000);
    record.ended_at = wall(start + 9000);
    record.result = CallResult::answered;
    record.ended_by = CallEnder::callee;
    record.ended_extension = "203";
    record.status = 200;
    record.reason = "Q.850;cause=16;text=\"Bye, now\"";
    record.continued_in = CallRecordId{77};
    record.parts = {part_of(PartKind::caller, PartResult::answered, caller, start),
                    part_of(PartKind::called, PartResult::answered_elsewhere, callee, start),
                    part_of(PartKind::picked_up, PartResult::answered, "203", start + 900)};
    record.parts[0].answered_at = record.parts[2].answered_at = record.answered_at;
    record.parts[1].ringing_at = record.ringing_at;
    record.parts[1].end = "replaced";
    record.parts[2].in_place_of = 1;
    record.parts[2].came_from = CallRecordId{78};
    record.parts[2].sip_call_id = "c3@phone";
    return record;
}

/// `caller` called `callee` at `start` and gave up.
inline CallRecord missed_record(long start, const std::string& caller, const std::string& callee)
{
    CallRecord record;
    record.id = record_id(wall(start), CallRef{1});
    record.caller = caller;
    record.caller_name = "Name of " + caller;
    record.dialled = record.callee = callee;
    record.ended_at = wall(start + 5000);
    record.result = CallResult::missed;
    record.ended_by = CallEnder::caller;
    record.ended_extension = caller;
    record.status = 487;
    record.parts = {part_of(PartKind::caller, PartResult::unanswered, caller, start),
                    part_of(PartKind::called, PartResult::missed, callee, start)};
    record.parts[1].missed = true;
    return record;
}

}  // namespace lampline::testing
