// What a transferor still hears and does when its transfer is over, and what does not wait for it.
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

/// Alice talks to Carol. Bob, who has sent her there, has not answered the last report.
struct Silent : Talking {
    Silent()
    {
        bob_refers("<sip:103@office.test>");
        bob.receives(202U);
        bob_hears("SIP/2.0 100 Trying");
        carol.receives(INVITE);
        carol.replies(200, carol_sdp);
        alice_and_carol_are_joined();
        last = bob.receives(NOTIFY).with("SIP/2.0 200 OK\r\n");
    }
    void bob_is_given_up()
    {
        bob.answers(last, 408, true);
        bob.receives(BYE).header("Reason", "SIP;cause=200;text=\"Transferred\"");
    }
    Arrived last;
    Phone& dave = pbx.phone("104");
};

}  // namespace

TEST_CASE("a transferor that does not answer any more stands in nobody's way")
{
    Silent call;
    bool over = false;  // no `return`: the cases after it would not be found
    SUBCASE("the target transfers")
    {
        call.carol.sends(REFER, refer_to("<sip:104@office.test>"));
        call.carol.receives(202U);
        call.carol.replies_to(call.carol.receives(NOTIFY), 200);
        call.dave.receives(INVITE);
        call.bob.fails_with(408);
        call.bob.receives(BYE).header("Reason", "SIP;cause=200;text=\"Transferred\"");
        call.dave.replies(200, bob_sdp);
        call.alice.receives(INVITE).with(bob_sdp);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.dave.receives(ACK);
        call.carol.replies_to(call.carol.receives(NOTIFY), 200);
        call.carol.receives(BYE);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.dave.receives(BYE);
        call.nothing_is_left();
        over = true;
    }
    SUBCASE("a third party holds the call")
    {
        CHECK(call.pbx.orders({.action = CallAction::hold}).outcome == OrderOutcome::begun);
        for (auto* phone : {&call.alice, &call.carol}) {
            phone->receives(INVITE);
            phone->replies(200, hold_sdp);
            phone->receives(ACK);
        }
    }
    SUBCASE("the target goes on at its other phone")
    {
        auto& mobile = call.pbx.phone("103");
        mobile.sends_replacing(
            call.pbx.naming(call.pbx.view().calls.at(0).legs.back().call_id), "101", carol_sdp);
        call.alice.receives(INVITE).with(carol_sdp);
        call.alice.replies(200, alice_sdp);
        mobile.receives(200U);
        call.alice.receives(ACK);
        call.carol.receives(BYE);
        call.bob.fails_with(408);
        call.bob.receives(BYE);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        mobile.receives(BYE);
        call.nothing_is_left();
        over = true;
    }
    SUBCASE("nor is it asked whether it is still there, which would end their call")
    {
        call.alice.answers_probes = call.carol.answers_probes = true;
        call.pbx.passes(120s);
    }
    SUBCASE("one of them hangs up: both hear it, and so does the transferor")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(BYE);
        call.bob.receives(BYE);
        call.nothing_is_left();
        over = true;
    }
    if (over) return;
    call.bob.fails_with(408);
    call.bob.receives(BYE).header("Reason", "SIP;cause=200;text=\"Transferred\"");
    call.pbx.ends_all_calls();
    for (auto* phone : {&call.alice, &call.bob, &call.carol}) phone->inbox.clear();
    call.nothing_is_left();
}

