// Transfers that meet something else: the ways in which those through a B2BUA go wrong elsewhere.
//
//   a provisional answer of the target is taken for its answer, or passed to the transferee
//   a session changes meanwhile, and 491 ends the transfer, or is never tried again
//   a NOTIFY that fails ends the call, or the transfer
//   the transferor, the transferee or the target gives up, and one of the others rings or waits on
//   the last BYE comes late, crosses ours, or never comes
//   two moves at once, each of which knows nothing of the other
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

TEST_CASE("ways in which transfers through a B2BUA go wrong elsewhere")
{
    Talking call;
    bool over = false;  // no `return`: the cases after it would not be found
    SUBCASE("the target sends early media: nobody is answered with it")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(183, carol_sdp);
        call.bob_hears("SIP/2.0 183 ");
        call.carol.replies(180);  // less news than that
        CHECK(call.alice.hears_nothing());
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
    }
    SUBCASE("the transferor does not know its own subscription")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob.replies_to(call.bob.receives(NOTIFY), 481);
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob.replies_to(call.bob.receives(NOTIFY), 481);
        call.bob.receives(BYE);
    }
    SUBCASE("the transferor answers no NOTIFY: it is hung up when the last one has timed out")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob.receives(NOTIFY);
        call.bob.fails_with(408);
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob.receives(NOTIFY);
        CHECK(call.bob.hears_nothing());
        call.bob.fails_with(408);
        call.bob.receives(BYE);
    }
    SUBCASE("nor is it disturbed by the last NOTIFY of a transfer that failed, which fails too")
    {
        for (const unsigned status : {481U, 408U}) {
            call.bob_refers("<sip:103@office.test>");
            call.bob.receives(202U);
            call.bob_hears("SIP/2.0 100 Trying");
            call.carol.receives(INVITE);
            call.carol.replies(486);
            call.bob.receives(NOTIFY).with("SIP/2.0 486 \r\n");
            CHECK(call.bob.hears_nothing());
            call.bob.fails_with(status);
        }
        call.alice_and_bob_still_talk();
        over = true;
    }
    SUBCASE("the transferor's BYE crosses ours")
    {
        call.bob.answers_bye = false;
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob_hears("SIP/2.0 200 OK");
        auto bye = call.bob.receives(BYE);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.bob.replies_to(bye, 481);
    }
    SUBCASE("the transferor hangs up between the last report and its answer")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        auto last = call.bob.receives(NOTIFY);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.bob.replies_to(last, 200);
    }
    SUBCASE("transferor and transferee both leave while the target rings")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(CANCEL);
        call.nothing_is_left();
        over = true;
    }
    if (over) return;
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("glare in an attended transfer: the target changes its session just now")
{
    Consulting call;
    call.carol_answers();
    call.bob_hands_over();
    call.alice.receives(INVITE).without_body();
    call.alice.replies(200, alice_sdp);
    SUBCASE("for a moment: the transfer waits")
    {
        call.carol.receives(INVITE).with(alice_sdp);
        call.carol.replies(491);
        CHECK(call.carol.hears_nothing());
        CHECK(call.alice.hears_nothing());
        call.pbx.passes(2100ms);  // the Call-ID is ours
        call.carol.receives(INVITE).with(alice_sdp);
        call.carol.replies(200, carol_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK).with(carol_sdp);
        call.bob.receives(BYE);
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("for ever: it fails, and everybody talks to whom they talked")
    {
        for (int i = 0; i < 5; ++i) {  // ten seconds
            call.carol.receives(INVITE).with(alice_sdp);
            call.carol.replies(491);
            call.pbx.passes(2100ms);
        }
        CHECK(call.carol.hears_nothing());
        call.alice.receives(ACK).with(bob_sdp);
        call.bob_hears("SIP/2.0 491 Request Pending");
        call.alice_is_shown_bob_again();
        call.bob.uses(call.second);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.carol.receives(BYE);
        call.bob.uses(call.first);
        call.alice_and_bob_still_talk();
    }
}

namespace {

/// Bob sends Alice to Carol, with whom he talks in his second call.
struct Crossing : Consulting {
    Crossing()
    {
        carol_answers();
        const auto target = refer_with_replaces();
        bob.uses(first);
        bob_refers(target);
        bob.receives(202U);
        bob_hears("SIP/2.0 100 Trying");
        alice.receives(INVITE).without_body();
    }

    void bob_moves_alice_to_carol()
    {
        alice.replies(200, alice_sdp);
        carol.receives(INVITE).with(alice_sdp);
        carol.replies(200, carol_sdp);
        carol.receives(ACK);
        alice.receives(ACK).with(carol_sdp);
        bob.receives(BYE);
        bob_hears("SIP/2.0 200 OK");
        bob.receives(BYE);
        alice_and_carol_talk_and_end();
    }
};

}  // namespace

TEST_CASE("while Bob moves Alice to Carol, his call with Carol is not moved")
{
    Crossing call;
    auto& dave = call.pbx.phone("104");
    SUBCASE("by Carol's REFER: 491")
    {
        call.carol.sends(REFER, refer_to("<sip:104@office.test>"));
        call.carol.receives(491U).header(
            "Warning", "399 office.test \"Another change of this call is under way\"");
    }
    SUBCASE("by Bob's own: 491")
    {
        call.bob.uses(call.second);
        call.bob_refers("<sip:104@office.test>");
        call.bob.receives(491U);
        call.bob.uses(call.first);
    }
    SUBCASE("by a third party")
    {
        std::string id;
        for (const auto& each : call.pbx.view().calls)
            if (each.dialled == "103") id = each.id;
        const CallOrder order{.action = CallAction::transfer, .call = id, .to = "104"};
        CHECK(call.pbx.orders(order).outcome == OrderOutcome::wrong_state);
    }
    SUBCASE("to another phone of Carol's: 491")
    {
        auto& mobile = call.pbx.phone("103");
        for (const auto& each : call.pbx.view().calls)
            if (each.dialled == "103")
                mobile.sends_replacing(call.pbx.naming(each.legs.back().call_id), "102",
                                       carol_sdp);
        mobile.receives(491U);
    }
    CHECK(dave.hears_nothing());
    call.bob_moves_alice_to_carol();
}

TEST_CASE("while Bob sends Carol to Dave, he cannot move Alice to Carol")
{
    Consulting call;
    call.carol_answers();
    const auto target = call.refer_with_replaces();
    auto& dave = call.pbx.phone("104");
    call.bob.uses(call.second);
    call.bob_refers("<sip:104@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    dave.receives(INVITE);
    call.bob.uses(call.first);
    call.bob_refers(target);
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.bob_hears("SIP/2.0 491 Request Pending");
    CHECK(call.alice.hears_nothing());
    CHECK(call.carol.hears_nothing());
    dave.replies(200, bob_sdp);
    call.carol.receives(INVITE).with(bob_sdp);
    call.carol.replies(200, carol_sdp);
    dave.receives(ACK).with(carol_sdp);
    call.carol.receives(ACK);
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    dave.sends(BYE);
    dave.receives(200U);
    call.carol.receives(BYE);
    call.bob.uses(call.first);
    call.alice_and_bob_still_talk();
}

TEST_CASE("who is moved leaves while the target accepts: the target goes on with who asked")
{
    Crossing call;
    call.alice.replies(200, alice_sdp);
    call.carol.receives(INVITE).with(alice_sdp);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.alice.receives(ACK);
    call.bob_hears("SIP/2.0 487 Request Terminated");
    call.bob.receives(BYE);
    call.carol.replies(200, carol_sdp);
    call.carol.receives(ACK);
    call.carol.receives(INVITE).without_body();
    call.carol.replies(200, carol_sdp);
    call.bob.uses(call.second);
    call.bob.receives(INVITE).with(carol_sdp);
    call.bob.replies(200, bob_sdp);
    call.bob.receives(ACK);
    call.carol.receives(ACK).with(bob_sdp);
    call.carol.sends(BYE);
    call.carol.receives(200U);
    call.bob.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a transfer that has failed stands in the way of no other one")
{
    Crossing call;
    call.alice.replies(488);
    call.bob_hears("SIP/2.0 488 ");
    call.bob_refers("<sip:104@office.test>");
    call.bob.receives(202U);
    call.bob.replies_to(call.bob.receives(NOTIFY), 200);
    call.bob.replies_to(call.bob.receives(NOTIFY).with("SIP/2.0 480 No Phone Registered\r\n"), 200);
    auto& dave = call.pbx.phone("104");
    call.bob_refers("<sip:104@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    dave.receives(INVITE);
    call.carol.sends(REFER, refer_to("<sip:109@office.test>"));  // in the other call
    call.carol.receives(202U);
    call.carol.replies_to(call.carol.receives(NOTIFY), 200);
    call.carol.replies_to(call.carol.receives(NOTIFY), 200);
    call.pbx.ends_all_calls();
    for (auto* phone : {&call.alice, &call.bob, &call.carol, &dave}) phone->inbox.clear();
    call.nothing_is_left();
}

TEST_CASE("a party whose phone knows the call no more when it is to be joined is gone for the transferor too")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(481);
    call.carol.receives(ACK);
    call.carol.receives(BYE);
    call.bob_hears("SIP/2.0 481 ");
    call.bob.receives(BYE);
    call.alice.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a transfer that failed while it waited does not disturb the next one")
{
    Talking call;
    auto& dave = call.pbx.phone("104");
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(491);
    call.carol.sends(BYE);
    call.carol.receives(200U);
    call.carol.receives(ACK);
    call.bob_hears("SIP/2.0 480 Party Has Left");
    call.bob_refers("<sip:104@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    dave.receives(INVITE);
    call.pbx.passes(5s);
    CHECK(dave.hears_nothing());
    CHECK(call.bob.hears_nothing());
    dave.replies(486);
    call.bob_hears("SIP/2.0 486 ");
    call.alice_and_bob_still_talk();
}
