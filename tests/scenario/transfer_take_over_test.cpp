// One of the parties of a transfer goes on at another phone of theirs, by INVITE with Replaces
// (RFC 3891), before the transfer has come to its end.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view desk_sdp = "v=0\r\no=desk\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";
constexpr std::string_view mobile_sdp = "v=0\r\no=mobile\r\nm=audio 7000 RTP/AVP 0\r\n";

/// Alice talks to Bob at his desk, who sends her to Carol; his mobile is there.
struct Transferring {
    Transferring()
    {
        alice.sends(INVITE, "102", alice_sdp);
        desk.receives(INVITE);
        desk.replies(200, desk_sdp);
        alice.receives(200U);
        desk.receives(ACK);
        at_alice = {.call_id = pbx.view().calls.at(0).legs.at(0).call_id};
        at_desk = {.call_id = pbx.view().calls.at(0).legs.at(1).call_id};
    }

    void desk_refers()
    {
        by_refer = true;
        desk.sends(Method::refer, std::make_shared<const Payload>(
                                      Payload{{}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
        desk.receives(202U);
        desk_hears("SIP/2.0 100 Trying", false);
        carol.receives(INVITE);
    }

    void third_party_transfers()
    {
        pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"});
        carol.receives(INVITE);
    }

    void desk_hears(std::string_view line, bool last = true)
    {
        auto notify = desk.receives(NOTIFY);
        notify.with(std::string{line} + "\r\n").header("Event", "refer");
        notify.header("Subscription-State",
                      last ? "terminated;reason=noresource" : "active;expires=180");
        desk.replies_to(notify, 200);
    }

    void mobile_asks(std::string_view sdp = mobile_sdp)
    {
        mobile.sends_replacing(at_desk, "101", sdp);
    }

    void alice_is_asked() { alice.receives(INVITE).with(mobile_sdp); }

    void desk_is_released()
    {
        if (by_refer) desk_hears("SIP/2.0 100 ");
        desk.receives(BYE).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    }

    void mobile_has_the_call()
    {
        alice.replies(200, alice_sdp);
        mobile.receives(200U).with(alice_sdp);
        alice.receives(ACK);
        desk_is_released();
    }

    void mobile_takes_over()
    {
        mobile_asks();
        alice_is_asked();
        mobile_has_the_call();
    }

    /// Carol has answered, and Alice is asked.
    void alice_gets_carol(Phone& at)
    {
        at.receives(INVITE).with(carol_sdp);
        at.replies(200, alice_sdp);
        carol.receives(ACK).with(alice_sdp);
        at.receives(ACK);
    }

    void mobile_is_released()
    {
        mobile.receives(BYE).header("Reason", "SIP;cause=200;text=\"Transferred\"");
    }

    void talk_and_end(Phone& one, Phone& other)
    {
        one.sends(INFO);
        other.receives(INFO);
        other.replies(200);
        one.receives(200U);
        CHECK(pbx.view().calls.size() == 1);
        other.sends(BYE);
        other.receives(200U);
        one.receives(BYE);
        nothing_is_left();
    }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& mobile = pbx.silent_phone("102");
    Replaces at_alice, at_desk;
    bool by_refer = false;
};

}  // namespace

namespace {

void mobile_is_transferor(Transferring& call)
{
    call.mobile_takes_over();
    SUBCASE("the target answers: it is released")
    {
        call.carol.replies(200, carol_sdp);
        CHECK(call.mobile.hears_nothing());
        call.alice_gets_carol(call.alice);
        call.mobile_is_released();
        call.talk_and_end(call.alice, call.carol);
    }
    SUBCASE("the target is busy: it keeps the call")
    {
        call.carol.replies(486);
        call.talk_and_end(call.alice, call.mobile);
    }
    SUBCASE("the target's media do not suit the transferee: it keeps the call")
    {
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE);
        call.alice.replies(488);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.talk_and_end(call.alice, call.mobile);
    }
    SUBCASE("it hangs up: the target rings on, as it would have for the first phone")
    {
        call.mobile.sends(BYE);
        call.mobile.receives(200U);
        SUBCASE("and answers")
        {
            call.carol.replies(200, carol_sdp);
            call.alice_gets_carol(call.alice);
            call.talk_and_end(call.alice, call.carol);
        }
        SUBCASE("and is busy")
        {
            call.carol.replies(486);
            call.alice.receives(BYE);
            call.nothing_is_left();
        }
    }
    SUBCASE("the transferee hangs up")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.mobile.receives(BYE);
        call.carol.receives(CANCEL);
        call.nothing_is_left();
    }
    SUBCASE("and goes on at a third one")
    {
        const auto calls = call.pbx.view().calls;
        auto& third = call.pbx.silent_phone("102");
        third.sends_replacing({.call_id = calls.at(0).legs.back().call_id}, "101", desk_sdp);
        call.alice.receives(INVITE).with(desk_sdp);
        call.alice.replies(200, alice_sdp);
        third.receives(200U);
        call.alice.receives(ACK);
        call.mobile.receives(BYE);  // it has heard of no transfer
        call.carol.replies(486);
        call.talk_and_end(call.alice, third);
    }
}

}  // namespace

