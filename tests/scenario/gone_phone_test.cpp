// A phone that has no part in the conversation any more is found to be gone: those who talk go on.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view desk_sdp = "v=0\r\no=desk\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";
constexpr std::string_view mobile_sdp = "v=0\r\no=mobile\r\nm=audio 7000 RTP/AVP 0\r\n";

struct Office {
    void talk_on_and_end(Phone& one, Phone& other)
    {
        one.sends(INFO);
        other.receives(INFO);
        other.replies(200);
        one.receives(200U);
        one.sends(BYE);
        one.receives(200U);
        other.receives(BYE);
    }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        CHECK(pbx.unanswered() == 0);
        pbx.stays_silent_for(41s);
    }

    Scenario pbx{{group("all", {"104"}, {"101", "102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& mobile = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

/// Alice talks to Bob at his desk, which is about to go.
struct AtDesk : Office {
    AtDesk()
    {
        alice.answers_probes = mobile.answers_probes = carol.answers_probes = true;
        alice.sends(INVITE, "102", alice_sdp);
        desk.receives(INVITE);
        mobile.receives(INVITE);
        desk.replies(200, desk_sdp);
        alice.receives(200U);
        mobile.receives(CANCEL);
        desk.receives(ACK);
    }

    void mobile_takes_over(unsigned told_alice = 0)
    {
        Replaces desk_dialog;
        const auto calls = pbx.view().calls;
        for (const auto& leg : calls.at(0).legs)
            if (leg.extension == "102" && leg.state == "confirmed")
                desk_dialog = pbx.naming(leg.call_id);
        mobile.sends_replacing(desk_dialog, "101", mobile_sdp);
        alice.receives(INVITE).with(mobile_sdp);
        alice.replies(200, alice_sdp);
        mobile.receives(200U).with(alice_sdp);
        if (told_alice != 0) alice.receives(told_alice);
        alice.receives(ACK);
    }
};

/// Alice calls Bob's phones, and his mobile has rung reliably.
struct Ringing : Office {
    Ringing()
    {
        alice.supported = OptionTag::reliable;
        alice.sends(INVITE, "102", alice_sdp);
        at_desk = desk.receives(INVITE);
        at_mobile = mobile.receives(INVITE);
        mobile.replies_reliably(180, 7);
        alice.receives(180U).reliable();
        alice.sends(PRACK);
        prack = mobile.receives(PRACK);
    }

    void desk_answers()
    {
        desk.replies_to(at_desk, 200, desk_sdp);
        alice.receives(200U).with(desk_sdp);
        desk.receives(ACK);
    }

    Arrived at_desk, at_mobile, prack;
};

}  // namespace

TEST_CASE("a phone that has lost its power is found gone after another one has taken its call over")
{
    AtDesk call;
    call.desk.answers_bye = false;
    call.pbx.passes(60s);
    const auto probe = call.desk.receives(OPTIONS);
    call.pbx.passes(10s);
    call.mobile_takes_over();
    const auto bye = call.desk.receives(BYE);
    call.pbx.passes(22s);
    SUBCASE("it never answers")
    {
        call.desk.fails_with(probe, 408);
        call.pbx.passes(10s);
        call.desk.fails_with(bye, 408);
    }
    SUBCASE("it is back, and knows nothing")
    {
        call.desk.replies_to(probe, 481);
        call.desk.replies_to(bye, 481);
    }
    call.talk_on_and_end(call.alice, call.mobile);
    call.nothing_is_left();
}

TEST_CASE("a transferor is found gone after its call has gone on without it")
{
    AtDesk call;
    call.desk.answers_bye = false;
    call.pbx.passes(60s);
    const auto probe = call.desk.receives(OPTIONS);
    call.desk.sends(Method::refer, std::make_shared<const Payload>(
                                       Payload{{}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
    call.desk.receives(202U);
    call.desk.receives(NOTIFY);
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    call.alice.receives(ACK);
    call.carol.receives(ACK).with(alice_sdp);
    const auto report = call.desk.receives(NOTIFY).with("SIP/2.0 200 OK\r\n");
    call.desk.fails_with(probe, 408);
    call.desk.fails_with(report, 408);
    call.desk.receives(BYE);
    call.desk.fails_with(408);
    call.talk_on_and_end(call.alice, call.carol);
    call.nothing_is_left();
}

TEST_CASE("what was on its way to a phone that is replaced is answered, and its 481 ends nothing")
{
    AtDesk call;
    call.desk.answers_bye = false;
    call.alice.sends(INFO);
    const auto info = call.desk.receives(INFO);
    call.mobile_takes_over(480);
    const auto bye = call.desk.receives(BYE);
    call.desk.replies_to(info, 481);
    call.desk.replies_to(bye, 200);
    call.talk_on_and_end(call.alice, call.mobile);
    call.nothing_is_left();
}

TEST_CASE("a phone that rings is gone before it has answered the PRACK of the caller")
{
    Ringing call;
    SUBCASE("another one answers")
    {
        call.mobile.answers_cancel = false;
        call.desk_answers();
        call.mobile.receives(CANCEL);
        call.alice.receives(200U);  // its PRACK
        call.pbx.passes(32s);
        call.mobile.fails_with(call.prack, 408);
        call.mobile.fails_with(call.at_mobile, 408);
    }
    SUBCASE("the other one rings on")
    {
        call.mobile.fails_with(call.prack, 408);
        call.alice.receives(200U);
        CHECK(call.desk.hears_nothing());
        call.desk_answers();
        call.mobile.receives(CANCEL);
    }
    SUBCASE("it does not know that response any more (RFC 3262 §3)")
    {
        call.mobile.replies_to(call.prack, 481);
        call.alice.receives(200U);
        call.desk_answers();
        call.mobile.receives(CANCEL);
    }
    SUBCASE("it has just declined")
    {
        call.mobile.replies_to(call.at_mobile, 486);
        call.alice.receives(200U);  // its PRACK
        call.desk_answers();
    }
    SUBCASE("it answers all the same")
    {
        call.mobile.replies_to(call.at_mobile, 200, mobile_sdp);
        call.alice.receives(200U);
        call.desk.receives(CANCEL);
        call.mobile.receives(ACK);
        call.mobile.fails_with(call.prack, 408);
        call.alice.receives(200U);
        call.talk_on_and_end(call.alice, call.mobile);
        return call.nothing_is_left();
    }
    call.talk_on_and_end(call.alice, call.desk);
    call.nothing_is_left();
}

TEST_CASE("an offer in a PRACK that nobody answers is refused")
{
    Ringing call;
    call.mobile.replies_to(call.prack, 200);
    call.alice.receives(200U);
    call.mobile.replies_to(call.at_mobile, 100);
    call.mobile.replies_reliably(183, 8, mobile_sdp);
    call.alice.receives(183U).reliable();
    call.alice.sends(PRACK, session_payload(std::string{hold_sdp}));
    const auto prack = call.mobile.receives(PRACK).with(hold_sdp);
    call.mobile.fails_with(prack, 408);
    call.alice.receives(488U);
    call.desk.replies_to(call.at_desk, 486);
    call.mobile.replies_to(call.at_mobile, 603);
    call.alice.receives(603U);
    call.nothing_is_left();
}

TEST_CASE("an offer in a PRACK for a phone that has declined meanwhile is refused")
{
    Ringing call;
    call.mobile.replies_to(call.prack, 200);
    call.alice.receives(200U);
    call.mobile.replies_to(call.at_mobile, 100);
    call.mobile.replies_reliably(183, 8, mobile_sdp);
    call.alice.receives(183U).reliable();
    call.mobile.replies_to(call.at_mobile, 486);
    call.alice.sends(PRACK, session_payload(std::string{hold_sdp}));
    call.alice.receives(488U);
    CHECK(call.mobile.hears_nothing());
    call.desk.replies_to(call.at_desk, 486);
    call.alice.receives(486U);
    call.nothing_is_left();
}

TEST_CASE("the caller of a call that rings is gone: nobody is rung for it any more")
{
    Office call;
    call.alice.sends(INVITE, "103", alice_sdp);
    const auto invite = call.carol.receives(INVITE);
    call.carol.replies(180);
    call.alice.receives(180U);
    call.carol.sends(UPDATE, session_payload(std::string{carol_sdp}));
    call.alice.receives(UPDATE);
    call.alice.fails_with(408);
    call.carol.receives(408U);
    call.carol.receives(CANCEL);
    call.alice.receives(487U);
    call.nothing_is_left();
}

TEST_CASE("a phone that registers as if for the first time in mid-call is asked at once")
{
    AtDesk office;
    auto& [pbx, alice, desk, mobile, carol] = static_cast<Office&>(office);
    pbx.passes(5s);
    desk.reboots = 1;
    desk.registers();
    pbx.passes(1ms);
    desk.receives(OPTIONS);
    SUBCASE("it has rebooted, and knows of no call")
    {
        desk.replies(481);
        alice.receives(BYE);
        desk.receives(BYE);
    }
    SUBCASE("it knows its call, and is not asked again for it")
    {
        desk.replies(200);
        desk.answers_probes = true;
        mobile.unregisters();
        CHECK(desk.hears_nothing());
        alice.sends(BYE);
        alice.receives(200U);
        desk.receives(BYE);
    }
    office.nothing_is_left();
}
