// Another phone of one of the parties comes when the target of a transfer has answered already, or
// without an offer (RFC 3891).
#include "take_over_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::take_over;

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
