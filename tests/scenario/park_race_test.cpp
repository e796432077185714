// Parked calls that are fetched in vain, or meet something else.
#include "park_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::park;

namespace {

constexpr auto rung_again = 500ms;

/// Alice is parked, her time is over, and Bob's phone rings.
struct RingingBack : Office {
    explicit RingingBack(ParkLot lot = {.number = "700", .first_slot = "701", .slots = 2})
        : Office{std::move(lot)}
    {
        bob_parks();
        pbx.passes(120s);
        bob.receives(INVITE).from("101");
    }
};

}  // namespace

TEST_CASE("somebody fetches in vain what rings back: it rings back again at once")
{
    RingingBack office;
    office.carol.sends(INVITE, "701", carol_sdp);
    office.bob.receives(CANCEL);
    office.alice.receives(INVITE).with(carol_sdp);
    SUBCASE("the parked phone refuses")
    {
        office.alice.replies(488);
        office.carol.receives(488U);
        office.pbx.passes(rung_again);
    }
    SUBCASE("who fetches gives up; the parked phone is asked for as long as that takes")
    {
        office.pbx.passes(3 * rung_again);
        CHECK(office.bob.hears_nothing());
        office.carol.cancels();
        office.alice.receives(CANCEL);
        office.pbx.passes(rung_again);
    }
    SUBCASE("who fetches gives up, and the answer crosses that: there is nothing to hear again")
    {
        office.alice.answers_cancel = false;
        office.carol.cancels();
        office.alice.receives(CANCEL);
        office.alice.replies(200, alice_sdp);
        office.alice.receives(ACK);
        const auto silenced = office.alice.receives(INVITE);
        CHECK(silenced.body().find("a=inactive") != std::string::npos);
        office.alice.replies(200, hold_sdp);
        office.alice.receives(ACK).without_body();
        office.alice.answers_cancel = true;
        office.pbx.passes(rung_again);
    }
    CHECK(office.parked_in() == "701");
    office.bob_takes_her_back();
}

TEST_CASE("the parked phone has an INVITE under way when its call is fetched from what rings back")
{
    Office office;
    office.bob_parks();
    office.pbx.passes(110s);
    office.alice.acknowledges = false;
    office.alice.sends_invite(alice_sdp);
    const auto silent = office.alice.receives(200U);
    office.alice.acknowledges = true;
    office.pbx.passes(10s);
    office.bob.receives(INVITE).from("101");
    office.carol.sends(INVITE, "701", carol_sdp);
    office.bob.receives(CANCEL);
    office.carol.cancels();
    office.alice.acknowledge(silent);
    office.pbx.passes(rung_again);
    office.bob.receives(INVITE).from("101");
    CHECK(office.parked_in() == "701");
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.bob.receives(CANCEL);
    office.nothing_is_left();
}

TEST_CASE("who takes the ring-back from another phone gives up: that phone rings on")
{
    RingingBack office;
    office.carol.sends(INVITE, "**102", carol_sdp);
    office.alice.receives(INVITE).with(carol_sdp);
    office.carol.cancels();
    office.alice.replies(200, alice_sdp);
    office.alice.receives(ACK);
    CHECK(office.bob.hears_nothing());
    CHECK(office.parked_in() == "701");
    SUBCASE("it is answered")
    {
        office.bob.replies(200, bob_sdp);
        office.alice.receives(INVITE).with(bob_sdp);
        office.alice.replies(200, alice_sdp);
        office.bob.receives(ACK).with(alice_sdp);
        office.alice.receives(ACK);
        office.alice_hangs_up(office.bob);
    }
    SUBCASE("it is not: the call is silent and parked")
    {
        office.bob.replies(486);
        const auto silenced = office.alice.receives(INVITE);
        CHECK(silenced.body().find("a=inactive") != std::string::npos);
        office.alice.replies(200, hold_sdp);
        office.alice.receives(ACK).without_body();
        CHECK(office.parked_in() == "701");
        office.pbx.passes(120s);
        office.bob.receives(INVITE);
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.bob.receives(CANCEL);
        office.nothing_is_left();
    }
}

TEST_CASE("nobody fetches a parked call that is just being picked up where it rings back")
{
    RingingBack office;
    office.carol.sends(INVITE, "**102", carol_sdp);
    office.alice.receives(INVITE).with(carol_sdp);
    office.dave.sends(INVITE, "701", carol_sdp);
    office.dave.receives(481U).phrase("Somebody Else Was Quicker");
    office.alice.replies(200, alice_sdp);
    office.bob.receives(CANCEL);
    office.carol.receives(200U).with(alice_sdp);
    office.alice.receives(ACK);
    office.alice_hangs_up(office.carol);
}

TEST_CASE("a third party sends a parked call on in vain: the rest of its time stays")
{
    Office office{{.number = "700", .first_slot = "701", .slots = 2, .fallback = "104"}};
    office.bob_parks();
    office.pbx.passes(5s);
    CHECK(office.pbx.orders({.action = CallAction::transfer, .to = "103"}).outcome ==
          OrderOutcome::begun);
    office.carol.receives(INVITE);
    SUBCASE("who is called declines")
    {
        office.pbx.passes(10s);
        office.carol.replies(486);
        office.pbx.passes(104s);
    }
    SUBCASE("somebody takes the call from the slot instead, in vain")
    {
        office.bob.sends(INVITE, "701", bob_sdp);
        office.carol.receives(CANCEL);
        office.alice.receives(INVITE).with(bob_sdp);
        office.alice.replies(488);
        office.bob.receives(488U);
        office.pbx.passes(114s);
    }
    CHECK(office.bob.hears_nothing());
    CHECK(office.dave.hears_nothing());
    CHECK(office.parked_in() == "701");
    office.pbx.passes(1s);
    office.bob.receives(INVITE).from("101");
    office.bob.replies(486);
    office.pbx.passes(1ms);
    office.dave.receives(INVITE);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.dave.receives(CANCEL);
    office.nothing_is_left();
}
