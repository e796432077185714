// A phone that allows no UPDATE is told whom it talks to by a re-INVITE that changes nothing else
// (RFC 3325, RFC 3261 §14.1).
#include <string>

#include "displays_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::displays;

TEST_CASE("who takes a parked call back is told who it is by an INVITE, with the session as it is")
{
    Recalled call;
    SUBCASE("of a phone that has told its methods, without UPDATE") {}
    SUBCASE("of one that has told none")
    {
        call.bob.denies_update = false;
    }
    call.bob_lifts();
    call.pbx.passes(told_after - 1ms);
    CHECK(call.bob.hears_nothing());
    call.pbx.passes(1ms);
    call.is_told(name_101);
    call.bob_accepts();
    CHECK(call.alice.hears_nothing());
    call.ends(call.alice);
}

TEST_CASE("it comes to no phone that has hung up, or has been moved on by then")
{
    Recalled call;
    call.bob_lifts();
    SUBCASE("hung up")
    {
        call.pbx.passes(told_after - 1ms);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.bob.receives(BYE);
        call.pbx.stays_silent_for(41s);
        CHECK(call.pbx.has_no_calls());
    }
    SUBCASE("moved on: by an INVITE, in which it is told")
    {
        call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"});
        call.carol.receives(INVITE);
        call.pbx.passes(2s);
        CHECK(call.bob.hears_nothing());
        call.carol.replies(200, carol_sdp);
        call.bob.receives(INVITE).with(carol_sdp).header(shown, name_103);
        call.bob.replies(200, bob_again);
        call.carol.receives(ACK);
        call.bob.receives(ACK);
        call.alice.receives(BYE);
        call.ends(call.carol);
    }
    SUBCASE("not moved on after all: it is told then")
    {
        call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"});
        call.carol.receives(INVITE);
        call.pbx.passes(2s);
        call.carol.replies(486);
        call.pbx.passes(told_after);
        call.is_told(name_101);
        call.bob_accepts();
        call.ends(call.alice);
    }
}

TEST_CASE("several changes within the pause are one INVITE, and one that comes later is another")
{
    Recalled call;
    SUBCASE("before it is told")
    {
        call.bob_lifts();
        call.pbx.passes(200ms);
        call.alice.sends(UPDATE, private_from_here());
        call.alice.receives(200U);
        call.pbx.passes(told_after - 200ms);
    }
    SUBCASE("while it is")
    {
        call.bob_lifts();
        call.pbx.passes(told_after);
        call.is_told(name_101);
        call.alice.sends(UPDATE, private_from_here());
        call.alice.receives(200U);
        call.pbx.passes(told_after);
        CHECK(call.bob.hears_nothing());
        call.bob_accepts();
        call.pbx.passes(told_after);
    }
    call.is_told(nobody);
    call.bob_accepts();
    call.ends(call.alice);
}

TEST_CASE("the INVITE of a display meets another one (491)")
{
    BeingTold call;
    auto& bob = call.bob;
    SUBCASE("it comes again, after a pause")
    {
        bob.replies(491);
        call.pbx.passes(2099ms);  // the Call-ID is ours
        CHECK(bob.hears_nothing());
        call.pbx.passes(1ms);
        call.is_told(name_101);
        call.bob_accepts();
    }
    SUBCASE("for ten seconds")
    {
        for (int i = 0; i < 4; ++i) {
            bob.replies(491);
            call.pbx.passes(2100ms);
            call.is_told(name_101);
        }
        bob.replies(491);
    }
    SUBCASE("of the phone itself, which puts the call on hold: it is told once it talks again")
    {
        bob.sends_invite(hold_sdp);
        bob.receives(491U);
        bob.replies_to(call.invite, 491);
        call.pbx.passes(1s);
        bob.sends_invite(hold_sdp);
        call.alice.receives(INVITE).with(hold_sdp);
        call.alice.replies(200, alice_hears);
        bob.receives(200U).with(alice_hears);
        call.alice.receives(ACK);
        call.pbx.stays_silent_for(11s);
        bob.sends_invite(bob_sdp);
        call.alice.receives(INVITE).with(bob_sdp);
        call.alice.replies(200, alice_sdp);
        bob.receives(200U).with(alice_sdp);
        call.alice.receives(ACK);
        CHECK(bob.hears_nothing());
        call.pbx.passes(told_after);
        call.is_told(name_101);
        bob.replies(491);  // the ten seconds begin anew
        call.pbx.passes(2100ms);
        call.is_told(name_101);
        call.bob_accepts();
    }
    SUBCASE("of the other phone, which tries again")
    {
        call.alice.sends_invite(alice_hears);
        call.alice.receives(491U);
        call.bob_accepts();
        call.alice_says(alice_sdp);
    }
    call.ends(call.alice);
}

