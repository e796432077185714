// Every way a call can end, as its record tells it.
#include "unit/engine/recording.hpp"

using namespace lampline;
using namespace lampline::test::recording;

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

TEST_CASE("a clicked call that the phone of who clicked refuses ends with its status")
{
    for (const unsigned status : {486U, 603U}) {
        CAPTURE(status);
        Recording office;
        office.is_clicked();
        office.says(caller_leg, "101", Direction::recipient, LegState::terminated,
                    LegInput::rejected, status);
        CHECK(office.outbox.storage.empty());
        office.ends(status, "No");
        const auto& record = office.record();
        CHECK(record.status == status);
        CHECK(record.reason == "No");
        CHECK(record.result == CallResult::failed);  // whom it was for was not asked
        CHECK(record.ended_by == CallEnder::caller);
        CHECK(record.ended_extension == "101");
        CHECK(record.parts.size() == 1);
        CHECK(office.recorder.open_count() == 0);
    }
}

TEST_CASE("a clicked call that the phone of who clicked sends on has its record when it is over")
{
    Recording office;
    office.is_clicked();
    office.says(caller_leg, "101", Direction::recipient, LegState::terminated, LegInput::rejected,
                302);
    CHECK(office.outbox.storage.empty());
    office.says(third_leg, "103", Direction::recipient, LegState::trying);
    office.says(third_leg, "103", Direction::recipient, LegState::confirmed);
    office.says(callee_leg, "102", Direction::recipient, LegState::trying);
    office.now = 500;
    office.callee(LegState::confirmed);
    office.recorder.fold(CallMoved{call, {}, callee_leg, {}}, office.moment(), office.outbox);
    office.now = 900;
    office.ends(200);
    office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::local_bye);
    office.callee(LegState::terminated, LegInput::remote_bye);
    const auto& record = office.record();
    CHECK(record.result == CallResult::answered);
    CHECK(record.answered_by == "102");
    CHECK(record.duration() == std::chrono::milliseconds{400});
    CHECK(record.parts.at(0).result == PartResult::unanswered);
    CHECK(record.parts.at(1).extension == "103");
    CHECK(record.parts.at(1).result == PartResult::answered);
    CHECK(office.recorder.open_count() == 0);
}

TEST_CASE("a clicked call that who clicked gives up while it rings is a missed one, with 487")
{
    Recording office;
    office.is_clicked();
    office.says(caller_leg, "101", Direction::recipient, LegState::confirmed);
    office.callee(LegState::trying);
    office.callee(LegState::early);
    office.ends(200);
    office.callee(LegState::terminated, LegInput::cancelled);
    office.says(caller_leg, "101", Direction::recipient, LegState::terminated, LegInput::local_bye);
    const auto& record = office.record();
    CHECK(record.result == CallResult::missed);
    CHECK(record.status == 487);
    CHECK(record.ended_by == CallEnder::caller);
    CHECK(record.parts.at(1).missed);
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
    SUBCASE("a limit of the office, which its forward has met")
    {
        refused.status = 486;
        office.recorder.fold(refused, office.moment(), office.outbox);
        CHECK(office.record().result == CallResult::failed);
        CHECK(office.record().parts.at(1).result == PartResult::unreachable);
        CHECK(office.record().parts.at(1).missed);
    }
    SUBCASE("too late to take a call")
    {
        refused.status = 603;
        refused.callee.clear();
        office.recorder.fold(refused, office.moment(), office.outbox);
        CHECK(office.record().result == CallResult::failed);
        CHECK(office.record().parts.size() == 1);
    }
    SUBCASE("busy, by its own setting")
    {
        refused.status = 486;
        refused.by = RefusedBy::callee;
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
