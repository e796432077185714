// Calls that more than two phones had a part in, as their records tell it.
#include "unit/engine/recording.hpp"

using namespace lampline;
using namespace lampline::test::recording;

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

TEST_CASE("what somebody else takes while a transfer rings is missed by nobody that rang for it")
{
    Recording office;
    office.talks();
    office.says(third_leg, "103", Direction::recipient, LegState::trying);
    const auto is_taken_by_the_fourth = [&] {
        office.now = 1500;
        office.says(fourth_leg, "104", Direction::recipient, LegState::confirmed);
        office.recorder.fold(CallMoved{call, callee_leg, fourth_leg, {}}, office.moment(), office.outbox);
    };
    const auto ends = [&] {
        office.callee(LegState::terminated, LegInput::remote_bye);
        office.now = 9000;
        office.ends(200);
        office.caller(LegState::terminated, LegInput::local_bye);
        office.says(fourth_leg, "104", Direction::recipient, LegState::terminated, LegInput::remote_bye);
    };
    office.now = 1000;
    SUBCASE("the next one of a ring group")
    {
        office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::cancelled);
        office.says(fourth_leg, "104", Direction::recipient, LegState::trying);
        is_taken_by_the_fourth();
        ends();
        CHECK(office.record().parts.at(2).result == PartResult::answered_elsewhere);
        CHECK_FALSE(office.record().parts.at(2).missed);
    }
    SUBCASE("one that rings beside it, later")
    {
        office.says(fourth_leg, "104", Direction::recipient, LegState::trying);
        is_taken_by_the_fourth();
        office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::replaced);
        ends();
        CHECK(office.record().parts.at(2).result == PartResult::answered_elsewhere);
        CHECK_FALSE(office.record().parts.at(2).missed);
    }
    SUBCASE("but the next transfer is another attempt")
    {
        office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::cancelled);
        office.now = 1001;
        office.says(fourth_leg, "104", Direction::recipient, LegState::trying);
        is_taken_by_the_fourth();
        ends();
        CHECK(office.record().parts.at(2).missed);
    }
    SUBCASE("and so is that of who has taken the one before")
    {
        office.says(third_leg, "103", Direction::recipient, LegState::confirmed);
        office.recorder.fold(CallMoved{call, callee_leg, third_leg, {}}, office.moment(), office.outbox);
        office.now = 2000;
        office.says(fourth_leg, "104", Direction::recipient, LegState::trying);
        office.now = 3000;
        office.says(fourth_leg, "104", Direction::recipient, LegState::terminated, LegInput::cancelled);
        office.callee(LegState::terminated, LegInput::remote_bye);
        office.ends(200);
        office.caller(LegState::terminated, LegInput::local_bye);
        office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::remote_bye);
        CHECK(office.record().parts.at(3).missed);
    }
}

TEST_CASE("who picks up a call that is being transferred has picked it up from where it rings")
{
    Recording office;
    office.talks();
    office.now = 1000;
    office.says(third_leg, "103", Direction::recipient, LegState::trying);
    constexpr LegId fifth_leg{5};
    office.says(fifth_leg, "105", Direction::recipient, LegState::trying);
    office.now = 1500;
    office.says(fourth_leg, "104", Direction::initiator, LegState::trying);
    office.now = 1600;
    office.says(fourth_leg, "104", Direction::initiator, LegState::confirmed);
    std::optional<std::size_t> in_place_of = 2;
    SUBCASE("of two that ring")
    {
        office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::replaced);
    }
    SUBCASE("the one whose call it was has declined just then")
    {
        office.says(third_leg, "103", Direction::recipient, LegState::terminated, LegInput::rejected, 603);
        in_place_of.reset();
    }
    office.says(fifth_leg, "105", Direction::recipient, LegState::terminated, LegInput::cancelled);
    office.recorder.fold(CallMoved{call, callee_leg, fourth_leg, {}}, office.moment(), office.outbox);
    office.callee(LegState::terminated, LegInput::remote_bye);
    office.now = 9000;
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.says(fourth_leg, "104", Direction::initiator, LegState::terminated, LegInput::remote_bye);
    const auto& record = office.record();
    CHECK(record.parts.at(4).kind == PartKind::picked_up);
    CHECK(record.parts.at(4).in_place_of == in_place_of);
    CHECK(record.parts.at(4).moved_by == 1);
    for (const std::size_t rung : {2U, 3U}) CHECK_FALSE(record.parts.at(rung).missed);
    CHECK(record.parts.at(3).result == PartResult::answered_elsewhere);
}

TEST_CASE("who is rung for a parked call that somebody fetches just then has missed nothing")
{
    constexpr LegId fifth_leg{5};
    bool fetched = false;
    SUBCASE("just then") { fetched = true; }
    SUBCASE("once it has rung in vain") {}
    Recording office;
    office.talks();
    office.says(third_leg, "park+701", Direction::recipient, LegState::confirmed);
    office.recorder.fold(CallMoved{call, callee_leg, third_leg, {}}, office.moment(), office.outbox);
    office.callee(LegState::terminated, LegInput::remote_bye);
    office.now = 2000;
    office.says(fourth_leg, "102", Direction::recipient, LegState::trying);
    office.now = 3000;
    office.says(fourth_leg, "102", Direction::recipient, LegState::terminated, LegInput::cancelled);
    office.now = fetched ? 3000 : 4000;
    office.says(fifth_leg, "103", Direction::initiator, LegState::trying);
    office.now = 4100;
    office.says(fifth_leg, "103", Direction::initiator, LegState::confirmed);
    office.says(third_leg, "park+701", Direction::recipient, LegState::terminated, LegInput::replaced);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.says(fifth_leg, "103", Direction::initiator, LegState::terminated, LegInput::remote_bye);
    CHECK(office.record().parts.at(4).kind == PartKind::took_over);
    CHECK(office.record().parts.at(4).in_place_of == 2);
    CHECK(office.record().parts.at(3).missed == !fetched);
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
