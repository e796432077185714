// REFER: the exchange moves the call; no other phone needs to know REFER (RFC 3515, RFC 5589).
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
    call.bob_refers("<sip:103@office.test>", {{"Refer-Sub", "false"}});
    call.bob.receives(202U).header("Refer-Sub", "false");
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob.receives(BYE);
    call.alice_and_carol_talk_and_end();
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
        call.bob_hears("SIP/2.0 486 Busy Here");
        mobile.cancels();
        call.carol.receives(CANCEL);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.bob.receives(BYE);
    }
    call.nothing_is_left();
}

TEST_CASE("a transfer that fails is told, and the parties are where they were")
{
    Talking call;
    SUBCASE("no such number")
    {
        call.bob_refers("<sip:999@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.bob_hears("SIP/2.0 404 No Such Extension");
    }
    SUBCASE("busy")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
    }
    SUBCASE("nobody answers")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.alice.answers_probes = call.bob.answers_probes = true;
        call.pbx.passes(120s);
        call.carol.receives(CANCEL);
        call.bob_hears("SIP/2.0 480 No Answer");
    }
    SUBCASE("the transferee refuses the target's media: the target is hung up")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE);
        call.alice.replies(488);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.bob_hears("SIP/2.0 488 ");
    }
    SUBCASE("the transferee takes the target's media, and says nothing of its own")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE);
        call.alice.replies(200);
        call.alice.receives(ACK);
        call.carol.receives(ACK);
        call.carol.receives(BYE);
        call.bob_hears("SIP/2.0 488 No Media Answered");
        call.alice.receives(INVITE).without_body();
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE).with(alice_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(bob_sdp);
    }
    SUBCASE("the target hangs up before it is joined")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE);
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.carol.receives(ACK);
        call.bob_hears("SIP/2.0 480 Party Has Left");
        call.alice.replies(200, alice_sdp);  // and sends to where nobody is any more
        call.alice.receives(ACK);
        call.alice.receives(INVITE).without_body().header("P-Asserted-Identity",
                                                          "\"Name 102\" <sip:102@office.test>");
        call.alice.replies(200, alice_sdp);
        call.bob.receives(INVITE).with(alice_sdp);
        call.bob.replies(200, bob_sdp);
        call.bob.receives(ACK);
        call.alice.receives(ACK).with(bob_sdp);
    }
    call.alice_and_bob_still_talk();
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

TEST_CASE("a REFER that cannot be followed is refused, and says why")
{
    Talking call;
    SUBCASE("malformed: 400 with a Warning that names the header")
    {
        call.bob_refers("nonsense");
        auto refused = call.bob.receives(400U);
        CHECK(refused.headers.at(0).name == "Warning");
        CHECK(refused.headers.at(0).value.find("Refer-To") != std::string::npos);
    }
    SUBCASE("none at all: 400")
    {
        call.bob.sends(REFER);
        call.bob.receives(400U);
    }
    SUBCASE("another host: 403")
    {
        call.bob_refers("<sip:103@elsewhere.test>");
        call.bob.receives(403U);
    }
    SUBCASE("a telephone number of somewhere else: 403")
    {
        call.bob_refers("<tel:103;phone-context=elsewhere.test>");
        call.bob.receives(403U);
    }
    SUBCASE("another scheme: 403")
    {
        call.bob_refers("<mailto:carol@office.test>");
        call.bob.receives(403U);
    }
    SUBCASE("another method: 403")
    {
        call.bob_refers("<sip:103@office.test;method=BYE>");
        call.bob.receives(403U);
    }
    SUBCASE("while another one is under way: 491")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.alice.sends(REFER, refer_to("<sip:103@office.test>"));
        call.alice.receives(491U);
        call.carol.replies(603);
        call.bob_hears("SIP/2.0 603 ");
    }
    call.alice_and_bob_still_talk();
}

