// A call that somebody asks for by a click: both phones are called.
#include "call_control_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::call_control;

TEST_CASE("click to dial: the phones of the caller ring first, then the call goes out (RFC 3725 "
          "§4.4, flow IV)")
{
    Clicked call;
    call.alice.replies(180);
    CHECK(call.bob.hears_nothing());
    call.alice_answers();
    call.bob.replies(180);
    CHECK(call.alice.hears_nothing());
    CHECK_FALSE(call.pbx.view().calls.at(0).answered_at);
    call.bob_answers();
    call.they_are_joined();
    call.they_talk_and_end();
}

TEST_CASE("a clicked call is an incoming one for the lamp of the caller, and then a talk")
{
    Office office;
    auto& dora = office.pbx.phone("104");
    dora.watches("101");
    office.pbx.orders({.action = CallAction::place, .from = "101", .to = "102"});
    office.alice.receives(INVITE);
    dora.receives(NOTIFY);
    office.alice.replies(180);
    const auto rings = dora.receives(NOTIFY).dialog();
    CHECK(rings.direction == "recipient");
    CHECK(rings.state == "early");
    CHECK(rings.remote_identity == "sip:102@office.test");

    office.alice.replies(200, silent_sdp);
    office.alice.receives(ACK);
    CHECK(dora.receives(NOTIFY).dialog().state == "confirmed");
    office.bob.receives(INVITE);
    office.bob.replies(603);
    office.alice.receives(BYE);
    CHECK(dora.receives(NOTIFY).dialog().state == "terminated");
    CHECK(dora.hears_nothing());
    office.nothing_is_left();
}

TEST_CASE("a phone is asked to answer by itself only when that was ordered")
{
    Clicked call{true};
    call.invite.header("Alert-Info", "<sip:office.test>;info=alert-autoanswer;delay=0")
        .header("Call-Info", "<sip:office.test>;answer-after=0")
        .header("Answer-Mode", "Auto");
    call.alice_answers();
    CHECK(call.rung.headers.empty());
    call.bob.replies(486);
    call.alice_is_released("SIP;cause=486");
    CHECK(Clicked{}.invite.headers.empty());
}

TEST_CASE("who clicked is released with the cause when the call comes to nothing")
{
    Clicked call;
    SUBCASE("declined")
    {
        call.alice_answers();
        call.bob.replies(180);
        call.bob.replies(603);
        call.alice_is_released("SIP;cause=603");
    }
    SUBCASE("no phone there any more")
    {
        call.bob.unregisters();
        call.alice.replies(200, silent_sdp);
        call.alice.receives(ACK);
        call.alice_is_released("SIP;cause=480;text=\"No Phone Registered\"");
    }
    SUBCASE("nobody answers")
    {
        call.alice_answers();
        call.alice.answers_probes = true;
        call.pbx.passes(120s);
        call.bob.receives(CANCEL);
        call.alice_is_released("SIP;cause=480;text=\"No Answer\"");
    }
    SUBCASE("an answer without an offer")
    {
        call.alice_answers();
        call.bob.replies(200);
        call.bob.receives(ACK);
        call.bob.receives(BYE);
        call.alice_is_released("SIP;cause=488;text=\"No Media Offered\"");
    }
    SUBCASE("the caller's phone cannot take the offer")
    {
        call.alice_answers();
        call.bob_answers();
        call.alice.replies(488);
        call.bob.receives(ACK);
        call.bob.receives(BYE);
        call.alice_is_released("SIP;cause=488");
    }
    SUBCASE("the caller's phone takes it and answers nothing")
    {
        call.alice_answers();
        call.bob_answers();
        call.alice.replies(200);
        call.alice.receives(ACK);
        call.bob.receives(ACK);
        call.bob.receives(BYE);
        call.alice_is_released("SIP;cause=488;text=\"No Media Answered\"");
    }
}

TEST_CASE("the caller's phone may answer the click with another session, or with none")
{
    Clicked call;
    SUBCASE("none")
    {
        call.alice.replies(200);
    }
    SUBCASE("another")
    {
        call.alice.replies(200, alice_sdp);
    }
    call.alice.receives(ACK);
    call.bob.receives(INVITE);
    call.bob_answers();
    call.they_are_joined();
    call.they_talk_and_end();
}

TEST_CASE("a clicked call is dialled by the rights of the caller, and follows forwards")
{
    Clicked call;
    Forwarding to_carol;
    to_carol.always = "103";
    call.pbx.forwards("102", to_carol);
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK);
    call.carol.receives(INVITE).from("101").header("Diversion",
                                                   "<sip:102@office.test>;reason=unconditional;"
                                                   "counter=1");
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    call.alice.receives(ACK);
    call.carol.receives(ACK).with(alice_sdp);
    call.carol.sends(BYE);
    call.carol.receives(200U);
    call.alice.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("all phones of the caller ring, the first that answers makes the call")
{
    Office office;
    auto& second = office.pbx.phone("101");
    office.pbx.orders({.action = CallAction::place, .from = "101", .to = "102"});
    office.alice.receives(INVITE);
    second.receives(INVITE);
    second.replies(200, silent_sdp);
    second.receives(ACK);
    office.alice.receives(CANCEL).header("Reason",
                                         "SIP;cause=200;text=\"Call completed elsewhere\"");
    office.bob.receives(INVITE);
    second.sends(BYE);
    second.receives(200U);
    office.bob.receives(CANCEL);
    office.nothing_is_left();
}

