// A phone that wants to pick up the call that it makes itself.
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

/// Alice has called Bob, whose phone rings; whoever of these rings, the others may pick it up. Alice has a second phone.
struct Calling {
    Calling()
    {
        alice.sends(INVITE, "102", alice_sdp);
        first = alice.dialog();
        bob.receives(INVITE);
        bob.replies(180);
        alice.receives(180U);
    }

    void takes_nothing(Phone& phone, std::string_view number = "102")
    {
        for (const auto& code : {"**" + std::string{number}, std::string{"*8"}, std::string{"**"}}) {
            CAPTURE(code);
            phone.sends(INVITE, code);
            phone.receives(480U).phrase("Nothing Rings There");
        }
    }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    Scenario pbx{{group("sales", {"101", "102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& mobile = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    LegId first;
};

}  // namespace

TEST_CASE("a phone picks up no call that it makes itself")
{
    Calling office;
    auto& [pbx, alice, mobile, bob, carol, first] = office;
    SUBCASE("by a code")
    {
        office.takes_nothing(alice);
    }
    SUBCASE("by Replaces")
    {
        const auto rings = pbx.view().calls.at(0).legs.at(1).call_id;
        alice.sends_replacing({.call_id = rings, .to_tag = {}, .from_tag = {}}, "102");
        CHECK(alice.receives(481U).value("Warning").find("itself") != std::string::npos);
        alice.sends_replacing(pbx.naming(rings), "102");
        alice.receives(481U).phrase("Your Own Call");
    }
    CHECK(bob.hears_nothing());
    bob.replies(200, bob_sdp);
    alice.receives(200U).with(bob_sdp);
    bob.receives(ACK);
    bob.sends(BYE);
    bob.receives(200U);
    alice.receives(BYE);
    office.nothing_is_left();
}

TEST_CASE("another phone of who calls may take the call over, and it takes others")
{
    Calling office;
    auto& [pbx, alice, mobile, bob, carol, first] = office;
    SUBCASE("the other phone")
    {
        mobile.sends(INVITE, "**102", carol_sdp);
        mobile.receives(200U).with(alice_sdp);
        alice.receives(200U).with(carol_sdp);
        bob.receives(CANCEL);
        mobile.sends(BYE);
        mobile.receives(200U);
        alice.receives(BYE);
    }
    SUBCASE("others, that ring there too")
    {
        const auto asked = bob.asked();
        carol.sends(INVITE, "102", carol_sdp);
        bob.receives(INVITE);
        alice.sends(INVITE, "**102", alice_sdp);
        alice.receives(200U).with(carol_sdp);
        carol.receives(200U).with(alice_sdp);
        bob.receives(CANCEL);
        carol.sends(BYE);
        carol.receives(200U);
        alice.receives(BYE);
        bob.replies_to(asked, 486);
        alice.receives(486U);
    }
    office.nothing_is_left();
}

TEST_CASE("who is transferred picks up nothing that rings for itself")
{
    Calling office;
    auto& [pbx, alice, mobile, bob, carol, first] = office;
    bob.replies(200, bob_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"}).outcome ==
          OrderOutcome::begun);
    carol.receives(INVITE);
    office.takes_nothing(alice, "103");
    carol.replies(486);
    bob.sends(BYE);
    bob.receives(200U);
    alice.receives(BYE);
    office.nothing_is_left();
}

TEST_CASE("a parked phone does not fetch itself; another one of its extension does")
{
    Calling office;
    auto& [pbx, alice, mobile, bob, carol, first] = office;
    pbx.has_park_lot({.number = "700", .first_slot = "701"});
    bob.replies(200, bob_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(pbx.orders({.action = CallAction::park, .to = "701", .by = "102"}).outcome ==
          OrderOutcome::begun);
    alice.receives(INVITE);
    alice.replies(200, alice_sdp);
    alice.receives(ACK);
    bob.receives(BYE);
    alice.sends(INVITE, "701");
    alice.receives(403U).phrase("You Are Parked");
    CHECK(pbx.view().calls.at(0).parked_in == "701");
    mobile.sends(INVITE, "701", carol_sdp);
    alice.uses(first);
    alice.receives(INVITE).with(carol_sdp);
    alice.replies(200, alice_sdp);
    mobile.receives(200U);
    alice.receives(ACK);
    mobile.sends(BYE);
    mobile.receives(200U);
    alice.receives(BYE);
    office.nothing_is_left();
}
