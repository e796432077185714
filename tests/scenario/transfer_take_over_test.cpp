// One of the parties of a transfer goes on at another phone of theirs, by INVITE with Replaces
// (RFC 3891), before the transfer has come to its end.
#include "take_over_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::take_over;

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
        third.sends_replacing(call.pbx.naming(calls.at(0).legs.back().call_id), "101", desk_sdp);
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
        third.receives(481U);
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

TEST_CASE("a lamp names the other phone of a transferor who has left, and not whom its party waited for")
{
    Transferring call;
    auto& watcher = call.pbx.phone("104");
    call.pbx.replaces_directory({group("sales", {"104"}, {"101", "102", "103"})});
    CHECK(watcher.watches("101").dialog().remote_identity == "sip:102@office.test");
    const auto lamp_names = [&](std::string_view number) {
        CHECK(watcher.receives(NOTIFY).dialog().remote_identity ==
              "sip:" + std::string{number} + "@office.test");
        CHECK(watcher.hears_nothing());
    };
    call.desk_refers();
    call.mobile_asks();
    call.alice_is_asked();
    call.desk.sends(BYE);
    call.desk.receives(200U);
    lamp_names("103");  // for whom Alice waits
    call.alice.replies(200, alice_sdp);
    call.mobile.receives(200U);
    call.alice.receives(ACK);
    lamp_names("102");  // to whom she talks again
    call.carol.replies(486);
    CHECK(watcher.hears_nothing());
    call.mobile.sends(BYE);
    call.mobile.receives(200U);
    call.alice.receives(BYE);
    lamp_names("102");
    call.nothing_is_left();
}