TEST_CASE("a clicked call ends when the caller's phone declines, or rings for too long")
{
    Clicked call;
    SUBCASE("declines")
    {
        call.alice.replies(603);
    }
    SUBCASE("rings too long")
    {
        call.pbx.passes(120s);
        call.alice.receives(CANCEL);
    }
    call.nothing_is_left();
}

TEST_CASE("hang up: in any state")
{
    SUBCASE("a clicked call that rings at the caller, whose answer crosses it")
    {
        Clicked call;
        call.alice.answers_cancel = false;
        CHECK(call.pbx.orders({.action = CallAction::hang_up}).outcome == OrderOutcome::begun);
        call.alice.receives(CANCEL);
        call.alice.replies(200, silent_sdp);
        call.alice.receives(ACK);
        call.alice.receives(BYE);
        CHECK(call.bob.hears_nothing());
        call.nothing_is_left();
    }
    SUBCASE("a clicked call that rings at the callee")
    {
        Clicked call;
        call.alice_answers();
        CHECK(call.pbx.orders({.action = CallAction::hang_up}).outcome == OrderOutcome::begun);
        call.alice.receives(BYE);
        call.bob.receives(CANCEL);
        call.nothing_is_left();
    }
    SUBCASE("a clicked call that is being joined")
    {
        Clicked call;
        call.alice_answers();
        call.bob_answers();
        CHECK(call.pbx.orders({.action = CallAction::hang_up}).outcome == OrderOutcome::begun);
        call.bob.receives(ACK);
        call.bob.receives(BYE);
        call.alice.receives(BYE);
        call.alice.replies(487);
        call.nothing_is_left();
    }
    SUBCASE("a dialled call that rings")
    {
        Office office;
        office.alice.sends(INVITE, "102", alice_sdp);
        office.bob.receives(INVITE);
        const auto answer = office.pbx.orders({.action = CallAction::hang_up});
        CHECK(answer.call->legs.at(0).state == "terminated");
        office.alice.receives(487U);
        office.bob.receives(CANCEL);
        office.nothing_is_left();
    }
    SUBCASE("a call that talks")
    {
        Talking call;
        CHECK(call.does(CallAction::hang_up) == OrderOutcome::begun);
        call.alice.receives(BYE);
        call.bob.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("none")
    {
        Office office;
        for (const auto* id : {"", "1", "x", "99999999999999999999"})
            office.refuses({.action = CallAction::hang_up, .call = id}, OrderOutcome::unknown_call);
    }
}

TEST_CASE("who clicked may hang up before the call is answered, and while it is joined")
{
    Clicked call;
    call.alice_answers();
    SUBCASE("while it rings")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.bob.receives(CANCEL);
    }
    SUBCASE("while it is joined")
    {
        call.bob_answers();
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.bob.receives(ACK);
        call.bob.receives(BYE);
        call.alice.replies(481);
    }
    call.nothing_is_left();
}

TEST_CASE("a clicked call that still rings does not outlive the exchange")
{
    Clicked call;
    call.alice_answers();
    call.pbx.ends_all_calls(CallsToEnd::ringing);
    call.alice.receives(BYE).header("Reason", "SIP;cause=503;text=\"Exchange stops\"");
    call.bob.receives(CANCEL);
    call.nothing_is_left();
}

TEST_CASE("glare: the join is tried again")
{
    Clicked call;
    call.alice_answers();
    call.bob_answers();
    call.alice.replies(491);
    call.pbx.passes(2099ms);  // the Call-ID is ours
    CHECK(call.alice.hears_nothing());
    call.pbx.passes(1ms);
    call.alice.receives(INVITE).with(bob_sdp);
    call.they_are_joined();
    call.they_talk_and_end();
}

TEST_CASE("a click with a bad number, or without a phone, is refused")
{
    Office office;
    const auto click = [&](const char* from, const char* to) {
        return CallOrder{.action = CallAction::place, .from = from, .to = to};
    };
    using enum OrderOutcome;
    office.refuses(click("999", "102"), bad_member, "/from");
    office.refuses(click("101", "999"), bad_member, "/to");
    office.refuses(click("101", "101"), bad_member, "/to");
    office.refuses(click("101", "**102"), bad_member, "/to");
    office.refuses(click("105", "102"), wrong_state);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE(
    "who is called by a click is asked to keep a session timer; without its refreshes the call "
    "ends (RFC 4028)")
{
    Clicked call;
    call.alice_answers();
    CHECK(call.rung.session_timer.expires == 1800s);
    CHECK(call.rung.session_timer.refresher == Refresher::uas);
    call.bob.session_timer = {.expires = 1800s, .refresher = Refresher::uas};
    call.bob_answers();
    call.they_are_joined();
    call.alice.answers_probes = call.bob.answers_probes = true;
    call.pbx.passes(1799s);
    CHECK(call.alice.hears_nothing());
    call.pbx.passes(1s);
    call.alice.receives(BYE);
    call.bob.receives(BYE);
    call.nothing_is_left();
}
