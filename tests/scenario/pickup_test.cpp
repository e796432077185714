// Taking a colleague's call: by the key (Replaces), or by a code.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0 8\r\n";

/// Alice calls Bob, whose phone rings; Carol watches him.
struct Ringing {
    Ringing()
    {
        carol.watches("102");
        alice.sends(INVITE, "102", alice_sdp);
        bob.receives(INVITE);
        carol.receives(NOTIFY);
        bob.replies(180);
        alice.receives(180U);
        shown = carol.receives(NOTIFY).dialog();
    }

    void carol_has_the_call()
    {
        carol.receives(200U).with(alice_sdp);
        alice.receives(200U).with(carol_sdp);
        bob.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
        const auto told = carol.receives(NOTIFY).dialog();
        CHECK(told.state == "terminated");
        CHECK(told.id == shown.id);
        CHECK(carol.hears_nothing());

        const auto legs = pbx.view().calls.at(0).legs;
        CHECK(legs.at(0).state == "confirmed");
        CHECK(legs.at(1).state == "terminated");
        CHECK(legs.at(2).extension == "103");
        CHECK(legs.at(2).state == "confirmed");

        alice.sends_invite(hold_sdp);  // they talk to each other now
        carol.receives(INVITE).with(hold_sdp);
        carol.replies(200, carol_sdp);
        alice.receives(200U);
        carol.receives(ACK);
        carol.sends(BYE);
        carol.receives(200U);
        alice.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(32s);
    }

    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    DialogElement shown;
};

}  // namespace

TEST_CASE("pickup by a code takes the # that ends dialling for no part of the number")
{
    Ringing call;
    SUBCASE("behind the number")
    {
        call.carol.sends(INVITE, "**102%23", carol_sdp);
    }
    SUBCASE("behind the code")
    {
        call.carol.sends(INVITE, "**%23", carol_sdp);
    }
    call.carol_has_the_call();
}

TEST_CASE("pickup by Replaces: a watcher takes the call ringing at a colleague (RFC 3891)")
{
    Ringing call;
    auto replaces = replacing(call.shown);

    SUBCASE("both tags, as snom sends them: the Request-URI is the caller's")
    {
        call.carol.sends_replacing(replaces, "101", carol_sdp);
    }
    SUBCASE("tags exchanged")
    {
        std::swap(replaces.to_tag, replaces.from_tag);
        call.carol.sends_replacing(replaces, "101", carol_sdp);
    }
    SUBCASE("one tag missing")
    {
        replaces.from_tag.clear();
        call.carol.sends_replacing(replaces, "101", carol_sdp);
    }
    SUBCASE("the Call-ID alone; 0 stands for no tag (RFC 3891 §6.1)")
    {
        replaces.from_tag.clear();
        replaces.to_tag = "0";
        call.carol.sends_replacing(replaces, "102", carol_sdp);
    }
    SUBCASE("early-only: it is early")
    {
        replaces.early_only = true;
        call.carol.sends_replacing(replaces, "101", carol_sdp);
    }
    call.carol_has_the_call();
}

TEST_CASE("pickup by code: **NUMBER takes what rings there, *8 what rings in one's groups")
{
    Ringing call;
    SUBCASE("directed")
    {
        call.carol.sends(INVITE, "**102", carol_sdp);
    }
    SUBCASE("group")
    {
        call.carol.sends(INVITE, "*8", carol_sdp);
    }
    SUBCASE("directed, by the other code")
    {
        call.carol.sends(INVITE, "*8102", carol_sdp);
    }
    SUBCASE("alone, as nothing else rings")
    {
        call.carol.sends(INVITE, "**", carol_sdp);
    }
    SUBCASE("in the words of Cisco's phones")
    {
        call.carol.sends(INVITE, "blfpickup-102", carol_sdp);
    }
    call.carol_has_the_call();
}

