#include "engine/failed_move.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "unit/engine/recording.hpp"

using namespace lampline;
using namespace lampline::test::recording;

TEST_CASE("a move that fails is told with its phrase and the words of Warning and Reason, each once")
{
    const std::vector<Header> told{{"warning", "399 a \"b \\\"c\\\"\""},
                                   {"Organization", "\"Somebody\""},
                                   {"Reason", "Q.850;cause=17"},
                                   {"Reason", "SIP;cause=486;text=\"Busy\""},
                                   {"Warning", "399 a \"d"}};
    const auto move = failed_move(MoveKind::transfer, " 103 ", 486, "Busy Here", told);
    CHECK(move.kind == MoveKind::transfer);
    CHECK(move.target == "103");
    CHECK(move.status == 486);
    CHECK(move.reason == "Busy Here: b \"c\": d");
    CHECK(failed_move(MoveKind::park, "", 486, "").reason.empty());
    const std::vector<Header> reason{{"Reason", "SIP;cause=486;text=\"In a meeting\""}};
    CHECK(failed_move(MoveKind::park, "", 486, "", reason).reason == "In a meeting");
}

TEST_CASE("what phones write of a move that fails is cut between characters, and on one line")
{
    const std::string umlauts = [] {
        std::string text;
        for (int i = 0; i < 300; ++i) text += "\xC3\xB6";
        return text;
    }();
    const auto move = failed_move(MoveKind::transfer, "x" + umlauts, 404, "y" + umlauts);
    CHECK(move.target.size() == 127);
    CHECK(move.reason.size() == 255);
    CHECK(failed_move(MoveKind::transfer, "a\r\nb\x7f", 404, "c\td").target == "a  b ");
    CHECK(failed_move(MoveKind::transfer, {}, 404, "c\td").reason == "c d");
}

TEST_CASE("a move that fails is recorded with the part whose place was to be another's, and when")
{
    Recording office;
    office.talks();
    office.now = 700;
    const auto failed = failed_move(MoveKind::transfer, "999", 404, "No Such Extension");
    office.recorder.fold(MoveFailed{call, callee_leg, failed}, office.moment(), office.outbox);
    auto taken = failed_move(MoveKind::pickup, "105", 403, "Not Yours To Take");
    taken.by = "105";
    office.recorder.fold(MoveFailed{call, {}, taken}, office.moment(), office.outbox);
    office.recorder.fold(MoveFailed{CallRef{99}, {}, taken}, office.moment(), office.outbox);
    office.recorder.fold(CallKept{call}, office.moment(), office.outbox);
    REQUIRE(office.outbox.storage.size() == 1);
    const auto open = std::get<RecordOpened>(office.outbox.storage[0]).open;
    office.outbox.storage.clear();
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.callee(LegState::terminated, LegInput::remote_bye);
    const auto& moves = office.record().failed_moves;
    REQUIRE(moves.size() == 2);
    CHECK(moves[0].by == "102");
    CHECK(moves[0].part == 1);
    CHECK(moves[0].at == wall(700));
    CHECK(moves[0].reason == "No Such Extension");
    CHECK(moves[1].by == "105");
    CHECK_FALSE(moves[1].part);
    CHECK(open->record.failed_moves == moves);
}

TEST_CASE("of moves that fail again and again the newest are kept")
{
    Recording office;
    office.talks();
    for (int i = 0; i < 50; ++i)
        office.recorder.fold(
            MoveFailed{call, callee_leg,
                       failed_move(MoveKind::transfer, std::to_string(i), 404, "Not Found")},
            office.moment(), office.outbox);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.callee(LegState::terminated, LegInput::remote_bye);
    const auto& moves = office.record().failed_moves;
    REQUIRE(moves.size() == CallRecord::most_failed_moves);
    CHECK(moves.front().target == "30");
    CHECK(moves.back().target == "49");
}

TEST_CASE("a move that a phone repeats by itself (491) is kept once, as it was tried last")
{
    Recording office;
    office.talks();
    const auto fails = [&](long at, LegId by, std::string_view target, unsigned status) {
        office.now = at;
        office.recorder.fold(
            MoveFailed{call, by, failed_move(MoveKind::transfer, target, status, "Refused")},
            office.moment(), office.outbox);
    };
    for (int i = 0; i < 2; ++i) fails(700, callee_leg, "999", 404);  // somebody has tried twice
    for (int i = 0; i < 50; ++i) fails(800 + i, callee_leg, "103", 491);
    fails(900, callee_leg, "104", 491);
    fails(901, caller_leg, "103", 491);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    office.callee(LegState::terminated, LegInput::remote_bye);
    const auto& moves = office.record().failed_moves;
    REQUIRE(moves.size() == 5);
    CHECK(moves[1].target == "999");
    CHECK(moves[2].target == "103");
    CHECK(moves[2].at == wall(849));
    CHECK(moves[3].target == "104");
    CHECK(moves[4].by == "101");
}

TEST_CASE("what the caller of the calling-card application dials in vain is its own move")
{
    Recording office;
    office.starts();
    office.caller(LegState::trying);
    office.recorder.fold(CallAnswered{call}, office.moment(), office.outbox);
    office.caller(LegState::confirmed);
    office.recorder.fold(
        MoveFailed{call, {}, failed_move(MoveKind::transfer, "999", 404, "No Such Extension")},
        office.moment(), office.outbox);
    office.ends(200);
    office.caller(LegState::terminated, LegInput::local_bye);
    REQUIRE(office.record().failed_moves.size() == 1);
    CHECK(office.record().failed_moves[0].part == 0);
    CHECK(office.record().failed_moves[0].by == "101");
}
