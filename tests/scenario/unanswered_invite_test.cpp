// INVITEs within a dialog that are heard of, and whose final response does not come.
#include "call_control_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::call_control;

namespace {

constexpr std::string_view video_sdp =
    "v=0\r\no=a 1 2 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 96\r\n";

struct Unanswered : Talking {
    Unanswered()
    {
        for (auto* phone : {&alice, &bob, &carol}) phone->answers_probes = true;
    }

    /// Bob's phone has an INVITE of the exchange, and so can send none.
    void bob_is_silent()
    {
        invite = bob.receives(INVITE);
        bob.replies(180);
        pbx.passes(24'999ms);
        CHECK(bob.hears_nothing());
        bob.sends_invite(hold_sdp);
        bob.receives(491U);
        pbx.passes(1ms);
        bob.receives(CANCEL);
    }

    void bob_talks_on(Phone& to)
    {
        bob.sends_invite(bob_sdp);
        to.receives(INVITE).with(bob_sdp);
        to.replies(200, alice_sdp);
        bob.receives(200U);
        to.receives(ACK);
    }

    Arrived invite;
};

}  // namespace

TEST_CASE("a phone whose answer to a hold of the exchange is lost can change the session again")
{
    Unanswered call;
    CHECK(call.does(CallAction::hold) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK);
    SUBCASE("its 487 comes")
    {
        call.bob_is_silent();
        call.bob_talks_on(call.alice);
        call.they_end();
    }
    SUBCASE("it accepts in that moment: both are on hold")
    {
        call.bob.answers_cancel = false;
        call.bob_is_silent();
        call.bob.replies_to(call.invite, 200, silent_sdp);
        call.bob.receives(ACK);
        call.hears(false);
        call.they_end();
    }
    SUBCASE("nothing comes: the stack gives up 64*T1 later, and the phone is asked")
    {
        call.bob.answers_cancel = false;
        call.bob_is_silent();
        call.pbx.passes(32s);
        call.bob.fails_with(call.invite, 408);
        call.bob_has_his_session_anew();
        call.they_end();
    }
    SUBCASE("the same, and it does not answer that either: it is gone")
    {
        call.bob.answers_cancel = call.bob.answers_probes = false;
        call.bob_is_silent();
        call.pbx.passes(32s);
        call.bob.fails_with(call.invite, 408);
        call.bob.receives(OPTIONS);
        call.bob.fails_with(408);
        call.alice.receives(BYE).header("Reason", "SIP;cause=408;text=\"Phone is gone\"");
        call.bob.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("nothing but another 180 comes: it is there, and need not be asked")
    {
        call.bob.answers_cancel = call.bob.answers_probes = false;
        call.bob_is_silent();
        call.pbx.passes(5s);
        call.bob.replies_to(call.invite, 180);
        call.pbx.passes(27s);
        call.bob.fails_with(call.invite, 408);
        call.bob_has_his_session_anew();
        call.they_end();
    }
}

TEST_CASE("a phone that answers in time gets no CANCEL afterwards")
{
    Unanswered call;
    CHECK(call.does(CallAction::hold) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    call.pbx.passes(24s);
    call.alice.replies(200, silent_sdp);
    call.alice.receives(ACK);
    call.bob.receives(INVITE);
    call.pbx.passes(24s);
    CHECK(call.bob.hears_nothing());
    call.bob.replies(200, silent_sdp);
    call.bob.receives(ACK);
    call.pbx.stays_silent_for(200s);
    call.they_end();
}

TEST_CASE("a resume goes no further: the offer that waits is answered before its phone gives up")
{
    Unanswered call;
    call.is_held();
    CHECK(call.does(CallAction::resume) == OrderOutcome::begun);
    call.alice.receives(INVITE);
    call.alice.replies(200, alice_sdp);
    call.bob_is_silent();
    call.alice.receives(ACK).with(inactive_answer(alice_sdp, {}));
    call.bob_talks_on(call.alice);
    call.they_end();
}

TEST_CASE("a transfer goes no further: the two who talk talk on")
{
    Unanswered call;
    CHECK(call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"}).outcome ==
          OrderOutcome::begun);
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.bob_is_silent();
    call.carol.receives(ACK);
    call.carol.receives(BYE);
    call.bob_talks_on(call.alice);
    call.they_end();
}

TEST_CASE("nobody takes the place of one whose peer does not answer: the two who talk talk on")
{
    Unanswered call;
    auto& mobile = call.pbx.phone("101");
    mobile.sends_replacing(call.pbx.naming(call.pbx.view().calls.at(0).legs.at(0).call_id), "102",
                           carol_sdp);
    SUBCASE("who is told so")
    {
        call.bob_is_silent();
        mobile.receives(487U);
    }
    SUBCASE("who gives up by then: there is one CANCEL")
    {
        call.bob.answers_cancel = false;
        call.bob_is_silent();
        mobile.cancels();
        CHECK(call.bob.hears_nothing());
        call.bob.replies_to(call.invite, 487);
    }
    call.bob_talks_on(call.alice);
    call.they_end();
}

TEST_CASE("somebody may be asked about what another phone has sent: for three minutes and more")
{
    Unanswered call;
    call.alice.sends_invite(video_sdp);
    call.invite = call.bob.receives(INVITE).with(video_sdp);
    call.pbx.passes(60s);
    call.bob.replies(180);
    call.pbx.passes(184'999ms);
    CHECK(call.alice.hears_nothing());
    CHECK(call.bob.hears_nothing());
    call.bob.sends_invite(hold_sdp);
    call.bob.receives(491U);
    SUBCASE("then its sender hears so, and either may send the next one")
    {
        call.pbx.passes(1ms);
        call.alice.receives(504U);
        call.bob.receives(CANCEL);
        call.bob_talks_on(call.alice);
    }
    SUBCASE("what is accepted in that moment is taken back")
    {
        call.bob.answers_cancel = false;
        call.pbx.passes(1ms);
        call.alice.receives(504U);
        call.bob.receives(CANCEL);
        call.bob.replies_to(call.invite, 200, bob_sdp);
        call.bob.receives(ACK).without_body();
        call.bob.receives(INVITE).without_body();
        call.bob.replies(200, bob_sdp);
        call.alice.receives(INVITE).with(bob_sdp);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.bob.receives(ACK).with(alice_sdp);
    }
    SUBCASE("its sender takes it back itself: there is one CANCEL")
    {
        call.bob.answers_cancel = false;
        call.alice.cancels();
        call.bob.receives(CANCEL);
        call.pbx.passes(10s);
        CHECK(call.alice.hears_nothing());
        CHECK(call.bob.hears_nothing());
        call.bob.replies_to(call.invite, 487);
    }
    call.they_end();
}
