// What the log tells of calls that a kill has come into.
#include "scenario/restart_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::restart;

namespace {

struct Logged : Talking {
    void moves_to_carol(Phone& transferor, Phone& stays, std::string_view answer)
    {
        transferor.sends(Method::refer, refer_to("<sip:103@office.test>"));
        transferor.receives(202U);
        transferor.replies_to(transferor.receives(NOTIFY), 200);
        carol.receives(INVITE);
        carol.replies(200, carol_sdp);
        stays.receives(INVITE);
        stays.replies(200, answer);
        carol.receives(ACK);
        stays.receives(ACK);
        transferor.replies_to(transferor.receives(NOTIFY), 200);
        transferor.receives(BYE);
        dave_looks();
    }
    void dave_looks()
    {
        while (!dave.hears_nothing()) dave.receives(NOTIFY);
    }
    void is_killed()
    {
        pbx.restarts();
        dave_looks();
    }
    void hangs_up(Phone& one, Phone& other)
    {
        one.sends(BYE);
        one.receives(200U);
        other.receives(BYE);
        dave_looks();
    }
    /// The only call that is over.
    [[nodiscard]] CallRecord record() const
    {
        const auto all = pbx.records();
        REQUIRE(all.size() == 1);
        return all[0];
    }
    [[nodiscard]] std::size_t records_stored() const
    {
        return static_cast<std::size_t>(
            std::ranges::count_if(pbx.stored, [](const StorageChange& change) {
                return std::holds_alternative<RecordOpened>(change);
            }));
    }
};

std::string parts_of(const CallRecord& record)
{
    std::string text;
    for (const auto& part : record.parts) {
        text.append(text.empty() ? "" : ", ").append(word(part.kind)).append(" " + part.extension);
        text.append(" ").append(word(part.result));
        if (part.moved_by) text += " by " + std::to_string(*part.moved_by);
        if (part.in_place_of) text += " for " + std::to_string(*part.in_place_of);
    }
    return text;
}

}  // namespace

TEST_CASE("a call that was moved before a kill: its record still says who called, and who moved it")
{
    Logged call;
    const auto started = call.pbx.view().calls.at(0).started_at;
    std::string parts;
    SUBCASE("by whom it was for")
    {
        call.moves_to_carol(call.bob, call.alice, alice_sdp);
        call.is_killed();
        call.hangs_up(call.alice, call.carol);
        parts = "caller 101 answered, called 102 answered, transferred 103 answered by 1";
    }
    SUBCASE("by who has called; there is one more kill")
    {
        call.moves_to_carol(call.alice, call.bob, bob_sdp);
        call.is_killed();
        call.is_killed();
        call.hangs_up(call.carol, call.bob);
        parts = "caller 101 answered, called 102 answered, transferred 103 answered by 0";
    }
    const auto record = call.record();
    CHECK(parts_of(record) == parts);
    CHECK(record.caller == "101");
    CHECK(record.callee == "102");
    CHECK(record.answered_by == "102");
    CHECK(started_at(record.id) == std::chrono::floor<std::chrono::milliseconds>(started));
    CHECK(record.status == 200);
    for (const auto& part : record.parts) CHECK(part.ended_at >= part.started_at);
    CHECK(call.pbx.kept().records.empty());
}

TEST_CASE("a call is moved after a kill: the new part is linked to those of before")
{
    Logged call;
    call.is_killed();
    call.moves_to_carol(call.bob, call.alice, alice_sdp);
    call.is_killed();
    call.hangs_up(call.alice, call.carol);
    CHECK(parts_of(call.record()) ==
          "caller 101 answered, called 102 answered, transferred 103 answered by 1");
}

TEST_CASE("a transfer that was refused before a kill is in the record, with who asked for it")
{
    Logged call;
    call.bob.sends(Method::refer, refer_to("<sip:999@office.test>"));
    call.bob.receives(202U);
    for (int report = 0; report < 2; ++report)
        call.bob.replies_to(call.bob.receives(NOTIFY), 200);
    call.is_killed();
    call.hangs_up(call.alice, call.bob);
    const auto record = call.record();
    REQUIRE(record.failed_moves.size() == 1);
    const auto& move = record.failed_moves[0];
    CHECK(move.kind == MoveKind::transfer);
    CHECK(move.by == "102");
    CHECK(move.part == 1);
    CHECK(move.target == "999");
    CHECK(move.status == 404);
    CHECK(move.reason == "No Such Extension");
    CHECK(move.at >= started_at(record.id));
}

