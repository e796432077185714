// What the record of a call tells of moves that fail before anybody is rung for them.
#include "call_control_office.hpp"
#include "outside_limits_office.hpp"
#include "park_office.hpp"
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

std::string moves_of(const CallRecord& record)
{
    std::string text;
    for (const auto& move : record.failed_moves) {
        if (!text.empty()) text += ", ";
        text.append(word(move.kind)).append(" by ").append(move.by);
        if (move.part) text += " (" + std::to_string(*move.part) + ")";
        text += " to " + move.target + ": " + std::to_string(move.status) + " " + move.reason;
    }
    return text;
}

/// Of the only call that is over.
std::string moves_of(const Scenario& pbx)
{
    const auto records = pbx.records();
    REQUIRE(records.size() == 1);
    return moves_of(records[0]);
}

/// Of the only call that is not over, as a kill would find it.
std::string moves_kept(const Scenario& pbx)
{
    const auto records = pbx.kept().records;
    REQUIRE(records.size() == 1);
    return moves_of(records[0].record);
}

}  // namespace

TEST_CASE("a REFER that leads nowhere is in the record: who, to where, and why")
{
    transfer::Talking call;
    std::string told;
    SUBCASE("no such number")
    {
        call.bob_refers("<sip:999@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob_hears("SIP/2.0 404 No Such Extension");
        told = "transfer by 102 (1) to 999: 404 No Such Extension";
    }
    SUBCASE("no such dialog to replace")
    {
        call.bob_refers("<sip:103@office.test?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob_hears("SIP/2.0 481 No Such Dialog To Replace");
        told = "transfer by 102 (1) to 103: 481 No Such Dialog To Replace";
    }
    SUBCASE("another host")
    {
        call.bob_refers("<sip:103@elsewhere.test>");
        call.bob.receives(403U);
        told = "transfer by 102 (1) to sip:103@elsewhere.test: 403 Not A Place To Transfer To: "
               "Refer-To: only calls within this exchange";
    }
    SUBCASE("another scheme")
    {
        call.bob_refers("<mailto:carol@office.test>");
        call.bob.receives(403U);
        told = "transfer by 102 (1) to <mailto:carol@office.test>: 403 Not A Place To Transfer To: "
               "Refer-To: only calls within this exchange";
    }
    SUBCASE("nothing that can be read")
    {
        call.bob_refers("nonsense");
        call.bob.receives(400U);
        told = "transfer by 102 (1) to nonsense: 400 Bad Refer-To: Refer-To: expected one SIP URI, "
               "with a well-formed Replaces if any";
    }
    SUBCASE("nothing that the edge can read, which it marks")
    {
        call.bob_refers(",<sip:103@office.test>;;\a" + std::string(200, 'x'));
        call.bob.receives(400U);
        told = "transfer by 102 (1) to <sip:103@office.test>;; " + std::string(104, 'x') +
               ": 400 Bad Refer-To: Refer-To: expected one SIP URI, with a well-formed Replaces if any";
    }
    CHECK(moves_kept(call.pbx) == told);
    call.alice_and_bob_still_talk();
    CHECK(moves_of(call.pbx) == told);
    CHECK(call.pbx.records()[0].parts.size() == 2);
}

TEST_CASE("a right that a transfer misses is in the record, with the words of its Warning")
{
    outside_limits::Office office;
    office.alice_talks_to_bob();
    office.bob.sends(Method::refer, outside_limits::refer_to("0900555"));
    office.bob.receives(202U);
    for (int report = 0; report < 2; ++report)
        office.bob.replies_to(office.bob.receives(NOTIFY), 200);
    const auto told = moves_kept(office.pbx);
    CHECK(told.starts_with("transfer by 102 ("));
    CHECK(told.ends_with(" to 0900555: 403 Not Allowed: 102 may not make premium calls"));
    office.forget();
}

TEST_CASE("who has left before the transfer failed is still told to have asked for it")
{
    transfer::Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.carol.replies(486);
    call.alice.receives(BYE);
    call.nothing_is_left();
    CHECK(moves_of(call.pbx).starts_with("transfer by 102 (1) to 103: 486"));
    CHECK(call.pbx.records()[0].parts.at(2).result == PartResult::busy);
}

TEST_CASE("a transfer by a program that is refused at once is in the record")
{
    call_control::Talking call;
    std::string told;
    SUBCASE("no such number")
    {
        call.refuses({.action = CallAction::transfer, .to = "999"}, OrderOutcome::bad_member,
                     "/to");
        told = "transfer by 102 (1) to 999: 404 No Such Extension";
    }
    SUBCASE("a code")
    {
        call.refuses({.action = CallAction::transfer, .to = "**103"}, OrderOutcome::bad_member,
                     "/to");
        told = "transfer by 102 (1) to **103: 403 Not A Place To Transfer To";
    }
    CHECK(moves_kept(call.pbx) == told);
    call.they_end();
    CHECK(moves_of(call.pbx) == told);
}

TEST_CASE("a pickup by a program of what rings for somebody else is in the record of that call")
{
    call_control::Office office;
    office.alice.sends(INVITE, "102", call_control::alice_sdp);
    office.bob.receives(INVITE);
    office.refuses({.action = CallAction::pick_up, .by = "103"}, OrderOutcome::bad_member, "/by");
    office.bob.replies(486);
    office.alice.receives(486U);
    office.nothing_is_left();
    CHECK(moves_of(office.pbx) == "pickup by 103 to 103: 403 Not Yours To Take");
}

TEST_CASE("who would have been parked, and where, is in the record")
{
    park::Office call;
    std::string told;
    SUBCASE("by a program, in no slot of the lot")
    {
        const auto answer = call.pbx.orders({.action = CallAction::park, .to = "799"});
        CHECK(answer.pointer == "/slot");
        told = "park by 102 (1) to 799: 404 Not A Slot Of The Park Lot";
    }
    SUBCASE("by REFER, and may not")
    {
        call.pbx.has_park_lot({.number = "700", .first_slot = "701", .slots = 2, .groups = {"none"}});
        call.bob.sends(Method::refer, park::refer_to("<sip:701@office.test>"));
        call.bob.receives(202U);
        for (int report = 0; report < 2; ++report)
            call.bob.replies_to(call.bob.receives(NOTIFY), 200);
        told = "park by 102 (1) to 701: 403 Not Your Park Lot: 102 may not use the park lot";
    }
    CHECK(moves_kept(call.pbx) == told);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.alice.receives(BYE);
    CHECK(moves_of(call.pbx) == told);
}
