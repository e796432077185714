// Whom a lamp names while a party of a transfer, left by the transferor, waits for the other one.
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

/// The lamp says so, in one NOTIFY.
DialogElement shows(Phone& watcher, std::string_view state, std::string_view remote)
{
    auto dialog = watcher.receives(NOTIFY).dialog();
    CHECK(dialog.state == state);
    CHECK(dialog.remote_identity == "sip:" + std::string{remote} + "@office.test");
    CHECK(watcher.hears_nothing());
    return dialog;
}

/// Alice's lamp is watched, and she is about to be transferred by Bob.
struct Watched : Talking {
    Watched()
    {
        pbx.has_park_lot({.number = "700", .first_slot = "701", .slots = 2});
        CHECK(watcher.watches("101").dialog().remote_identity == "sip:102@office.test");
    }

    void bob_transfers(std::string_view number)
    {
        bob_refers("<sip:" + std::string{number} + "@office.test>");
        bob.receives(202U);
        bob_hears("SIP/2.0 100 Trying");
    }

    void bob_leaves()
    {
        bob.sends(BYE);
        bob.receives(200U);
    }

    std::string alice_is_said_to_be_with()
    {
        const auto calls = pbx.explains("104", "101").calls;
        REQUIRE(calls.size() == 1);
        return calls.front().with;
    }

    Phone& watcher = pbx.phone("104");
};

}  // namespace

TEST_CASE("a transferee whom the transferor has left waits for the target, and its lamp says so")
{
    Watched call;
    call.bob_transfers("103");
    call.carol.receives(INVITE).from("101");
    CHECK(call.watcher.hears_nothing());  // it may still talk to Bob
    CHECK(call.alice_is_said_to_be_with() == "102");
    call.bob_leaves();
    CHECK(shows(call.watcher, "confirmed", "103").remote_display == "Name 103");
    CHECK(call.alice_is_said_to_be_with() == "103");
    CHECK(call.alice.hears_nothing());  // her display waits for the answer

    SUBCASE("the target answers: that is no news")
    {
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        CHECK(call.watcher.hears_nothing());
        CHECK(call.alice.hears_nothing());
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.alice.receives(BYE);
        shows(call.watcher, "terminated", "103");
    }
    SUBCASE("the target is busy: it ends as it was")
    {
        call.carol.replies(486);
        call.alice.receives(BYE);
        shows(call.watcher, "terminated", "103");
    }
    SUBCASE("the target is called otherwise meanwhile")
    {
        call.pbx.configures("103", [](Extension& carol) { carol.display_name = "Carol"; });
        CHECK(shows(call.watcher, "confirmed", "103").remote_display == "Carol");
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(CANCEL);
        shows(call.watcher, "terminated", "103");
    }
    call.nothing_is_left();
}

TEST_CASE("a transferor who stays changes no lamp before the answer")
{
    Watched call;
    call.bob_transfers("103");
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    CHECK(call.watcher.hears_nothing());
    call.alice_and_carol_are_joined();
    shows(call.watcher, "confirmed", "103");
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    CHECK(call.watcher.hears_nothing());
    call.carol.sends(BYE);
    call.carol.receives(200U);
    call.alice.receives(BYE);
    shows(call.watcher, "terminated", "103");
    call.nothing_is_left();
}

TEST_CASE("where the target sends the call on, the lamp of a transferee that waits alone goes along")
{
    Watched call;
    auto& erin = call.pbx.phone("105");
    call.pbx.forwards("103", {.busy = "105"});
    call.bob_transfers("103");
    call.carol.receives(INVITE);
    call.bob_leaves();
    shows(call.watcher, "confirmed", "103");
    call.carol.replies(486);
    erin.receives(INVITE).from("101");
    shows(call.watcher, "confirmed", "105");
    erin.replies(486);
    call.alice.receives(BYE);
    shows(call.watcher, "terminated", "105");
    call.nothing_is_left();
}

TEST_CASE("who is parked waits in the slot once the parker has left, whatever its phone says later")
{
    Watched call;
    call.bob_transfers("701");
    call.alice.receives(INVITE);
    CHECK(call.watcher.hears_nothing());
    call.bob_leaves();
    CHECK(shows(call.watcher, "confirmed", "park+701").remote_display == "Park 701");

    SUBCASE("it accepts: it hears nothing")
    {
        call.alice.replies(200, hold_sdp);
        call.alice.receives(ACK);
        CHECK_FALSE(shows(call.watcher, "confirmed", "park+701").rendered);
        call.alice.sends(BYE);
        call.alice.receives(200U);
    }
    SUBCASE("it refuses: nobody is left")
    {
        call.alice.replies(488);
        call.alice.receives(BYE);
    }
    shows(call.watcher, "terminated", "park+701");
    call.nothing_is_left();
}

TEST_CASE("attended transfer: whom the transferor has left waits for the other one, on either side")
{
    Consulting call;
    call.carol_answers();
    auto& of_alice = call.pbx.phone("104");
    auto& of_carol = call.pbx.phone("105");
    call.pbx.replaces_directory({group("sales", {"104", "105"}, {"101", "102", "103"})});
    of_alice.watches("101");
    of_carol.watches("103");
    call.bob_hands_over();
    call.alice.receives(INVITE).without_body();
    CHECK(of_alice.hears_nothing());

    call.bob.sends(BYE);  // to Alice
    call.bob.receives(200U);
    shows(of_alice, "confirmed", "103");
    CHECK(of_carol.hears_nothing());  // Bob is still there
    call.bob.uses(call.second);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    shows(of_carol, "confirmed", "101");
    CHECK(of_alice.hears_nothing());

    SUBCASE("they are joined: that is no news")
    {
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE).with(alice_sdp);
        call.carol.replies(200, carol_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK).with(carol_sdp);
        CHECK(of_alice.hears_nothing());
        CHECK(of_carol.hears_nothing());
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(BYE);
    }
    SUBCASE("the transferee refuses: both calls end")
    {
        call.alice.replies(488);
        call.alice.receives(BYE);
        call.carol.receives(BYE);
    }
    shows(of_alice, "terminated", "103");
    shows(of_carol, "terminated", "101");
    call.nothing_is_left();
}