TEST_CASE("the call of a transfer ends otherwise: the transferor's subscription ends with it")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    SUBCASE("by a third party")
    {
        CHECK(call.pbx.orders({.action = CallAction::hang_up}).outcome == OrderOutcome::begun);
        call.alice.receives(BYE);
    }
    SUBCASE("as the transferee hangs up")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
    }
    call.carol.receives(CANCEL);
    call.bob.receives(NOTIFY)
        .with("SIP/2.0 487 Request Terminated\r\n")
        .header("Subscription-State", "terminated;reason=noresource");
    call.bob.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("from the second REFER of a dialog on, its reports say which they are of (RFC 3515)")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.carol.replies(486);
    call.bob_hears("SIP/2.0 486 ");
    std::string before = "refer";
    for (int at = 0; at < 2; ++at) {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        auto trying = call.bob.receives(NOTIFY);
        const auto event = trying.value("Event");
        CHECK(event.starts_with("refer;id="));
        CHECK(event != before);
        before = event;
        call.bob.replies_to(trying, 200);
        call.carol.receives(INVITE);
        call.carol.replies(486);
        call.bob.replies_to(call.bob.receives(NOTIFY).header("Event", event), 200);
    }
    call.alice_and_bob_still_talk();
}

TEST_CASE("a transferor asks for its reports for longer, or for none any more")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    bool over = false;  // no `return`: the cases after it would not be found
    SUBCASE("longer")
    {
        call.bob.subscribes_to_transfer("refer", 60s);
        call.bob.receives(200U).header("Expires", "60");
        auto told = call.bob.receives(NOTIFY).with("SIP/2.0 100 Trying\r\n");
        told.header("Subscription-State", "active;expires=60");
        call.bob.replies_to(told, 200);
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
        call.bob.subscribes_to_transfer("refer", 60s);
        call.bob.receives(481U);  // it is over
        call.alice_and_bob_still_talk();
        over = true;
    }
    SUBCASE("longer, of a phone that has told more than that it rings")
    {
        call.carol.replies(183);
        call.bob_hears("SIP/2.0 183 ");
        call.bob.subscribes_to_transfer("refer", 60s);
        call.bob.receives(200U);
        call.bob.replies_to(call.bob.receives(NOTIFY).with("SIP/2.0 183 Session Progress\r\n"), 200);
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
        call.alice_and_bob_still_talk();
        over = true;
    }
    SUBCASE("none: he is hung up as soon as the two are joined")
    {
        call.carol.replies(180);
        call.bob_hears("SIP/2.0 180 ");
        call.bob.subscribes_to_transfer("refer", 0s);
        call.bob.receives(200U).header("Expires", "0");
        auto told = call.bob.receives(NOTIFY).with("SIP/2.0 180 Ringing\r\n");
        told.header("Subscription-State", "terminated;reason=noresource");
        call.bob.replies_to(told, 200);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob.receives(BYE);
        call.alice_and_carol_talk_and_end();
        over = true;
    }
    SUBCASE("by a name that is written in its own way")
    {
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        auto told = call.bob.receives(NOTIFY);
        call.bob.replies_to(told, 200);
        const auto event = told.value("Event");
        REQUIRE(event.starts_with("refer;id="));
        const auto id = event.substr(event.find('=') + 1);
        call.carol.receives(INVITE);
        for (const auto& name :
             {"Refer ; id = " + id, " refer;\tID=" + id, "refer;x=\"a;id=1\";id=\"" + id + '"'}) {
            CAPTURE(name);
            call.bob.subscribes_to_transfer(name, 60s);
            call.bob.receives(200U);
            call.bob.replies_to(call.bob.receives(NOTIFY), 200);
        }
        for (const auto& name : {"refer;id=" + id + "0", "refer;id=\"" + id,
                                 "refer;id=" + id + " 1", "referid=" + id}) {
            CAPTURE(name);
            call.bob.subscribes_to_transfer(name, 60s);
            call.bob.receives(name.starts_with("refer;") ? 481U : 501U);
        }
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
    }
    SUBCASE("of another REFER, of something else, or by somebody else")
    {
        call.bob.subscribes_to_transfer("refer;id=999", 60s);
        call.bob.receives(481U);
        call.bob.subscribes_to_transfer("dialog", 60s);
        call.bob.receives(501U);
        call.alice.subscribes_to_transfer("refer", 60s);
        call.alice.receives(481U);
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
    }
    if (over) return;
    call.alice_and_bob_still_talk();
}