TEST_CASE("a pickup changes both lamps, each in one NOTIFY")
{
    Ringing call;
    call.pbx.replaces_directory(
        {group("sales", {"103"}, {"102"}), group("desk", {"105"}, {"102", "103"})});
    auto& eve = call.pbx.phone("105");
    CHECK(eve.watches("102").dialog().state == "early");
    CHECK(eve.watches("103").idle());
    SUBCASE("by the key")
    {
        call.carol.sends_replacing(replacing(call.shown), "101", carol_sdp);
    }
    SUBCASE("by a code")
    {
        call.carol.sends(INVITE, "**102", carol_sdp);
    }
    REQUIRE(eve.inbox.size() == 2);
    for (int i = 0; i < 2; ++i) {
        const auto told = eve.receives(NOTIFY);
        const bool replaced = told.document().entity == "sip:102@office.test";
        CHECK(told.document().entity == (replaced ? "sip:102@office.test" : "sip:103@office.test"));
        const auto dialog = told.dialog();
        CHECK(dialog.state == (replaced ? "terminated" : "confirmed"));
        CHECK(dialog.remote_identity == "sip:101@office.test");
    }
    call.carol.receives(200U);
    call.alice.receives(200U);
    call.bob.receives(CANCEL);
    call.carol.receives(NOTIFY);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.carol.receives(BYE);
    CHECK(eve.receives(NOTIFY).dialog().state == "terminated");
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("a pickup that names nothing of the picker's is refused, and the call rings on")
{
    Ringing call;
    auto replaces = replacing(call.shown);
    auto& dave = call.pbx.phone("104");

    SUBCASE("another Call-ID: 481")
    {
        replaces.call_id = "x";
        call.carol.sends_replacing(replaces, "101", carol_sdp);
        call.carol.receives(481U);
    }
    SUBCASE("a wrong tag: 481")
    {
        replaces.to_tag = "x";
        call.carol.sends_replacing(replaces, "101", carol_sdp);
        call.carol.receives(481U);
    }
    SUBCASE("malformed: 400, and no call to the Request-URI")
    {
        call.carol.sends_replacing({.to_tag = "a", .from_tag = "b"}, "101", carol_sdp);
        call.carol.receives(400U).header(
            "Warning", "399 office.test \"Replaces: expected one, with a Call-ID and tags\"");
    }
    SUBCASE("not allowed to see it: 403")
    {
        dave.sends_replacing(replaces, "101", carol_sdp);
        dave.receives(403U);
        dave.sends(INVITE, "**102", carol_sdp);
        dave.receives(403U);
    }
    SUBCASE("nothing rings in the groups of one who has none: 480")
    {
        dave.sends(INVITE, "*8", carol_sdp);
        dave.receives(480U);
    }
    SUBCASE("the caller's own dialog: not early at our side (RFC 3891 §3)")
    {
        call.carol.sends_replacing({.call_id = call.pbx.view().calls.at(0).legs.at(0).call_id},
                                   "101", carol_sdp);
        call.carol.receives(481U);
    }
    SUBCASE("no media in common: 488")
    {
        call.carol.sends_replacing(replaces, "101", "v=0\r\nm=audio 6000 RTP/AVP 8\r\n");
        call.carol.receives(488U);
    }
    CHECK(call.bob.hears_nothing());
    CHECK(call.alice.hears_nothing());
    call.bob.replies(200, talking_sdp);
    call.alice.receives(200U);
    call.bob.receives(ACK);
    call.carol.receives(NOTIFY);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.bob.receives(BYE);
    call.carol.receives(NOTIFY);
}

TEST_CASE("two pickers at once: one winner, the other is told at once")
{
    Scenario pbx{{group("sales", {"103", "104"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    auto& dave = pbx.phone("104");
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    const auto shown = carol.watches("102").dialog();
    const Replaces replaces{.call_id = shown.call_id, .to_tag = shown.remote_tag};

    carol.sends_replacing(replaces, "101", carol_sdp);
    dave.sends_replacing(replaces, "101", carol_sdp);
    carol.receives(200U);
    alice.receives(200U);
    bob.receives(CANCEL);
    carol.receives(NOTIFY);
    dave.receives(481U);
    dave.sends_replacing(replaces, "101", carol_sdp);
    dave.receives(481U)
        .phrase("Somebody Else Was Quicker")
        .header("Warning", "399 office.test \"Another phone has this call, or is about to\"");
    alice.sends(BYE);
    alice.receives(200U);
    carol.receives(BYE);
    CHECK(pbx.has_no_calls());
}

namespace {

/// Alice talks to Bob at his desk; his mobile is about to take that call over.
struct Moving {
    Moving()
    {
        alice.sends(INVITE, "102", alice_sdp);
        desk.receives(INVITE);
        desk.replies(200, talking_sdp);
        alice.receives(200U);
        desk.receives(ACK);
        named = pbx.naming(pbx.view().calls.at(0).legs.at(1).call_id);
    }

    void desk_refers_to_carol()
    {
        desk.sends(Method::refer, std::make_shared<const Payload>(
                                      Payload{{}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
    }

    void mobile_takes_over()
    {
        mobile.sends_replacing(named, "101", carol_sdp);
        alice.receives(INVITE).with(carol_sdp);
    }

    void mobile_has_the_call()
    {
        alice.replies(200, alice_sdp);
        mobile.receives(200U);
        alice.receives(ACK);
        desk.receives(BYE);
        alice.sends(BYE);
        alice.receives(200U);
        mobile.receives(BYE);
        nothing_is_left();
    }

    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    Scenario pbx{{group("sales", {"102", "103"})}};
    Phone& alice = pbx.phone("101");
    Phone& desk = pbx.phone("102");
    Phone& mobile = pbx.silent_phone("102");
    Replaces named;
};

}  // namespace

TEST_CASE("a call that is being taken over is not moved")
{
    Moving call;
    call.mobile_takes_over();
    SUBCASE("while the other side is asked") {}
    SUBCASE("nor while it has an INVITE under way itself")
    {
        call.alice.replies(491);
    }
    call.desk_refers_to_carol();
    call.desk.receives(491U);
    for (const auto action : {CallAction::transfer, CallAction::park, CallAction::hold})
        CHECK(call.pbx.orders({.action = action, .to = "103"}).outcome ==
              OrderOutcome::wrong_state);
    if (call.alice.hears_nothing() && !call.alice.rings()) {
        call.pbx.passes(500ms);
        call.alice.receives(INVITE).with(carol_sdp);
    }
    call.mobile_has_the_call();
}

TEST_CASE("of two phones that take a call over one gets it, and the other one hears so at once")
{
    Moving call;
    auto& tablet = call.pbx.silent_phone("102");
    call.mobile_takes_over();
    SUBCASE("while the other side is asked") {}
    SUBCASE("while it has an INVITE under way itself") { call.alice.replies(491); }
    tablet.sends_replacing(call.named, "101", carol_sdp);
    tablet.receives(481U).phrase("Somebody Else Was Quicker");
    if (call.alice.hears_nothing() && !call.alice.rings()) {
        call.pbx.passes(500ms);
        call.alice.receives(INVITE).with(carol_sdp);
    }
    call.mobile_has_the_call();
}

TEST_CASE("a take-over that its phone has given up stands in nobody's way for good")
{
    Moving call;
    auto& tablet = call.pbx.silent_phone("102");
    call.alice.answers_cancel = false;
    call.mobile_takes_over();
    call.mobile.cancels();
    call.alice.receives(CANCEL);
    tablet.sends_replacing(call.named, "101", carol_sdp);
    tablet.receives(491U);  // nobody has it: the other side may still accept, or not
    call.alice.replies(487);
    tablet.sends_replacing(call.named, "101", carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    tablet.receives(200U);
    call.alice.receives(ACK);
    call.desk.receives(BYE);
    for (auto* phone : {&call.alice, &call.mobile}) phone->inbox.clear();
    call.alice.sends(BYE);
    call.alice.receives(200U);
    tablet.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("an answered call moves between one's own phones by Replaces; nobody else may take it")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "102", alice_sdp);
    desk.receives(INVITE);
    desk.replies(200, talking_sdp);
    alice.receives(200U);
    desk.receives(ACK);
    auto& mobile = pbx.phone("102");
    const auto shown = carol.watches("102").dialog();
    auto replaces = replacing(shown);

    SUBCASE("a colleague: 403")
    {
        carol.sends_replacing(replaces, "101", carol_sdp);
        carol.receives(403U);
        desk.sends(BYE);
        desk.receives(200U);
        alice.receives(BYE);
    }
    SUBCASE("early-only, of a colleague who may take what rings there: 486, for he was late")
    {
        replaces.early_only = true;
        auto& dave = pbx.phone("104");
        dave.sends_replacing(replaces, "101", carol_sdp);
        dave.receives(403U);
        carol.sends_replacing(replaces, "101", carol_sdp);
        carol.receives(486U);
        const auto refused = pbx.records().back();  // which has called nobody, and 101 has missed nothing
        CHECK(refused.status == 486);
        CHECK(refused.result == CallResult::failed);
        CHECK(refused.callee.empty());
        CHECK(refused.parts.size() == 1);
        desk.sends(BYE);
        desk.receives(200U);
        alice.receives(BYE);
    }
    SUBCASE("early-only: 486 (RFC 3891 §3)")
    {
        replaces.early_only = true;
        mobile.sends_replacing(replaces, "101", carol_sdp);
        mobile.receives(486U).phrase("Already Answered").header(
            "Warning", "399 office.test \"Replaces: early-only, and the dialog is confirmed\"");
        desk.sends(BYE);
        desk.receives(200U);
        alice.receives(BYE);
    }
    SUBCASE("the new phone takes over once the other side has accepted its media")
    {
        mobile.sends_replacing(replaces, "101", carol_sdp);
        alice.receives(INVITE).with(carol_sdp);
        CHECK(desk.hears_nothing());  // nothing is torn down before
        alice.replies(200, alice_sdp);
        mobile.receives(200U).with(alice_sdp);
        desk.receives(BYE);
        alice.receives(ACK);
        mobile.sends(BYE);
        mobile.receives(200U);
        alice.receives(BYE);
    }
    SUBCASE("the other side refuses: the first phone keeps the call")
    {
        mobile.sends_replacing(replaces, "101", carol_sdp);
        alice.receives(INVITE);
        alice.replies(488);
        mobile.receives(488U);
        desk.sends(BYE);
        desk.receives(200U);
        alice.receives(BYE);
    }
    while (!carol.hears_nothing()) carol.receives(NOTIFY);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE(
    "who may see a colleague's phone ring, but not pick up, is told 403 and the phone rings on")
{
    auto sales = group("sales", {"103"}, {"102"});
    sales.rights.pickup = false;
    Scenario pbx{{sales, group("helpers", {"104"}, {"102"})}};
    Phone &alice = pbx.phone("101"), &bob = pbx.phone("102"), &carol = pbx.phone("103"),
          &dave = pbx.phone("104");
    carol.watches("102");
    dave.watches("102");
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    carol.receives(NOTIFY);
    dave.receives(NOTIFY);
    bob.replies(180);
    alice.receives(180U);
    const auto shown = carol.receives(NOTIFY).dialog();
    const auto named = dave.receives(NOTIFY).dialog();
    CHECK(shown.id != named.id);
    CHECK(shown.call_id == shown.id);
    CHECK(shown.local_tag.empty());
    CHECK(shown.remote_tag.empty());

    carol.sends_replacing(replacing(shown), "101", carol_sdp);
    carol.receives(481U);
    carol.sends_replacing(replacing(named), "101", carol_sdp);
    carol.receives(403U);
    carol.sends(INVITE, "**102", carol_sdp);
    carol.receives(403U);
    carol.sends(INVITE, "*8", carol_sdp);
    carol.receives(480U);

    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(carol.receives(NOTIFY).dialog().state == "confirmed");
    CHECK(dave.receives(NOTIFY).dialog().state == "confirmed");
}
