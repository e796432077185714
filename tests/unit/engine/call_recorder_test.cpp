// Every way a call can end, as its record tells it.
#include "engine/call_recorder.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

constexpr CallRef call{7};
constexpr LegId caller_leg{1}, callee_leg{2}, third_leg{3}, fourth_leg{4};

std::chrono::system_clock::time_point wall(long ms)
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

}  // namespace

TEST_CASE("a call that was hung up: who, whom, when, how long, by whom")
{
    Recording office;
    office.talks();
    office.now = 12'745;
    office.ends(200);
    SUBCASE("by the callee")
    {
        office.caller(LegState::terminated, LegInput::remote_bye);
        office.callee(LegState::terminated, LegInput::local_bye);
        CHECK(office.record().ended_by == CallEnder::callee);
        CHECK(office.record().ended_extension == "102");
    }
    SUBCASE("by the caller")
    {
        office.caller(LegState::terminated, LegInput::local_bye);
        office.callee(LegState::terminated, LegInput::remote_bye);
        CHECK(office.record().ended_by == CallEnder::caller);
        CHECK(office.record().ended_extension == "101");
    }
    const auto& record = office.record();
    CHECK(record.id == record_id(wall(0), call));
    CHECK(started_at(record.id) == wall(0));
    CHECK(record.caller == "101");
    CHECK(record.caller_name == "Name 101");
    CHECK(record.dialled == "102");
    CHECK(record.callee == "102");
    CHECK(record.callee_name == "Name 102");
    CHECK(record.answered_by == "102");
    CHECK(record.ringing_at == wall(100));
    CHECK(record.answered_at == wall(400));
    CHECK(record.ended_at == wall(12'745));
    CHECK(record.duration() == std::chrono::milliseconds{12'345});
    CHECK(record.result == CallResult::answered);
    CHECK(record.status == 200);
    REQUIRE(record.parts.size() == 2);
    CHECK(record.parts[0].kind == PartKind::caller);
    CHECK(record.parts[1].kind == PartKind::called);
    CHECK(record.parts[1].sip_call_id == "id-102");
    CHECK_FALSE(record.parts[1].missed);
    CHECK(office.recorder.open_count() == 0);
}

TEST_CASE("a call that the caller gave up is a missed one of whom it rang at")
{
    Recording office;
    office.rings();
    office.now = 5000;
    office.ends(487);
    office.caller(LegState::terminated, LegInput::cancelled);
    office.callee(LegState::terminated, LegInput::cancelled);
    const auto& record = office.record();
    CHECK(record.result == CallResult::missed);
    CHECK(record.ended_by == CallEnder::caller);
    CHECK(record.status == 487);
    CHECK(record.duration() == std::chrono::milliseconds{0});
    CHECK(record.parts.at(1).result == PartResult::missed);
    CHECK(record.parts.at(1).missed);
    CHECK_FALSE(record.parts.at(0).missed);
}

TEST_CASE("a call that nobody took in time was ended by the exchange")
{
    Recording office;
    office.rings();
    office.ends(480, "No Answer");
    office.caller(LegState::terminated, LegInput::timeout);
    office.callee(LegState::terminated, LegInput::cancelled);
    CHECK(office.record().result == CallResult::missed);
    CHECK(office.record().ended_by == CallEnder::exchange);
    CHECK(office.record().reason == "No Answer");
    CHECK(office.record().parts.at(1).missed);
}

TEST_CASE("what the callee's phone refused with, in a word and as SIP status")
{
    struct Row {
        unsigned status;
        CallResult result;
        PartResult part;
        bool missed;
    };
    const Row rows[] = {
        {486, CallResult::busy, PartResult::busy, true},
        {600, CallResult::busy, PartResult::busy, true},
        {603, CallResult::declined, PartResult::declined, false},
        {480, CallResult::unreachable, PartResult::unreachable, true},
        {488, CallResult::failed, PartResult::failed, false},
    };
    for (const auto& row : rows) {
        CAPTURE(row.status);
        Recording office;
        office.starts();
        office.caller(LegState::trying);
        office.callee(LegState::trying);
        office.callee(LegState::terminated, LegInput::rejected, row.status);
        office.ends(row.status, "No");
        office.caller(LegState::terminated, LegInput::rejected);
        const auto& record = office.record();
        CHECK(record.result == row.result);
        CHECK(record.status == row.status);
        CHECK(record.ended_by == CallEnder::callee);
        CHECK(record.parts.at(1).result == row.part);
        CHECK(record.parts.at(1).status == row.status);
        CHECK(record.parts.at(1).missed == row.missed);
    }
}

TEST_CASE("a phone that does not answer at all is unreachable")
{
    Recording office;
    office.starts();
    office.caller(LegState::trying);
    office.callee(LegState::trying);
    office.callee(LegState::terminated, LegInput::timeout);
    office.ends(408, "Request Timeout");
    office.caller(LegState::terminated, LegInput::timeout);
    CHECK(office.record().result == CallResult::unreachable);
    CHECK(office.record().ended_by == CallEnder::exchange);
    CHECK(office.record().parts.at(1).missed);
}

TEST_CASE("a call that the exchange ended tells the cause of its Reason header")
{
    Recording office;
    office.talks();
    office.ends(0, "SIP;cause=408;text=\"Session expired\"");
    office.caller(LegState::terminated, LegInput::timeout);
    office.callee(LegState::terminated, LegInput::timeout);
    CHECK(office.record().status == 408);
    CHECK(office.record().ended_by == CallEnder::exchange);
    CHECK(office.record().result == CallResult::answered);
}

TEST_CASE("of several phones one answers: it was answered elsewhere for the others")
{
    Recording office;
    office.rings();
    office.says(third_leg, "103", Direction::recipient, LegState::trying);
    office.says(fourth_leg, "104", Direction::recipient, LegState::trying);
    office.says(fourth_leg, "104", Direction::recipient, LegState::terminated, LegInput::rejected,
                486);
    office.callee(LegState::confirmed);
    office.caller(LegState::confirmed);
    office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::cancelled);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.callee(LegState::terminated, LegInput::remote_bye);
    const auto& record = office.record();
    CHECK(record.answered_by == "102");
    CHECK(record.parts.at(2).result == PartResult::answered_elsewhere);
    CHECK_FALSE(record.parts.at(2).missed);
    CHECK(record.parts.at(3).result == PartResult::busy);
    CHECK_FALSE(record.parts.at(3).missed);
}

TEST_CASE("a call that goes on to the next number was answered elsewhere for the first")
{
    Recording office;
    office.rings();
    office.callee(LegState::terminated, LegInput::cancelled);
    office.says(third_leg, "103", Direction::recipient, LegState::trying);
    SUBCASE("and is taken there")
    {
        office.says(third_leg, "103", Direction::recipient, LegState::confirmed);
        office.caller(LegState::confirmed);
        office.ends(200);
        office.caller(LegState::terminated, LegInput::local_bye);
        office.says(third_leg, "103", Direction::recipient, LegState::terminated,
                    LegInput::remote_bye);
        CHECK(office.record().answered_by == "103");
        CHECK(office.record().parts.at(1).result == PartResult::answered_elsewhere);
        CHECK_FALSE(office.record().parts.at(1).missed);
    }
    SUBCASE("and is taken nowhere: missed by both")
    {
        office.ends(487);
        office.caller(LegState::terminated, LegInput::cancelled);
        office.says(third_leg, "103", Direction::recipient, LegState::terminated,
                    LegInput::cancelled);
        CHECK(office.record().parts.at(1).missed);
        CHECK(office.record().parts.at(2).missed);
    }
}

TEST_CASE("a picked-up call was answered elsewhere, and names the place it was taken from")
{
    Recording office;
    office.rings();
    office.says(third_leg, "103", Direction::initiator, LegState::trying);
    office.says(third_leg, "103", Direction::initiator, LegState::confirmed);
    office.caller(LegState::confirmed);
    office.callee(LegState::terminated, LegInput::replaced);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::remote_bye);
    office.says(third_leg, "103", Direction::initiator, LegState::terminated, LegInput::local_bye);
    const auto& record = office.record();
    CHECK(record.callee == "102");
    CHECK(record.answered_by == "103");
    CHECK(record.result == CallResult::answered);
    CHECK(record.ended_by == CallEnder::callee);
    CHECK(record.ended_extension == "103");
    CHECK(record.parts.at(1).result == PartResult::answered_elsewhere);
    CHECK_FALSE(record.parts.at(1).missed);
    CHECK(record.parts.at(2).kind == PartKind::picked_up);
    CHECK(record.parts.at(2).in_place_of == 1);
    CHECK(record.parts.at(2).result == PartResult::answered);
}

TEST_CASE("a call taken over by another phone while talking")
{
    Recording office;
    office.talks();
    office.says(third_leg, "102", Direction::initiator, LegState::trying);
    office.says(third_leg, "102", Direction::initiator, LegState::confirmed);
    office.callee(LegState::terminated, LegInput::replaced);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.says(third_leg, "102", Direction::initiator, LegState::terminated, LegInput::remote_bye);
    const auto& taken = office.record().parts.at(2);
    CHECK(taken.kind == PartKind::took_over);
    CHECK(taken.in_place_of == 1);
    CHECK(office.record().parts.at(1).end == "replaced");
}

TEST_CASE("a blind transfer: who moved the call, and to whom")
{
    Recording office;
    office.talks();
    office.says(third_leg, "103", Direction::recipient, LegState::trying);
    office.says(fourth_leg, "103", Direction::recipient, LegState::trying);
    office.says(third_leg, "103", Direction::recipient, LegState::confirmed);
    office.says(fourth_leg, "103", Direction::recipient, LegState::terminated, LegInput::cancelled);
    office.recorder.fold(CallMoved{call, callee_leg, third_leg, {}}, office.moment(),
                         office.outbox);
    office.callee(LegState::terminated, LegInput::remote_bye);
    CHECK(office.outbox.storage.empty());
    office.now = 9000;
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::remote_bye);
    const auto& record = office.record();
    CHECK(record.answered_by == "102");
    CHECK(record.ended_by == CallEnder::caller);
    CHECK(record.parts.at(2).kind == PartKind::transferred);
    CHECK(record.parts.at(2).moved_by == 1);
    CHECK(record.parts.at(3).result == PartResult::answered_elsewhere);
    CHECK_FALSE(record.parts.at(3).missed);
}

TEST_CASE("a transfer that nobody took is missed there; the call was answered all the same")
{
    Recording office;
    office.talks();
    office.says(third_leg, "103", Direction::recipient, LegState::trying);
    office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::cancelled);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.callee(LegState::terminated, LegInput::remote_bye);
    CHECK(office.record().result == CallResult::answered);
    CHECK(office.record().parts.at(2).missed);
}