TEST_CASE("who transfers goes on at another phone: that one is the transferor")
{
    Transferring call;
    SUBCASE("by REFER")
    {
        call.desk_refers();
        mobile_is_transferor(call);
    }
    SUBCASE("by a third party")
    {
        call.third_party_transfers();
        mobile_is_transferor(call);
    }
}

TEST_CASE("the target decides while the transferee is asked for the other phone")
{
    Transferring call;
    call.desk_refers();
    call.mobile_asks();
    call.alice_is_asked();
    SUBCASE("it answers: the transferee is asked one thing after the other")
    {
        call.carol.replies(200, carol_sdp);
        CHECK(call.alice.hears_nothing());
        SUBCASE("with everything acknowledged in between")
        {
            call.mobile_has_the_call();
        }
        SUBCASE("and the other phone is slow with its ACK")
        {
            call.mobile.acknowledges = false;
            call.alice.replies(200, alice_sdp);
            const auto accepted = call.mobile.receives(200U);
            call.desk_is_released();
            call.pbx.passes(2s);
            CHECK(call.alice.hears_nothing());
            call.mobile.acknowledge(accepted);
            call.alice.receives(ACK);
        }
        call.pbx.passes(500ms);
        call.alice_gets_carol(call.alice);
        call.mobile_is_released();
        call.talk_and_end(call.alice, call.carol);
    }
    SUBCASE("it answers, and the other phone hangs up without an ACK")
    {
        call.carol.replies(200, carol_sdp);
        call.mobile.acknowledges = false;
        call.alice.replies(200, alice_sdp);
        const auto accepted = call.mobile.receives(200U);
        call.desk_is_released();
        call.mobile.sends(BYE);
        call.mobile.receives(200U);
        call.alice.receives(ACK);
        call.pbx.passes(500ms);
        call.alice_gets_carol(call.alice);
        call.mobile.never_acknowledges(accepted);
        call.talk_and_end(call.alice, call.carol);
    }
    SUBCASE("it is busy: the first phone hears that, then the other has the call")
    {
        call.carol.replies(486);
        call.desk_hears("SIP/2.0 486 ");
        call.by_refer = false;
        call.mobile_has_the_call();
        call.talk_and_end(call.alice, call.mobile);
    }
    SUBCASE("a third phone is too late")
    {
        auto& third = call.pbx.silent_phone("102");
        third.sends_replacing(call.at_desk, "101", desk_sdp);
        third.receives(491U);
        call.mobile_has_the_call();
        call.carol.replies(486);
        call.talk_and_end(call.alice, call.mobile);
    }
    SUBCASE("the transferee refuses the other phone: the transfer goes on as it was")
    {
        call.alice.replies(488);
        call.mobile.receives(488U);
        call.carol.replies(200, carol_sdp);
        call.alice_gets_carol(call.alice);
        call.desk_hears("SIP/2.0 200 OK");
        call.desk.receives(BYE);
        call.talk_and_end(call.alice, call.carol);
    }
    SUBCASE("the other phone gives up: the transfer goes on as it was")
    {
        call.mobile.cancels();
        call.alice.receives(CANCEL);
        call.carol.replies(486);
        call.desk_hears("SIP/2.0 486 ");
        call.talk_and_end(call.alice, call.desk);
    }
    SUBCASE("the transferee hangs up: nobody is left")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.desk_hears("SIP/2.0 487 Request Terminated");
        call.mobile.receives(487U);
        call.carol.receives(CANCEL);
        call.desk.receives(BYE);
        call.alice.replies(481);
        call.nothing_is_left();
    }
    SUBCASE("the first phone hangs up: the other has its place")
    {
        call.desk.sends(BYE);
        call.desk.receives(200U);
        call.alice.replies(200, alice_sdp);
        call.mobile.receives(200U);
        call.alice.receives(ACK);
        SUBCASE("and is released")
        {
            call.carol.replies(200, carol_sdp);
            call.alice_gets_carol(call.alice);
            call.mobile_is_released();
            call.talk_and_end(call.alice, call.carol);
        }
        SUBCASE("and keeps the call")
        {
            call.carol.replies(486);
            call.talk_and_end(call.alice, call.mobile);
        }
    }
    SUBCASE("the transferee has something else under way: it is asked once more")
    {
        call.alice.replies(491);
        call.carol.replies(180);
        call.desk_hears("SIP/2.0 180 ", false);
        SUBCASE("in time")
        {
            call.pbx.passes(2s);
            call.alice_is_asked();
            call.alice.replies(200, alice_sdp);
            call.mobile.receives(200U);
            call.alice.receives(ACK);
            call.desk_hears("SIP/2.0 180 ");
            call.desk.receives(BYE);
            call.carol.replies(486);
            call.talk_and_end(call.alice, call.mobile);
        }
        SUBCASE("unless the target has answered before")
        {
            call.carol.replies(200, carol_sdp);
            call.alice_gets_carol(call.alice);
            call.desk_hears("SIP/2.0 200 OK");
            call.desk.receives(BYE);
            call.pbx.passes(2s);
            call.mobile.receives(603U).header(
                "Warning", "399 office.test \"The call has gone on without this phone\"");
            call.talk_and_end(call.alice, call.carol);
        }
    }
}

