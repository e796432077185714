// REFER: the exchange moves the call; no other phone needs to know REFER (RFC 3515, RFC 5589).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view bob_sdp = "v=0\r\no=bob\r\nm=audio 5000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";

PayloadRef refer_to(std::string_view value, std::vector<Header> more = {})
{
    more.push_back({"Refer-To", std::string{value}});
    return std::make_shared<const Payload>(Payload{{}, {}, std::move(more)});
}

constexpr Method REFER = Method::refer;

/// Alice talks to Bob; Carol's phone is there.
struct Talking {
    Talking()
    {
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        bob.replies(200, bob_sdp);
        alice.receives(200U);
        bob.receives(ACK);
    }

    /// Bob sends Alice to `target`.
    void bob_refers(std::string_view target, std::vector<Header> more = {})
    {
        bob.sends(REFER, refer_to(target, std::move(more)));
    }

    void bob_hears(std::string_view line)
    {
        auto notify = bob.receives(NOTIFY);
        notify.with(std::string{line} + "\r\n").header("Event", "refer");
        bob.replies_to(notify, 200);
    }

    /// Carol has answered; Alice takes her offer.
    void alice_and_carol_are_joined()
    {
        alice.receives(INVITE).with(carol_sdp).header("P-Asserted-Identity",
                                                      "\"Name 103\" <sip:103@office.test>");
        alice.replies(200, alice_sdp);
        carol.receives(ACK).with(alice_sdp);
        alice.receives(ACK).without_body();
    }

    void alice_and_carol_talk_and_end()
    {
        alice.sends_invite(hold_sdp);
        carol.receives(INVITE).with(hold_sdp);
        carol.replies(200, carol_sdp);
        alice.receives(200U);
        carol.receives(ACK);
        carol.sends(BYE);
        carol.receives(200U);
        alice.receives(BYE);
        nothing_is_left();
    }

    void alice_and_bob_still_talk()
    {
        alice.sends(INFO);
        bob.receives(INFO);
        bob.replies(200);
        alice.receives(200U);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        nothing_is_left();
    }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    Scenario pbx{{group("sales", {"104"}, {"101", "102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

}  // namespace

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
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
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
    SUBCASE("a telephone number: 403")
    {
        call.bob_refers("<tel:+49301234>");
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

namespace {

/// Bob talks to Alice, and from a second dialog of his to Carol.
struct Consulting : Talking {
    Consulting()
    {
        first = bob.dialog();
        bob.sends(INVITE, "103", bob_sdp);
        second = bob.dialog();
        carol.receives(INVITE);
    }

    void carol_answers()
    {
        carol.replies(200, carol_sdp);
        bob.receives(200U);
        carol.receives(ACK);
    }

    /// As the phone sees its second dialog: its own tag is the from-tag.
    std::string refer_with_replaces() const
    {
        const auto calls = pbx.view().calls;
        for (const auto& each : calls)
            for (const auto& leg : each.legs)
                if (each.dialled == "103" && leg.extension == "102")
                    return "<sip:103@office.test?Replaces=" + leg.call_id +
                           "%3Bto-tag%3D0%3Bfrom-tag%3D0>";
        return {};
    }

    LegId first, second;
};

}  // namespace

TEST_CASE(
    "attended transfer: the transferee gets the target's place in the transferor's other call")
{
    Consulting call;
    call.carol_answers();
    const auto target = call.refer_with_replaces();
    call.bob.uses(call.first);
    call.bob_refers(target);
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
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

TEST_CASE("ways in which transfers through a B2BUA go wrong elsewhere")
{
    Talking call;
    SUBCASE("the target sends early media: nobody is answered with it")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(183, carol_sdp);
        call.bob_hears("SIP/2.0 183 ");
        call.carol.replies(180);  // less news than that
        CHECK(call.alice.hears_nothing());
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
    }
    SUBCASE("the transferor does not know its own subscription")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob.replies_to(call.bob.receives(NOTIFY), 481);
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob.replies_to(call.bob.receives(NOTIFY), 481);
        call.bob.receives(BYE);
    }
    SUBCASE("the transferor answers no NOTIFY: it is hung up when the last one has timed out")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob.receives(NOTIFY);
        call.bob.fails_with(408);
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob.receives(NOTIFY);
        CHECK(call.bob.hears_nothing());
        call.bob.fails_with(408);
        call.bob.receives(BYE);
    }
    SUBCASE("the transferor's BYE crosses ours")
    {
        call.bob.answers_bye = false;
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob_hears("SIP/2.0 200 OK");
        auto bye = call.bob.receives(BYE);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.bob.replies_to(bye, 481);
    }
    SUBCASE("the transferor hangs up between the last report and its answer")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        auto last = call.bob.receives(NOTIFY);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.bob.replies_to(last, 200);
    }
    SUBCASE("transferor and transferee both leave while the target rings")
    {
        call.bob_refers("<sip:103@office.test>");
        call.bob.receives(202U);
        call.bob_hears("SIP/2.0 100 Trying");
        call.carol.receives(INVITE);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(CANCEL);
        call.nothing_is_left();
        return;
    }
    call.alice_and_carol_talk_and_end();
}