TEST_CASE("an attended transfer links both calls")
{
    constexpr CallRef asked{8};
    constexpr LegId asking_leg{5}, target_leg{6};
    Recording office;
    office.talks();
    office.starts(asked, "103");
    office.says(asking_leg, "102", Direction::initiator, LegState::trying, {}, 0, asked);
    office.says(target_leg, "103", Direction::recipient, LegState::trying, {}, 0, asked);
    office.says(target_leg, "103", Direction::recipient, LegState::confirmed, {}, 0, asked);
    office.says(asking_leg, "102", Direction::initiator, LegState::confirmed, {}, 0, asked);
    office.now = 2000;
    office.says(target_leg, "103", Direction::recipient, LegState::confirmed);
    office.recorder.fold(CallMoved{call, callee_leg, target_leg, asked}, office.moment(),
                         office.outbox);
    office.says(asking_leg, "102", Direction::initiator, LegState::terminated, LegInput::replaced,
                0, asked);
    const auto first = office.record();
    CHECK(first.id == record_id(wall(400), asked));
    CHECK(first.result == CallResult::answered);
    CHECK(first.ended_by == CallEnder::transfer);
    CHECK(first.continued_in == record_id(wall(0), call));
    CHECK(first.ended_at == wall(2000));

    office.callee(LegState::terminated, LegInput::remote_bye);
    office.now = 3000;
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.says(target_leg, "103", Direction::recipient, LegState::terminated,
                LegInput::remote_bye);
    const auto& second = office.record(1);
    CHECK(second.parts.at(2).kind == PartKind::transferred);
    CHECK(second.parts.at(2).came_from == first.id);
    CHECK(second.parts.at(2).moved_by == 1);
    CHECK(office.recorder.open_count() == 0);
}

