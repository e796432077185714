// What a third party wants done with calls: by re-INVITE, for phones that know none of it
// (RFC 3725).
#include <doctest/doctest.h>

#include "core/sdp.hpp"
#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=a 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=b 1 7 IN IP4 h\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=c 1 1 IN IP4 h\r\nm=audio 6000 RTP/AVP 0\r\n";
constexpr std::string_view silent_sdp = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=inactive\r\n";

struct Office {
    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    void refuses(const CallOrder& order, OrderOutcome outcome, std::string_view pointer = {})
    {
        const auto answer = pbx.orders(order);
        CHECK(answer.outcome == outcome);
        CHECK(answer.pointer == pointer);
        CHECK_FALSE(answer.call);
    }

    Scenario pbx{{group("sales", {"104"}, {"101", "102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

/// Somebody has clicked: Alice is to call Bob, and her phone rings.
struct Clicked : Office {
    explicit Clicked(bool auto_answer = false)
    {
        const auto answer = pbx.orders(
            {.action = CallAction::place, .from = "101", .to = "102", .auto_answer = auto_answer});
        REQUIRE(answer.outcome == OrderOutcome::begun);
        CHECK(answer.call->from == "101");
        CHECK(answer.call->dialled == "102");
        CHECK_FALSE(answer.call->answered_at);
        invite = alice.receives(INVITE).from("102").with(inactive_answer({}));
    }

    void alice_answers()
    {
        alice.replies(200, silent_sdp);
        alice.receives(ACK).without_body();
        rung = bob.receives(INVITE).from("101").without_body();
    }

    void bob_answers()
    {
        bob.replies(200, bob_sdp);
        alice.receives(INVITE).with(bob_sdp).header("P-Asserted-Identity",
                                                    "\"Name 102\" <sip:102@office.test>");
    }

    void they_are_joined()
    {
        alice.replies(200, alice_sdp);
        alice.receives(ACK).without_body();
        bob.receives(ACK).with(alice_sdp);
    }

    void they_talk_and_end()
    {
        CHECK(pbx.view().calls.at(0).answered_at);
        alice.sends_invite(hold_sdp);
        bob.receives(INVITE).with(hold_sdp);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        nothing_is_left();
    }

    void alice_is_released(std::string_view reason)
    {
        alice.receives(BYE).header("Reason", reason);
        nothing_is_left();
    }

    Arrived invite;
    Arrived rung;
};

/// Alice talks to Bob, whom she has dialled.
struct Talking : Office {
    Talking()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    OrderOutcome does(CallAction action) { return pbx.orders({.action = action}).outcome; }

    void is_held()
    {
        CHECK(does(CallAction::hold) == OrderOutcome::begun);
        alice.receives(INVITE).with(made_inactive(bob_sdp));
        alice.replies(200, silent_sdp);
        alice.receives(ACK);
        bob.receives(INVITE).with(made_inactive(silent_sdp));
        bob.replies(200, silent_sdp);
        bob.receives(ACK);
        hears(false);
    }

    void hears(bool something)
    {
        const auto view = pbx.view();
        for (const auto& leg : view.calls.at(0).legs)
            if (leg.state == "confirmed") CHECK(leg.held == !something);
    }

    void they_end()
    {
        bob.sends(BYE);
        bob.receives(200U);
        alice.receives(BYE);
        nothing_is_left();
    }
};

}  // namespace

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
    call.pbx.passes(500ms);
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

TEST_CASE("hold: each phone is offered the other's session with nothing to hear; resume: they "
          "agree anew")
{
    Talking call;
    call.is_held();
    CHECK(call.does(CallAction::hold) == OrderOutcome::as_it_is);
    CHECK(call.does(CallAction::resume) == OrderOutcome::begun);
    call.alice.receives(INVITE).without_body();
    call.alice.replies(200, alice_sdp);
    call.bob.receives(INVITE).with(alice_sdp);
    call.bob.replies(200, bob_sdp);
    call.bob.receives(ACK).without_body();
    call.alice.receives(ACK).with(bob_sdp);
    call.hears(true);
    CHECK(call.does(CallAction::resume) == OrderOutcome::as_it_is);
    call.is_held();
    call.they_end();
}

TEST_CASE("a phone may end the hold by itself")
{
    Talking call;
    call.is_held();
    call.alice.sends_invite(alice_sdp);
    call.bob.receives(INVITE).with(alice_sdp);
    call.bob.replies(200, bob_sdp);
    call.alice.receives(200U);
    call.bob.receives(ACK);
    call.hears(true);
    call.they_end();
}

TEST_CASE("one change of a call at a time")
{
    Talking call;
    CHECK(call.does(CallAction::hold) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    const auto held_by_us = call.alice.dialog();
    CHECK(call.does(CallAction::resume) == OrderOutcome::wrong_state);
    call.refuses({.action = CallAction::transfer, .to = "103"}, OrderOutcome::wrong_state);
    call.bob.sends_invite(hold_sdp);
    call.bob.receives(491U);
    call.alice.uses(held_by_us);
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK);
    call.bob.receives(INVITE);
    SUBCASE("glare is over soon")
    {
        call.bob.replies(491);
        call.pbx.passes(500ms);
        call.bob.receives(INVITE);
        call.bob.replies(200, silent_sdp);
        call.bob.receives(ACK);
        call.hears(false);
    }
    SUBCASE("who refuses goes on as before")
    {
        call.bob.replies(488);
    }
    SUBCASE("who has lost the call ends it")
    {
        call.bob.replies(481);
        call.alice.receives(BYE);
        call.bob.receives(BYE);
        return call.nothing_is_left();
    }
    call.they_end();
}

TEST_CASE("a resume that fails leaves the call on hold")
{
    Talking call;
    call.is_held();
    CHECK(call.does(CallAction::resume) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    SUBCASE("the first refuses")
    {
        call.alice.replies(500);
    }
    SUBCASE("the first offers nothing")
    {
        call.alice.replies(200);
        call.alice.receives(ACK);
    }
    SUBCASE("the second refuses")
    {
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE);
        call.bob.replies(488);
        call.alice.receives(ACK).with(inactive_answer(alice_sdp));
    }
    SUBCASE("the second answers nothing")
    {
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE);
        call.bob.replies(200);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(inactive_answer(alice_sdp));
    }
    call.hears(false);
    call.they_end();
}

TEST_CASE("hanging up meanwhile ends the call, whatever is under way")
{
    Talking call;
    call.is_held();
    CHECK(call.does(CallAction::resume) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    const auto leg = call.alice.dialog();
    SUBCASE("the second, before the offer") {}
    SUBCASE("the second, with the offer")
    {
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE);
    }
    const bool offered = !call.alice.rings();
    call.bob.sends(BYE);
    call.bob.receives(200U);
    if (offered) {
        call.alice.receives(ACK);
        call.alice.receives(BYE);
        call.bob.replies(487);
    } else {
        call.alice.uses(leg);
        call.alice.receives(BYE);
        call.alice.replies(487);
    }
    call.nothing_is_left();
}

TEST_CASE("what only rings cannot be held or transferred")
{
    Clicked call;
    for (const auto action : {CallAction::hold, CallAction::resume})
        call.refuses({.action = action}, OrderOutcome::wrong_state);
    call.refuses({.action = CallAction::transfer, .to = "103"}, OrderOutcome::wrong_state);
    call.refuses({.action = CallAction::pick_up, .by = "103"}, OrderOutcome::wrong_state);
    call.alice_answers();
    for (const auto action : {CallAction::hold, CallAction::resume})
        call.refuses({.action = action}, OrderOutcome::wrong_state);
    call.refuses({.action = CallAction::transfer, .to = "103"}, OrderOutcome::wrong_state);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.bob.receives(CANCEL);
    call.nothing_is_left();
}

TEST_CASE("transfer: the caller goes on to the new number, the other is released")
{
    Talking call;
    SUBCASE("dialled by the rights of the one who leaves")
    {
        CHECK(call.pbx.orders({.action = CallAction::transfer, .to = "103"}).outcome ==
              OrderOutcome::begun);
        call.carol.receives(INVITE).from("101").without_body();
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE).with(carol_sdp);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.carol.receives(ACK).with(alice_sdp);
        call.bob.receives(BYE).header("Reason", "SIP;cause=200;text=\"Transferred\"");
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.alice.receives(BYE);
    }
    SUBCASE("from the hand of the caller")
    {
        call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"});
        call.carol.receives(INVITE).from("102");
        call.carol.replies(200, carol_sdp);
        call.bob.receives(INVITE).with(carol_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.carol.receives(ACK).with(bob_sdp);
        call.alice.receives(BYE);
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.bob.receives(BYE);
    }
    SUBCASE("when the target declines they talk on")
    {
        call.pbx.orders({.action = CallAction::transfer, .to = "103"});
        call.carol.receives(INVITE);
        call.carol.replies(603);
        return call.they_end();
    }
    SUBCASE("a held call")
    {
        call.is_held();
        call.pbx.orders({.action = CallAction::transfer, .to = "103"});
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE).with(carol_sdp);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.carol.receives(ACK).with(alice_sdp);
        call.bob.receives(BYE);
        call.hears(true);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(BYE);
    }
    call.nothing_is_left();
}

TEST_CASE("a transfer to a bad number, or by who does not talk, is refused")
{
    Talking call;
    const auto to = [](const char* number, const char* by = "") {
        return CallOrder{.action = CallAction::transfer, .to = number, .by = by};
    };
    using enum OrderOutcome;
    call.refuses(to("999"), bad_member, "/to");
    call.refuses(to("101"), bad_member, "/to");
    call.refuses(to("**103"), bad_member, "/to");
    call.refuses(to("103", "104"), bad_member, "/by");
    call.refuses(to("105"), wrong_state);  // no phone there
    call.they_end();
}

TEST_CASE("pickup: the picker's phones ring with the call, and the first that answers has it")
{
    Office office;
    auto& dora = office.pbx.phone("104");
    office.alice.sends(INVITE, "102", alice_sdp);
    office.bob.receives(INVITE);
    const auto answer =
        office.pbx.orders({.action = CallAction::pick_up, .by = "104", .auto_answer = true});
    CHECK(answer.outcome == OrderOutcome::begun);
    dora.receives(INVITE).from("101").with(alice_sdp).header("Answer-Mode", "Auto");
    office.refuses({.action = CallAction::pick_up, .by = "104"}, OrderOutcome::wrong_state);
    SUBCASE("the picker")
    {
        dora.replies(200, carol_sdp);
        dora.receives(ACK);
        office.alice.receives(200U).with(carol_sdp).header("P-Asserted-Identity",
                                                           "\"Name 104\" <sip:104@office.test>");
        office.bob.receives(CANCEL).header("Reason",
                                           "SIP;cause=200;text=\"Call completed elsewhere\"");
        dora.sends(BYE);
        dora.receives(200U);
    }
    SUBCASE("who was called was quicker")
    {
        office.bob.replies(200, bob_sdp);
        office.bob.receives(ACK);
        office.alice.receives(200U);
        dora.receives(CANCEL);
        office.bob.sends(BYE);
        office.bob.receives(200U);
    }
    office.alice.receives(BYE);
    office.nothing_is_left();
}

TEST_CASE("pickup of a clicked call that rings at the callee")
{
    Clicked call;
    auto& dora = call.pbx.phone("104");
    call.alice_answers();
    call.pbx.orders({.action = CallAction::pick_up, .by = "104"});
    dora.receives(INVITE).from("101").without_body();
    dora.replies(200, carol_sdp);
    call.bob.receives(CANCEL);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    call.alice.receives(ACK);
    dora.receives(ACK).with(alice_sdp);
    dora.sends(BYE);
    dora.receives(200U);
    call.alice.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("pickup by a key or a code of a clicked call that rings at the callee")
{
    Clicked call;
    auto& dora = call.pbx.phone("104");
    call.alice_answers();
    dora.sends(INVITE, "**102", carol_sdp);
    call.bob.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    call.alice.receives(INVITE).with(carol_sdp).header("P-Asserted-Identity",
                                                       "\"Name 104\" <sip:104@office.test>");
    SUBCASE("they talk")
    {
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        dora.receives(200U).with(alice_sdp);
        CHECK(call.pbx.view().calls.at(0).answered_at);
        dora.sends_invite(hold_sdp);
        call.alice.receives(INVITE).with(hold_sdp);
        call.alice.replies(200, alice_sdp);
        dora.receives(200U);
        call.alice.receives(ACK);
        dora.sends(BYE);
        dora.receives(200U);
        call.alice.receives(BYE);
    }
    SUBCASE("the media do not fit")
    {
        call.alice.replies(488);
        dora.receives(488U);
        call.alice.receives(BYE).header("Reason", "SIP;cause=488");
    }
    SUBCASE("who clicked hangs up")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        dora.receives(487U);
        call.alice.replies(481);
    }
    SUBCASE("the picker gives up")
    {
        dora.cancels();
        call.alice.receives(BYE).header("Reason", "SIP;cause=487;text=\"Request Terminated\"");
        call.alice.replies(487);
    }
    call.nothing_is_left();
}

TEST_CASE("a picker without an offer of a clicked call is given that of the one who waits")
{
    Clicked call;
    auto& dora = call.pbx.phone("104");
    call.alice_answers();
    dora.acknowledges = false;
    dora.sends(INVITE, "**102", {});
    call.bob.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    call.alice.receives(INVITE).without_body().header("P-Asserted-Identity",
                                                      "\"Name 104\" <sip:104@office.test>");
    SUBCASE("they talk")
    {
        call.alice.replies(200, alice_sdp);
        auto offered = dora.receives(200U).with(alice_sdp);
        dora.acknowledges = true;
        SUBCASE("the picker answers in its ACK")
        {
            dora.acknowledge(offered, carol_sdp);
            call.alice.receives(ACK).with(carol_sdp);
            CHECK(call.pbx.view().calls.at(0).answered_at);
            dora.sends(BYE);
            dora.receives(200U);
            call.alice.receives(BYE);
        }
        SUBCASE("its ACK says nothing")
        {
            dora.acknowledge(offered);
            call.alice.receives(ACK);
            dora.receives(BYE).header("Reason", "SIP;cause=488;text=\"No Media Answered\"");
            call.alice.receives(BYE);
        }
        SUBCASE("its ACK never comes")
        {
            dora.never_acknowledges(offered);
            call.alice.receives(ACK);
            dora.receives(BYE);
            call.alice.receives(BYE);
        }
        SUBCASE("it hangs up instead")
        {
            dora.sends(BYE);
            dora.receives(200U);
            call.alice.receives(ACK);
            call.alice.receives(BYE);
            dora.never_acknowledges(offered);
        }
    }
    SUBCASE("who waits refuses")
    {
        call.alice.replies(488);
        dora.receives(488U);
        call.alice.receives(BYE).header("Reason", "SIP;cause=488");
    }
    SUBCASE("the picker gives up: the offer is acknowledged first")
    {
        dora.cancels();
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.alice.receives(BYE);
    }
    call.nothing_is_left();
}

TEST_CASE("a pickup needs the right to see the call, a phone, and something that rings")
{
    Office office;
    office.alice.sends(INVITE, "102", alice_sdp);
    office.bob.receives(INVITE);
    using enum OrderOutcome;
    office.refuses({.action = CallAction::pick_up, .by = "999"}, bad_member, "/by");
    office.refuses({.action = CallAction::pick_up, .by = "103"}, bad_member, "/by");
    office.refuses({.action = CallAction::pick_up, .by = "104"}, wrong_state);  // no phone there
    office.bob.replies(200, bob_sdp);
    office.bob.receives(ACK);
    office.alice.receives(200U);
    office.refuses({.action = CallAction::pick_up, .by = "104"}, wrong_state);
    office.bob.sends(BYE);
    office.bob.receives(200U);
    office.alice.receives(BYE);
    office.nothing_is_left();
}

TEST_CASE("nobody takes over a session that the exchange changes")
{
    Talking call;
    auto& second = call.pbx.phone("102");
    call.bob.uses(call.bob.dialog());
    call.does(CallAction::hold);
    call.alice.receives(INVITE);
    const auto leg = call.pbx.view().calls.at(0).legs.at(1);
    second.sends_replacing({.call_id = leg.call_id}, "101", carol_sdp);
    second.receives(491U);
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK);
    call.bob.receives(INVITE);
    call.bob.replies(200, silent_sdp);
    call.bob.receives(ACK);
    call.they_end();
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
