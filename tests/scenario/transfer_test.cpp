// REFER: the exchange moves the call; no other phone needs to know REFER (RFC 3515).
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

TEST_CASE("blind transfer: 202, 100, 180, 200 told to the transferor, who is then hung up")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>", {{"Referred-By", "<sip:102@office.test>"}});
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE).from("101").without_body().header("Referred-By",
                                                                  "<sip:102@office.test>");
    call.carol.replies(180);
    call.bob_hears("SIP/2.0 180 ");
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("blind transfer by the caller of the call")
{
    Talking call;
    call.alice.sends(REFER, refer_to("sip:103@office.test"));
    call.alice.receives(202U);
    call.alice.receives(NOTIFY);
    call.alice.replies(200);
    call.carol.receives(INVITE).from("102");
    call.carol.replies(200, carol_sdp);
    call.bob.receives(INVITE).with(carol_sdp);
    call.bob.replies(200, bob_sdp);
    call.carol.receives(ACK).with(bob_sdp);
    call.bob.receives(ACK);
    call.alice.receives(NOTIFY).with("SIP/2.0 200 OK\r\n");
    call.alice.replies(200);
    call.alice.receives(BYE);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.carol.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("blind transfer to a telephone number, as it may be dialled (RFC 3966)")
{
    Talking call;
    SUBCASE("of this office") { call.bob_refers("<tel:103;phone-context=office.test>"); }
    SUBCASE("that does not say whose it is") { call.bob_refers("<tel:103>"); }
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("a transferor that wants no progress (Refer-Sub: false, RFC 4488) is hung up once the "
          "others talk")
{
    Talking call;
    std::string said;
    SUBCASE("in small letters")
    {
        said = "false";
    }
    SUBCASE("in others, and with a parameter")
    {
        said = "False ;x=y";
    }
    call.bob_refers("<sip:103@office.test>", {{"Refer-Sub", said}});
    call.bob.receives(202U).header("Refer-Sub", "false");
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob.receives(BYE);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("a Refer-Sub that only begins as `false` does is none (RFC 4488 §4)")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>", {{"Refer-Sub", "falsehood"}});
    call.bob.receives(202U).without_header("Refer-Sub");
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.carol.replies(486);
    call.bob_hears("SIP/2.0 486 ");
    call.alice_and_bob_still_talk();
}

TEST_CASE("the transferor hangs up at once, as many phones do: the transfer goes on")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    CHECK(call.alice.hears_nothing());

    SUBCASE("the target answers")
    {
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("the target is busy: nobody is left to talk to")
    {
        call.carol.replies(486);
        call.alice.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("the transferee gives up: the target's phone is cancelled")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(CANCEL);
        call.nothing_is_left();
    }
}

TEST_CASE("a held call is transferred; the transferee hears the target")
{
    Talking call;
    call.bob.sends_invite(hold_sdp);
    call.alice.receives(INVITE).with(hold_sdp);
    call.alice.replies(200, alice_sdp);
    call.bob.receives(200U);
    call.alice.receives(ACK);
    CHECK(call.pbx.view().calls.at(0).legs.at(1).held);
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    SUBCASE("the target answers")
    {
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
        const auto legs = call.pbx.view().calls.at(0).legs;
        for (const auto& leg : legs)
            if (leg.state == "confirmed") CHECK_FALSE(leg.held);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("the target is busy: she is held on")
    {
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
        CHECK(call.pbx.view().calls.at(0).legs.at(1).held);
        call.alice_and_bob_still_talk(hold_sdp);
    }
}

TEST_CASE("a call is sent back to who is in it already")
{
    Talking call;
    bool over = false;  // no `return`: the cases after it would not be found
    SUBCASE("to the transferor: its phones ring for the transferee, and may take the call back")
    {
        const auto first = call.bob.dialog();
        call.bob_refers("<sip:102@office.test>");
        call.bob.receives(202U);
        auto trying = call.bob.receives(NOTIFY).with("SIP/2.0 100 Trying\r\n");
        call.bob.receives(INVITE).from("101").without_body();
        const auto second = call.bob.dialog();
        CHECK(first != second);
        SUBCASE("it answers")
        {
            call.bob.replies(200, carol_sdp);
            call.bob.replies_to(trying, 200);
            call.alice.receives(INVITE).with(carol_sdp);
            call.alice.replies(200, alice_sdp);
            call.bob.receives(ACK).with(alice_sdp);
            call.alice.receives(ACK);
            call.bob_hears("SIP/2.0 200 OK");
            call.bob.receives(BYE);
            call.bob.uses(second);
            call.alice_and_bob_still_talk(carol_sdp);
            over = true;
        }
        SUBCASE("it declines: the two talk on")
        {
            call.bob.replies(486);
            call.bob.replies_to(trying, 200);
            call.bob_hears("SIP/2.0 486 ");
            call.bob.uses(first);
        }
    }
    SUBCASE("to the transferee, who has one phone: nobody is there to ring")
    {
        call.bob_refers("<sip:101@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob_hears("SIP/2.0 480 No Other Phone Registered");
    }
    SUBCASE("to the transferee, whose other phone takes it")
    {
        auto& mobile = call.pbx.phone("101");
        call.bob_refers("<sip:101@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        mobile.receives(INVITE).from("101");
        mobile.replies(486);
        call.bob_hears("SIP/2.0 486 ");
    }
    if (over) return;
    call.alice_and_bob_still_talk();
}

TEST_CASE("nobody is busy by the very call that is moved, though it takes no other")
{
    Talking call;
    Forwarding wishes;
    wishes.call_waiting = false;
    const auto refers_to = [&](std::string_view number) {
        call.bob_refers("<sip:" + std::string{number} + "@office.test>");
        call.bob.receives(202U);
        return call.bob.receives(NOTIFY).with("SIP/2.0 100 Trying\r\n");
    };
    const auto first = call.bob.dialog();
    SUBCASE("Bob goes on at his other phone")
    {
        auto& mobile = call.pbx.phone("102");
        call.pbx.forwards("102", wishes);
        auto trying = refers_to("102");
        call.bob.receives(INVITE).from("101");
        mobile.receives(INVITE).from("101");
        SUBCASE("which answers")
        {
            mobile.replies(200, carol_sdp);
            call.bob.receives(CANCEL);
            call.bob.replies_to(trying, 200);
            call.alice.receives(INVITE).with(carol_sdp);
            call.alice.replies(200, alice_sdp);
            mobile.receives(ACK).with(alice_sdp);
            call.alice.receives(ACK);
            call.bob_hears("SIP/2.0 200 OK");
            call.bob.receives(BYE);
            call.alice.sends(BYE);
            call.alice.receives(200U);
            mobile.receives(BYE);
        }
        SUBCASE("which is one call with the phone he leaves: it takes no second one")
        {
            call.bob.replies_to(trying, 200);
            call.carol.sends(INVITE, "102", carol_sdp);
            call.carol.receives(486U);
            call.bob.uses(first);
            call.bob.sends(BYE);
            call.bob.receives(200U);
            call.alice.sends(BYE);
            call.alice.receives(200U);
            call.bob.receives(CANCEL);
            mobile.receives(CANCEL);
        }
    }
    SUBCASE("Alice goes on at hers")
    {
        auto& mobile = call.pbx.phone("101");
        call.pbx.forwards("101", wishes);
        call.bob.replies_to(refers_to("101"), 200);
        mobile.receives(INVITE).from("101");
        mobile.replies(486);
        call.bob_hears("SIP/2.0 486 ");
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.bob.receives(BYE);
    }
    SUBCASE("another call of his is one too many")
    {
        auto& mobile = call.pbx.phone("102");
        call.pbx.forwards("102", wishes);
        mobile.sends(INVITE, "103", carol_sdp);
        call.carol.receives(INVITE);
        call.bob.replies_to(refers_to("102"), 200);
        call.bob_hears("SIP/2.0 486 Busy Here\r\nReason: Q.850;cause=17;text=\"User busy\"");
        mobile.cancels();
        call.carol.receives(CANCEL);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.bob.receives(BYE);
    }
    call.nothing_is_left();
}

TEST_CASE("glare: the transferee changes its session just now; the transfer waits")
{
    Talking call;
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.alice.sends_invite(hold_sdp);
    call.bob.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    CHECK(call.alice.hears_nothing());
    call.bob.replies(200, bob_sdp);
    call.alice.receives(200U);
    call.bob.receives(ACK);
    call.pbx.passes(500ms);
    call.alice.receives(INVITE);
    call.alice.replies(491);
    call.pbx.passes(500ms);
    call.alice_and_carol_are_joined();
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    call.alice_and_carol_talk_and_end();
}