TEST_CASE("the other phone asks while the transferee is asked for the target")
{
    Transferring call;
    call.desk_refers();
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.mobile_asks();
    CHECK(call.mobile.hears_nothing());  // it waits
    SUBCASE("who accepts: the call has gone")
    {
        call.alice.replies(200, alice_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK);
        call.desk_hears("SIP/2.0 200 OK");
        call.desk.receives(BYE);
        call.pbx.passes(500ms);
        call.mobile.receives(603U);
        call.talk_and_end(call.alice, call.carol);
    }
    SUBCASE("who refuses: the other phone is next")
    {
        call.alice.replies(488);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.desk_hears("SIP/2.0 488 ");
        call.by_refer = false;
        call.pbx.passes(500ms);
        call.alice_is_asked();
        call.mobile_has_the_call();
        call.talk_and_end(call.alice, call.mobile);
    }
    SUBCASE("and gives up: nothing was changed")
    {
        call.mobile.cancels();
        call.alice.replies(200, alice_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK);
        call.desk_hears("SIP/2.0 200 OK");
        call.desk.receives(BYE);
        call.talk_and_end(call.alice, call.carol);
    }
    SUBCASE("who says nothing for ten seconds: the other phone waits no longer")
    {
        call.pbx.passes(10s);
        call.mobile.receives(491U).header(
            "Warning", "399 office.test \"Another change of this call is under way\"");
        call.alice.replies(488);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.desk_hears("SIP/2.0 488 ");
        call.talk_and_end(call.alice, call.desk);
    }
    SUBCASE("who hangs up: nobody is left")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.mobile.receives(487U);
        call.desk_hears("SIP/2.0 487 Request Terminated");
        call.desk.receives(BYE);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.alice.replies(481);
        call.nothing_is_left();
    }
}

