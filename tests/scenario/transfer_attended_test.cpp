// Attended transfer: REFER with Replaces, after the target was consulted (RFC 5589).
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

TEST_CASE(
    "attended transfer: the transferee gets the target's place in the transferor's other call")
{
    Consulting call;
    call.carol_answers();
    call.bob_hands_over();
    call.alice.receives(INVITE).without_body().header("P-Asserted-Identity",
                                                      "\"Name 103\" <sip:103@office.test>");

    SUBCASE("both accept")
    {
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE).with(alice_sdp).header("P-Asserted-Identity",
                                                           "\"Name 101\" <sip:101@office.test>");
        CHECK(call.bob.hears_nothing());  // nothing is torn down before
        call.carol.replies(200, carol_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK).with(carol_sdp);
        call.bob.receives(BYE);  // of the second dialog
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
        CHECK(call.pbx.view().calls.size() == 1);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("the target refuses: everybody talks to whom they talked")
    {
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE);
        call.carol.replies(488);
        call.alice.receives(ACK).with(bob_sdp);
        call.bob_hears("SIP/2.0 488 ");
        call.alice_is_shown_bob_again();
        call.bob.uses(call.second);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.carol.receives(BYE);
        call.bob.uses(call.first);
        call.alice_and_bob_still_talk();
    }
    SUBCASE("the target hangs up meanwhile")
    {
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.bob.receives(BYE);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.bob_hears("SIP/2.0 480 Party Has Left");
        call.alice_is_shown_bob_again();
        call.bob.uses(call.first);
        call.alice_and_bob_still_talk();
    }
    SUBCASE("the transferor hangs up both its dialogs at once")
    {
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.bob.uses(call.second);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE).with(alice_sdp);
        call.carol.replies(200, carol_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK).with(carol_sdp);
        call.alice_and_carol_talk_and_end();
    }
}

TEST_CASE("attended transfer before the target has answered: its phone rings for the transferee")
{
    Consulting call;
    call.carol.replies(180);
    call.bob.receives(180U);
    const auto target = call.refer_with_replaces();
    call.bob.uses(call.first);
    call.bob_refers(target);
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.bob.receives(487U);
    call.carol.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    call.carol.receives(INVITE).from("101");
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    call.alice_and_carol_talk_and_end();
    const auto records = call.pbx.records();  // the consultation ended first
    REQUIRE(records.size() == 2);
    CHECK(records[0].caller == "102");
    CHECK(records[0].continued_in == records[1].id);
    CHECK(records[0].ended_by == CallEnder::transfer);
    REQUIRE(records[0].parts.size() == 2);
    CHECK(records[0].parts[1].result == PartResult::answered_elsewhere);
    CHECK_FALSE(records[0].parts[1].missed);
}

TEST_CASE("a consultation that rings is given up for a transfer that is refused: it goes on nowhere")
{
    Consulting call;
    call.carol.replies(180);
    call.bob.receives(180U);
    const auto target = call.refer_with_replaces();
    Forwarding wishes;
    wishes.do_not_disturb = true;
    call.pbx.forwards("103", wishes);
    call.bob.uses(call.first);
    call.bob_refers(target);
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.bob.receives(487U);
    call.carol.receives(CANCEL);
    const auto told = call.bob.receives(NOTIFY);
    CHECK(told.body().starts_with("SIP/2.0 480 Do Not Disturb\r\n"));
    call.bob.replies_to(told, 200);
    call.alice_and_bob_still_talk();
    const auto records = call.pbx.records();
    REQUIRE(records.size() == 2);
    CHECK(records[0].caller == "102");
    CHECK_FALSE(records[0].continued_in);
    CHECK(records[0].ended_by != CallEnder::transfer);
    CHECK(records[0].result == CallResult::missed);
    REQUIRE(records[0].parts.size() == 2);
    CHECK(records[0].parts[1].result == PartResult::missed);
    CHECK(records[0].parts[1].missed);
    REQUIRE(records[1].failed_moves.size() == 1);
    CHECK(records[1].failed_moves[0].status == 480);
}

TEST_CASE("attended transfer of a call that was clicked, and still rings")
{
    Talking call;
    const auto first = call.bob.dialog();
    call.pbx.orders({.action = CallAction::place, .from = "102", .to = "103"});
    call.bob.receives(INVITE).from("103");
    const auto second = call.bob.dialog();
    call.bob.replies(200, bob_sdp);
    call.bob.receives(ACK);
    call.carol.receives(INVITE).from("102");
    std::string call_id;
    const auto calls = call.pbx.view().calls;
    for (const auto& each : calls)
        if (each.dialled == "103") call_id = each.legs.at(0).call_id;
    call.bob.uses(first);
    call.bob_refers("<sip:103@office.test?Replaces=" + call_id +
                    "%3Bto-tag%3D0%3Bfrom-tag%3D0>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(CANCEL);
    CHECK(call.bob.receives(BYE).leg == second);
    call.carol.receives(INVITE).from("101");
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob_hears("SIP/2.0 200 OK");
    CHECK(call.bob.receives(BYE).leg == first);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("after an attended transfer every lamp shows the two that talk")
{
    Consulting call;
    call.carol_answers();
    auto& watcher = call.pbx.phone("104");
    for (const auto* member : {"101", "102", "103"}) CHECK_FALSE(watcher.watches(member).idle());
    const auto target = call.refer_with_replaces();
    call.bob.uses(call.first);
    call.bob_refers(target);
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.alice.receives(INVITE);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.carol.receives(ACK);
    call.alice.receives(ACK);
    call.bob.receives(BYE);
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    while (!watcher.hears_nothing()) watcher.receives(NOTIFY);
    for (const auto& lamp : call.pbx.view().lamps)
        CHECK_MESSAGE(lamp.state == (lamp.member == "102" ? "idle" : "confirmed"), lamp.member);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.carol.receives(BYE);
    while (!watcher.hears_nothing()) watcher.receives(NOTIFY);
    for (const auto& lamp : call.pbx.view().lamps) CHECK(lamp.state == "idle");
}