TEST_CASE("an INVITE that became no call is recorded, and missed by a phone that is not there")
{
    Recording office;
    CallRefused refused{.call = call,
                        .caller = "101",
                        .caller_name = "Name 101",
                        .dialled = "102",
                        .callee = "102",
                        .callee_name = "Name 102",
                        .sip_call_id = "id-101",
                        .status = 480,
                        .phrase = "No Phone Registered"};
    SUBCASE("no phone registered")
    {
        office.recorder.fold(refused, office.moment(), office.outbox);
        CHECK(office.record().result == CallResult::unreachable);
        CHECK(office.record().parts.at(1).extension == "102");
        CHECK(office.record().parts.at(1).missed);
        CHECK(office.record().reason == "No Phone Registered");
    }
    SUBCASE("busy, by its own setting")
    {
        refused.status = 486;
        office.recorder.fold(refused, office.moment(), office.outbox);
        CHECK(office.record().result == CallResult::busy);
        CHECK(office.record().parts.at(1).result == PartResult::busy);
        CHECK(office.record().parts.at(1).missed);
    }
    SUBCASE("a code for which nothing rings is nobody's missed call")
    {
        refused.callee.clear();
        office.recorder.fold(refused, office.moment(), office.outbox);
        CHECK(office.record().parts.size() == 1);
    }
    SUBCASE("no such number")
    {
        refused.status = 404;
        refused.callee.clear();
        office.recorder.fold(refused, office.moment(), office.outbox);
        CHECK(office.record().result == CallResult::unknown_number);
        CHECK(office.record().parts.size() == 1);
    }
    SUBCASE("the phone comes again with a longer session timer")
    {
        refused.status = 422;
        office.recorder.fold(refused, office.moment(), office.outbox);
        CHECK(office.outbox.storage.empty());
    }
}