TEST_CASE(
    "attended transfer: the transferee gets the target's place in the transferor's other call")
{
    Consulting call;
    call.carol_answers();
    call.bob_hands_over();
    call.alice.receives(INVITE).without_body().header("P-Asserted-Identity",
                                                      "\"Name 103\" <sip:103@office.test>");

    SUBCASE("both accept")
    {
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE).with(alice_sdp).header("P-Asserted-Identity",
                                                           "\"Name 101\" <sip:101@office.test>");
        CHECK(call.bob.hears_nothing());  // nothing is torn down before
        call.carol.replies(200, carol_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK).with(carol_sdp);
        call.bob.receives(BYE);  // of the second dialog
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
        CHECK(call.pbx.view().calls.size() == 1);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("the target refuses: everybody talks to whom they talked")
    {
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE);
        call.carol.replies(488);
        call.alice.receives(ACK).with(bob_sdp);
        call.bob_hears("SIP/2.0 488 ");
        call.bob.uses(call.second);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.carol.receives(BYE);
        call.bob.uses(call.first);
        call.alice_and_bob_still_talk();
    }
    SUBCASE("the target hangs up meanwhile")
    {
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.bob.receives(BYE);
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
        call.bob_hears("SIP/2.0 480 Party Has Left");
        call.bob.uses(call.first);
        call.alice_and_bob_still_talk();
    }
    SUBCASE("the transferor hangs up both its dialogs at once")
    {
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.bob.uses(call.second);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE).with(alice_sdp);
        call.carol.replies(200, carol_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK).with(carol_sdp);
        call.alice_and_carol_talk_and_end();
    }
}

TEST_CASE("attended transfer before the target has answered: its phone rings for the transferee")
{
    Consulting call;
    call.carol.replies(180);
    call.bob.receives(180U);
    const auto target = call.refer_with_replaces();
    call.bob.uses(call.first);
    call.bob_refers(target);
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.bob.receives(487U);
    call.carol.receives(CANCEL);
    call.carol.receives(INVITE).from("101");
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("attended transfer of a call that was clicked, and still rings")
{
    Talking call;
    const auto first = call.bob.dialog();
    call.pbx.orders({.action = CallAction::place, .from = "102", .to = "103"});
    call.bob.receives(INVITE).from("103");
    const auto second = call.bob.dialog();
    call.bob.replies(200, bob_sdp);
    call.bob.receives(ACK);
    call.carol.receives(INVITE).from("102");
    std::string call_id;
    const auto calls = call.pbx.view().calls;
    for (const auto& each : calls)
        if (each.dialled == "103") call_id = each.legs.at(0).call_id;
    call.bob.uses(first);
    call.bob_refers("<sip:103@office.test?Replaces=" + call_id +
                    "%3Bto-tag%3D0%3Bfrom-tag%3D0>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(CANCEL);
    CHECK(call.bob.receives(BYE).leg == second);
    call.carol.receives(INVITE).from("101");
    call.carol.replies(200, carol_sdp);
    call.alice_and_carol_are_joined();
    call.bob_hears("SIP/2.0 200 OK");
    CHECK(call.bob.receives(BYE).leg == first);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("after an attended transfer every lamp shows the two that talk")
{
    Consulting call;
    call.carol_answers();
    auto& watcher = call.pbx.phone("104");
    for (const auto* member : {"101", "102", "103"}) CHECK_FALSE(watcher.watches(member).idle());
    const auto target = call.refer_with_replaces();
    call.bob.uses(call.first);
    call.bob_refers(target);
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.alice.receives(INVITE);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(INVITE);
    call.carol.replies(200, carol_sdp);
    call.carol.receives(ACK);
    call.alice.receives(ACK);
    call.bob.receives(BYE);
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    while (!watcher.hears_nothing()) watcher.receives(NOTIFY);
    for (const auto& lamp : call.pbx.view().lamps)
        CHECK_MESSAGE(lamp.state == (lamp.member == "102" ? "idle" : "confirmed"), lamp.member);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.carol.receives(BYE);
    while (!watcher.hears_nothing()) watcher.receives(NOTIFY);
    for (const auto& lamp : call.pbx.view().lamps) CHECK(lamp.state == "idle");
}
