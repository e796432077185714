// The calling-card application when its parties refuse, give up, or speak at once.
#include "calling_card_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::calling_card;

TEST_CASE("the target refuses, or is nobody: the caller dials anew")
{
    Card desk;
    desk.accepts();
    desk.dials_bob();
    desk.bob.replies(486);
    desk.asks_for_keys();
    desk.accepts();
    desk.presses("999#");
    CHECK(desk.alice.hears_nothing());
    desk.pbx.passes(1s);
    desk.presses("103#");
    desk.carol.receives(INVITE);
    desk.asks_for_the_way_back();
    desk.accepts();
    desk.is_connected_to(desk.carol, carol_sdp);
    desk.hangs_up();
    desk.carol.receives(BYE);
    desk.nothing_is_left();
    const auto record = desk.record();
    REQUIRE(record.parts.size() == 3);
    CHECK(record.parts[1].result == PartResult::busy);
    CHECK(record.parts[1].missed);
}

TEST_CASE("keys while it rings: the call is given up, and the next one dialled")
{
    Card desk;
    desk.accepts();
    desk.dials_bob();
    desk.bob.replies(180);
    desk.long_pound();
    desk.bob.receives(CANCEL);
    desk.asks_for_keys();
    desk.accepts();
    desk.presses("103#");
    desk.carol.receives(INVITE);
    desk.asks_for_the_way_back();
    desk.accepts();
    desk.is_connected_to(desk.carol, carol_sdp);
    desk.carol.sends(BYE);
    desk.carol.receives(200U);
    desk.is_taken_back(carol_sdp);
    desk.hangs_up();
    desk.nothing_is_left();
}

TEST_CASE("the caller hangs up while its target rings")
{
    Card desk;
    desk.accepts();
    desk.dials_bob();
    desk.hangs_up();
    desk.bob.receives(CANCEL);
    desk.nothing_is_left();
}

TEST_CASE("the caller hangs up between the target's answer and its own: the target is released")
{
    Card desk;
    desk.accepts();
    desk.dials_bob();
    desk.bob.replies(200, bob_sdp);
    const auto offered = desk.alice.receives(INVITE).with(bob_sdp);
    desk.hangs_up();
    desk.bob.receives(ACK);
    desk.bob.receives(BYE);
    desk.alice.replies_to(offered, 487);
    desk.nothing_is_left();
}

TEST_CASE("the target hangs up before the caller has its media: the caller is taken back")
{
    Card desk;
    desk.accepts();
    desk.dials_bob();
    desk.bob.replies(200, bob_sdp);
    const auto offered = desk.alice.receives(INVITE).with(bob_sdp);
    desk.bob.sends(BYE);
    desk.bob.receives(200U);
    desk.bob.receives(ACK);
    desk.asks_for_keys();
    desk.alice.replies_to(offered, 200);  // too late, and to be undone
    desk.alice.receives(ACK);
    desk.accepts();
    desk.pbx.passes(500ms);
    const auto silenced = desk.alice.receives(INVITE);
    CHECK(silenced.body().find("a=inactive") != std::string::npos);
    desk.alice.replies(200, alice_sdp);
    desk.alice.receives(ACK);
    desk.hangs_up();
    desk.nothing_is_left();
}

TEST_CASE("glare: the INVITE that takes the caller back meets one of its own, and comes again")
{
    Card desk;
    desk.accepts();
    desk.dials_bob();
    desk.is_connected_to(desk.bob, bob_sdp);
    desk.long_pound();
    desk.bob.receives(BYE);
    const auto silenced = desk.alice.receives(INVITE);
    desk.asks_for_keys();
    desk.alice.sends_invite(hold_sdp);
    desk.alice.receives(491U);
    desk.alice.replies_to(silenced, 491);
    desk.accepts();
    desk.pbx.passes(500ms);
    desk.alice.receives(INVITE);
    desk.alice.replies(200, alice_sdp);
    desk.alice.receives(ACK);
    desk.hangs_up();
    desk.nothing_is_left();
}

TEST_CASE("alone in the application a phone may hold and resume: there is nothing to hear")
{
    Card desk;
    desk.accepts();
    desk.alice.sends_invite(hold_sdp);
    desk.alice.receives(200U).with(inactive_answer(hold_sdp, {}));
    desk.alice.sends(UPDATE);
    desk.alice.receives(200U).without_body();
    desk.alice.sends(OPTIONS);
    desk.alice.receives(200U);
    desk.hangs_up();
    desk.nothing_is_left();
}