TEST_CASE("a phone that refuses the INVITE of a display talks on")
{
    BeingTold call;
    SUBCASE("by 488") { call.bob.replies(488); }
    SUBCASE("by 500") { call.bob.replies(500); }
    call.ends(call.alice);
}

TEST_CASE("a phone that does not know the dialog any more is gone, and one that says nothing is asked")
{
    BeingTold call;
    call.bob.answers_cancel = call.bob.answers_probes = false;
    const auto says_nothing = [&] {
        call.pbx.passes(4s);
        call.bob.receives(CANCEL);
        call.pbx.passes(32s);
        call.bob.fails_with(call.invite, 408);
        call.bob.receives(OPTIONS);
        CHECK(call.alice.hears_nothing());
    };
    bool gone = true;
    SUBCASE("481")
    {
        call.bob.replies(481);
    }
    SUBCASE("silence to both")
    {
        says_nothing();
        call.bob.fails_with(408);
    }
    SUBCASE("481 to the question")
    {
        says_nothing();
        call.bob.replies(481);
    }
    SUBCASE("it is there: it is told with the session, which both are given anew")
    {
        says_nothing();
        call.bob.replies(200);
        call.bob.receives(INVITE).without_body().header(shown, name_101);
        call.bob.replies(200, bob_again);
        call.alice.receives(INVITE).with(bob_again);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.bob.receives(ACK).with(alice_sdp);
        gone = false;
    }
    if (!gone) return call.ends(call.alice);
    call.alice.receives(BYE);
    call.bob.receives(BYE);
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("the UPDATE of a display is refused")
{
    Recalled call;
    call.bob.denies_update = false;
    call.bob.allows_update = true;
    call.bob.replies(200, bob_sdp);
    call.alice.receives(INVITE);
    call.alice.replies(200, alice_sdp);
    call.bob.receives(ACK);
    call.alice.receives(ACK);
    call.bob.receives(UPDATE).header(shown, name_101);
    SUBCASE("by a phone that has said it knows it: an INVITE tells it")
    {
        SUBCASE("405")
        {
            call.bob.replies(405);
        }
        SUBCASE("501")
        {
            call.bob.replies(501);
        }
        CHECK(call.bob.hears_nothing());
        call.pbx.passes(told_after);
        call.is_told(name_101);
        call.bob_accepts();
        call.ends(call.alice);
    }
    SUBCASE("for anything else: it talks on")
    {
        call.bob.replies(488);
        call.ends(call.alice);
    }
    SUBCASE("by one that is gone, as of an INVITE (RFC 3311 §5.3)")
    {
        std::string reason;
        SUBCASE("481")
        {
            call.bob.replies(481);
            reason = "SIP;cause=481;text=\"Peer is gone\"";
        }
        SUBCASE("silence, also to the question whether it is there")
        {
            call.bob.answers_probes = false;
            call.pbx.passes(32s);
            call.bob.fails_with(408);
            call.bob.receives(OPTIONS);
            call.bob.fails_with(408);
            reason = "SIP;cause=408;text=\"Phone is gone\"";
        }
        call.alice.receives(BYE).header("Reason", reason);
        call.bob.receives(BYE);
        CHECK(call.pbx.has_no_calls());
    }
}

TEST_CASE("a phone that asks its user about it keeps nobody waiting for long")
{
    BeingTold call;
    call.bob.replies(180);
    call.pbx.passes(3999ms);
    CHECK(call.bob.hears_nothing());
    SUBCASE("it is told once more, when whoever had to wait has had its turn")
    {
        call.pbx.passes(1ms);
        call.bob.receives(CANCEL);
        call.alice_says(alice_sdp);
        call.pbx.passes(9999ms);
        CHECK(call.bob.hears_nothing());
        call.pbx.passes(1ms);
        call.is_told(name_101);
        call.bob.replies(180);
        call.pbx.passes(4s);
        call.bob.receives(CANCEL);
    }
    SUBCASE("it accepts in that moment")
    {
        call.bob.answers_cancel = false;
        call.pbx.passes(1ms);
        call.bob.receives(CANCEL);
        call.bob.replies_to(call.invite, 200, bob_again);
        call.bob.receives(ACK);
        call.alice_says(alice_sdp);
    }
    call.ends(call.alice);
}

TEST_CASE("what was cancelled is told again only as long as it is news, and when the call rests")
{
    BeingTold call;
    auto& bob = call.bob;
    bob.replies(180);
    call.pbx.passes(4s);
    bob.receives(CANCEL);
    SUBCASE("on hold meanwhile: once the two talk again")
    {
        call.alice_says(hold_sdp);
        call.pbx.stays_silent_for(20s);
        call.alice_says(alice_sdp);
        call.pbx.passes(told_after);
        call.is_told(name_101);
    }
    SUBCASE("something else to tell meanwhile: that is told")
    {
        call.alice.sends(UPDATE, private_from_here());
        call.alice.receives(200U);
        call.pbx.passes(10s);
        call.is_told(nobody);
    }
    SUBCASE("moved on meanwhile: it was told in that INVITE")
    {
        call.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"});
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        bob.receives(INVITE).with(carol_sdp).header(shown, name_103);
        bob.replies(200, bob_again);
        call.carol.receives(ACK);
        bob.receives(ACK);
        call.alice.receives(BYE);
        return call.ends(call.carol);
    }
    call.bob_accepts();
    call.ends(call.alice);
}

TEST_CASE("it answers with another session: the two are brought together anew")
{
    BeingTold call;
    call.bob.replies(200, bob_elsewhere);
    call.bob.receives(ACK).without_body();
    call.bob.receives(INVITE).without_body().header(shown, name_101);
    call.bob.replies(200, bob_elsewhere);
    call.alice.receives(INVITE).with(bob_elsewhere).header(shown, name_102);
    call.alice.replies(200, alice_sdp);
    call.alice.receives(ACK);
    call.bob.receives(ACK).with(alice_sdp);
    call.ends(call.alice);
}

TEST_CASE("it is a refresh as any other INVITE (RFC 4028)")
{
    Recalled call;
    call.bob.supported = OptionTag::timer;
    call.bob.session_timer = {.expires = 1800s, .refresher = Refresher::uas};
    call.bob_lifts();
    call.pbx.passes(told_after);
    call.is_told(name_101).session(1800s, Refresher::uas);
    call.bob.session_timer.expires = 600s;
    call.bob_accepts();
    call.pbx.passes(599s);
    CHECK(call.alice.hears_nothing());
    call.pbx.passes(1s);
    call.alice.receives(BYE).header("Reason", "SIP;cause=408;text=\"Session expired\"");
    call.bob.receives(BYE);
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("who picks up what rings back is told who it is in the 200, and not again")
{
    Recalled call;
    call.carol.sends(INVITE, "**102", carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp).header(shown, name_103);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(200U).with(alice_sdp).header(shown, name_101);
    call.alice.receives(ACK);
    call.bob.receives(CANCEL);
    call.pbx.stays_silent_for(11s);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.carol.receives(BYE);
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("a transfer after asking tells both in the INVITEs that move the media, and not again")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    for (auto* phone : {&alice, &bob, &carol}) {
        phone->answers_probes = true;
        phone->denies_update = true;
    }
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies(200, bob_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    const auto first = bob.dialog();
    bob.sends(INVITE, "103", bob_sdp);
    carol.receives(INVITE);
    carol.replies(200, carol_sdp);
    bob.receives(200U);
    carol.receives(ACK);
    std::string call_id;
    const auto view = pbx.view();
    for (const auto& each : view.calls)
        if (each.dialled == "103") call_id = each.legs.at(0).call_id;
    bob.uses(first);
    bob.sends(Method::refer,
              std::make_shared<const Payload>(
                  Payload{{},
                          {},
                          {{"Refer-Sub", "false"},
                           {"Refer-To", "<sip:103@office.test?Replaces=" + call_id +
                                            "%3Bto-tag%3D0%3Bfrom-tag%3D0>"}}}));
    bob.receives(202U);
    alice.receives(INVITE).without_body().header(shown, name_103);
    alice.replies(200, alice_sdp);
    carol.receives(INVITE).with(alice_sdp).header(shown, name_101);
    carol.replies(200, carol_sdp);
    alice.receives(ACK).with(carol_sdp);
    carol.receives(ACK);
    bob.receives(BYE);
    bob.receives(BYE);
    pbx.stays_silent_for(11s);
    alice.sends(BYE);
    alice.receives(200U);
    carol.receives(BYE);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}