TEST_CASE("a call that was picked up before a kill was rung elsewhere first")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    carol.sends(INVITE, "**102");
    carol.receives(200U);
    alice.receives(200U);
    bob.receives(CANCEL);
    pbx.restarts();
    carol.sends(BYE);
    carol.receives(200U);
    alice.receives(BYE);
    REQUIRE(pbx.records().size() == 1);
    CHECK(parts_of(pbx.records()[0]) ==
          "caller 101 answered, called 102 answered_elsewhere, picked_up 103 answered for 1");
    CHECK_FALSE(pbx.records()[0].parts.at(1).missed);
    CHECK(pbx.records()[0].ringing_at);
}

TEST_CASE("a record is stored with its call, and not where only what it does not tell changes")
{
    Logged call;
    CHECK(call.records_stored() == 1);
    call.is_held();
    CHECK(call.times_stored() > 1);
    CHECK(call.records_stored() == 1);
}

TEST_CASE("a call that rings at a kill is missed where it rang")
{
    Logged call;
    call.carol.sends(INVITE, "102", carol_sdp);
    call.bob.receives(INVITE);
    call.bob.replies(180);
    call.carol.receives(180U);
    call.dave_looks();
    const auto calls = call.pbx.view().calls;
    const auto live = std::ranges::find(calls, "103", &LiveCall::from);
    REQUIRE(live != calls.end());
    call.pbx.passes(1s);
    CHECK(call.pbx.records().empty());
    call.pbx.restarts();
    call.bob.receives(CANCEL);
    call.carol.receives(500U);
    call.lamp_is_steady();
    const auto record = call.record();
    CHECK(write(record.id) == live->log_id);
    CHECK(parts_of(record) == "caller 103 unanswered, called 102 missed");
    CHECK(record.parts.at(1).missed);
    CHECK(record.caller == "103");
    CHECK(record.dialled == "102");
    CHECK(record.callee == "102");
    CHECK(record.ringing_at);
    CHECK_FALSE(record.answered_at);
    CHECK(record.result == CallResult::missed);
    CHECK(record.ended_by == CallEnder::exchange);
    CHECK(record.status == 500);
    CHECK(record.reason == "Exchange Restarted");
    CHECK(call.pbx.kept().records.size() == 1);  // of those who talk
    call.ends(call.bob, call.alice);
    CHECK(call.pbx.records().size() == 2);
    CHECK(call.pbx.kept().records.empty());
}

TEST_CASE("a transfer that rings at a kill: its target has missed it, and the call goes on")
{
    Logged call;
    call.bob.sends(Method::refer, refer_to("<sip:103@office.test>"));
    call.bob.receives(202U);
    call.bob.replies_to(call.bob.receives(NOTIFY), 200);
    call.carol.receives(INVITE);
    SUBCASE("between those who talked before")
    {
        call.pbx.passes(1s);
        call.restarts();
        call.carol.receives(CANCEL);
        call.ends(call.bob, call.alice);
        CHECK(parts_of(call.record()) ==
              "caller 101 answered, called 102 answered, transferred 103 missed");
        CHECK(call.record().status == 200);
    }
    SUBCASE("but who asked for it has hung up, so it is over")
    {
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.lamp_is_dark();
        call.pbx.passes(500ms);
        call.pbx.restarts();
        call.alice.receives(BYE);
        call.carol.receives(CANCEL);
        call.lamp_is_dark();
        CHECK(parts_of(call.record()) ==
              "caller 101 answered, called 102 answered, transferred 103 missed");
        CHECK(call.record().result == CallResult::answered);
        CHECK(call.record().ended_by == CallEnder::exchange);
        CHECK(call.record().status == 500);
    }
    CHECK(call.record().parts.at(2).missed);
    CHECK(call.pbx.kept().records.empty());
}
