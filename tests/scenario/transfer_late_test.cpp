// A transfer whose parties answer late, or on hold.
#include <algorithm>

#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

/// Of the leg of `number` that is alive.
LiveLeg leg_of(const Scenario& pbx, std::string_view number)
{
    for (const auto& call : pbx.view().calls)
        for (const auto& leg : call.legs)
            if (leg.extension == number && leg.state == "confirmed") return leg;
    return {};
}

}  // namespace

TEST_CASE("the target of an attended transfer hangs up, and its phone accepts all the same")
{
    Consulting call;
    call.carol_answers();
    call.bob_hands_over();
    call.alice.receives(INVITE).without_body();
    call.alice.replies(200, alice_sdp);
    const auto asked = call.carol.receives(INVITE).with(alice_sdp);
    call.carol.sends(BYE);
    call.carol.receives(200U);
    call.bob.receives(BYE);
    call.carol.replies_to(asked, 200, carol_sdp);
    call.carol.receives(ACK);  // else it would repeat that for half a minute
    call.alice.receives(ACK).with(bob_sdp);
    call.bob_hears("SIP/2.0 480 Party Has Left");
    call.alice_is_shown_bob_again();
    call.bob.uses(call.first);
    call.alice_and_bob_still_talk();
}

TEST_CASE("the target of an attended transfer hangs up, and answers nothing of what it was asked")
{
    Consulting call;
    call.carol_answers();
    call.bob_hands_over();
    call.alice.receives(INVITE).without_body();
    call.alice.replies(200, alice_sdp);
    call.carol.receives(INVITE).with(alice_sdp);
    call.carol.replies(180);
    call.carol.sends(BYE);
    call.carol.receives(200U);
    call.bob.receives(BYE);
    call.pbx.passes(24'999ms);
    CHECK(call.carol.hears_nothing());
    SUBCASE("until it is cancelled, while the transferee still waits for the answer to its offer")
    {
        call.pbx.passes(1ms);
        call.carol.receives(CANCEL);
    }
    SUBCASE("at all")
    {
        call.carol.answers_cancel = false;
        call.pbx.passes(15'001ms);
        call.carol.receives(CANCEL);
    }
    call.alice.receives(ACK).with(bob_sdp);
    call.bob_hears("SIP/2.0 480 Party Has Left");
    call.alice_is_shown_bob_again();
    call.bob.uses(call.first);
    call.alice_and_bob_still_talk();
}

TEST_CASE("who is on hold when a transfer joins it is shown so, and is heard again after that")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    std::string_view of_alice = alice_sdp;
    std::string_view of_carol = carol_sdp;
    SUBCASE("the target")
    {
        of_carol = hold_sdp;
    }
    SUBCASE("the transferee")
    {
        of_alice = hold_sdp;
    }
    call.carol.replies(200, of_carol);
    call.alice.receives(INVITE).with(of_carol);
    call.alice.replies(200, of_alice);
    call.carol.receives(ACK).with(of_alice);
    call.alice.receives(ACK);
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    CHECK(leg_of(call.pbx, "101").held == (of_alice == hold_sdp));
    CHECK(leg_of(call.pbx, "103").held == (of_carol == hold_sdp));

    call.alice.sends_invite(alice_sdp);
    call.carol.receives(INVITE).with(alice_sdp);
    call.carol.replies(200, carol_sdp);
    call.alice.receives(200U);
    call.carol.receives(ACK);
    CHECK_FALSE(leg_of(call.pbx, "101").held);
    CHECK_FALSE(leg_of(call.pbx, "103").held);
    call.alice_and_carol_talk_and_end();
}