TEST_CASE("the other phone comes first while the transferee is to be asked for the target once more")
{
    Transferring call;
    call.desk_refers();
    call.carol.replies(200, carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(491);
    call.mobile_takes_over();
    call.pbx.passes(500ms);
    call.alice_gets_carol(call.alice);
    call.mobile_is_released();
    call.talk_and_end(call.alice, call.carol);
}

TEST_CASE("the other phone comes when the call is the target's already")
{
    Transferring call;
    call.desk_refers();
    call.carol.replies(200, carol_sdp);
    call.alice_gets_carol(call.alice);
    auto last = call.desk.receives(NOTIFY);
    call.mobile_asks();
    call.mobile.receives(603U).header("Warning",
                                      "399 office.test \"The call was transferred just now\"");
    call.desk.replies_to(last, 200);
    call.desk.receives(BYE);
    call.talk_and_end(call.alice, call.carol);
}

TEST_CASE("a phone without an offer takes over during a transfer, and gives its answer in the ACK")
{
    Transferring call;
    call.desk_refers();
    call.mobile.acknowledges = false;
    call.mobile_asks({});
    call.alice.receives(INVITE).without_body();
    call.alice.replies(200, alice_sdp);
    const auto offered = call.mobile.receives(200U).with(alice_sdp);
    call.desk_is_released();
    call.carol.replies(200, carol_sdp);
    call.mobile.acknowledge(offered, mobile_sdp);
    call.alice.receives(ACK).with(mobile_sdp);
    call.pbx.passes(500ms);
    call.alice_gets_carol(call.alice);
    call.mobile_is_released();
    call.talk_and_end(call.alice, call.carol);
}

TEST_CASE("who is transferred goes on at another phone: that one is joined to the target")
{
    Transferring call;
    auto& tablet = call.pbx.silent_phone("101");
    call.desk_refers();
    tablet.sends_replacing(call.at_alice, "102", mobile_sdp);
    call.desk.receives(INVITE).with(mobile_sdp);
    const auto tablet_has_the_call = [&] {
        call.desk.replies(200, desk_sdp);
        tablet.receives(200U).with(desk_sdp);
        call.desk.receives(ACK);
        call.alice.receives(BYE);
    };
    SUBCASE("before the target answers")
    {
        tablet_has_the_call();
        call.carol.replies(200, carol_sdp);
        call.alice_gets_carol(tablet);
        call.desk_hears("SIP/2.0 200 OK");
        call.desk.receives(BYE);
        call.talk_and_end(tablet, call.carol);
    }
    SUBCASE("while the target answers: the phone that is left is asked nothing")
    {
        call.carol.replies(200, carol_sdp);
        CHECK(call.alice.hears_nothing());
        tablet_has_the_call();
        call.carol.sends(INFO);
        tablet.receives(INFO);
        tablet.replies(200);
        call.carol.receives(200U);
        call.pbx.passes(500ms);
        call.alice_gets_carol(tablet);
        call.desk_hears("SIP/2.0 200 OK");
        call.desk.receives(BYE);
        call.talk_and_end(tablet, call.carol);
    }
    SUBCASE("and the target is busy: it talks to the transferor")
    {
        tablet_has_the_call();
        call.carol.replies(486);
        call.desk_hears("SIP/2.0 486 ");
        call.talk_and_end(tablet, call.desk);
    }
    SUBCASE("and hangs up while the target answers")
    {
        tablet_has_the_call();
        call.carol.replies(200, carol_sdp);
        tablet.receives(INVITE);
        tablet.sends(BYE);
        tablet.receives(200U);
        call.desk_hears("SIP/2.0 487 Request Terminated");
        call.desk.receives(BYE);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        tablet.replies(481);
        call.nothing_is_left();
    }
}