TEST_CASE("a call that was talking before a restart goes on in its record")
{
    Recording office;
    office.now = 60'000;
    office.recorder.fold(CallStarted{call, "101", "102", wall(0), wall(400)}, office.moment(),
                         office.outbox);
    office.caller(LegState::confirmed);
    office.callee(LegState::confirmed);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.callee(LegState::terminated, LegInput::remote_bye);
    const auto& record = office.record();
    CHECK(record.id == record_id(wall(0), call));
    CHECK(record.answered_at == wall(400));
    CHECK(record.answered_by == "102");
    CHECK(record.parts.at(1).kind == PartKind::called);
    CHECK(record.parts.at(1).answered_at == wall(400));
}

TEST_CASE("a call placed by click: the caller's phone is rung first, and is not whom was called")
{
    Recording office;
    office.recorder.fold(CallStarted{.call = call,
                                     .caller = "101",
                                     .dialled = "102",
                                     .started_at = wall(0),
                                     .clicked = true},
                         office.moment(), office.outbox);
    office.says(caller_leg, "101", Direction::recipient, LegState::trying);
    office.says(caller_leg, "101", Direction::recipient, LegState::early);
    SUBCASE("and is not lifted")
    {
        office.ends(480, "No Answer");
        office.says(caller_leg, "101", Direction::recipient, LegState::terminated,
                    LegInput::cancelled);
        CHECK(office.record().parts.size() == 1);
        CHECK_FALSE(office.record().parts[0].missed);
        CHECK_FALSE(office.record().answered_at);
    }
    SUBCASE("then the other one answers")
    {
        office.says(caller_leg, "101", Direction::recipient, LegState::confirmed);
        office.callee(LegState::trying);
        office.callee(LegState::early);
        office.now = 500;
        office.callee(LegState::confirmed);
        office.now = 600;
        office.recorder.fold(CallMoved{call, {}, callee_leg, {}}, office.moment(), office.outbox);
        office.ends(200);
        office.says(caller_leg, "101", Direction::recipient, LegState::terminated,
                    LegInput::local_bye);
        office.callee(LegState::terminated, LegInput::remote_bye);
        CHECK(office.record().answered_by == "102");
        CHECK(office.record().answered_at == wall(600));
        CHECK(office.record().ended_by == CallEnder::caller);
        CHECK(office.record().parts.at(0).kind == PartKind::caller);
        CHECK(office.record().parts.at(1).kind == PartKind::called);
    }
}

TEST_CASE("each dialog of a call is announced as recorded, once")
{
    Recording office;
    office.talks();
    std::vector<std::string> ids;
    for (const auto& event : office.outbox.events)
        if (const auto* part = std::get_if<PartRecorded>(&event)) ids.push_back(part->sip_call_id);
    CHECK(ids == std::vector<std::string>{"id-101", "id-102"});
}

TEST_CASE("legs of calls that never started leave nothing behind")
{
    Recording office;
    office.caller(LegState::trying);
    office.caller(LegState::terminated, LegInput::cancelled);
    CHECK(office.recorder.open_count() == 0);
    CHECK(office.outbox.storage.empty());
}
