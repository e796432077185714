// Taking a call whose media cannot be matched: keys, ICE, or no offer on either side. Picker and
// caller are brought together by fresh offers (RFC 3725), while the call rings on.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "core/sdp.hpp"
#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_srtp = "v=0\r\no=alice\r\nm=audio 4000 RTP/SAVP 0\r\n"
                                        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:aliceskey\r\n";
constexpr std::string_view carol_srtp =
    "v=0\r\no=carol\r\nm=audio 6000 RTP/SAVP 0 8\r\n"
    "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:carolslongkey\r\n"
    "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:carolskey\r\n";
constexpr std::string_view carol_answer =
    "v=0\r\no=carol 1\r\nm=audio 6000 RTP/SAVP 0\r\n"
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:carolsnewkey\r\n";
constexpr std::string_view alice_ice = "v=0\r\no=alice\r\na=ice-ufrag:a\r\na=ice-pwd:b\r\n"
                                       "m=audio 4000 RTP/AVP 0\r\na=candidate:1\r\n";
constexpr std::string_view carol_ice = "v=0\r\no=carol\r\na=ice-ufrag:c\r\na=ice-pwd:d\r\n"
                                       "m=audio 6000 RTP/AVP 0\r\na=candidate:2\r\n";
constexpr std::string_view alice_plain = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view carol_plain = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";
constexpr std::string_view carols_name = "\"Name 103\" <sip:103@office.test>";

/// Alice's call rings at Bob; Carol, who watches him, may take it. Dan watches Alice and Carol.
struct Ringing {
    explicit Ringing(std::string_view offer, SessionTimer alices = {})
    {
        if (alices.expires > 0s) alice.supported = OptionTag::timer;
        alice.session_timer = alices;
        carol.acknowledges = alice.acknowledges = false;
        carol.watches("102");
        alice.sends(INVITE, "102", offer);
        alice.session_timer = {};
        bob.receives(INVITE);
        carol.receives(NOTIFY);
        bob.replies(180);
        alice.receives(180U);
        shown = carol.receives(NOTIFY).dialog();
    }
    void carol_picks_up(std::string_view offer)
    {
        carol.sends_replacing(replacing(shown), "101", offer);
    }
    /// Carol has been answered with nothing to hear, and is offered `offer` at once.
    Arrived carol_is_asked(std::string_view offer)
    {
        carol.acknowledge(carol.receives(200U));
        CHECK(bob.hears_nothing());
        auto asked = carol.receives(INVITE);
        if (offer.empty())
            asked.without_body();
        else
            asked.with(offer);
        return asked;
    }
    void bob_is_told()
    {
        bob.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
        CHECK(carol.receives(NOTIFY).dialog().state == "terminated");
    }
    void alice_and_carol_talk_and_end()
    {
        const auto legs = pbx.view().calls.at(0).legs;
        CHECK(legs.at(0).state == "confirmed");
        CHECK(legs.at(1).state == "terminated");
        CHECK(legs.at(2).extension == "103");
        CHECK(legs.at(2).state == "confirmed");
        alice.acknowledges = carol.acknowledges = true;
        alice.sends_invite(hold_sdp);
        carol.receives(INVITE).with(hold_sdp);
        carol.replies(200, carol_plain);
        alice.receives(200U);
        carol.receives(ACK);
        carol.sends(BYE);
        carol.receives(200U);
        alice.receives(BYE);
        nothing_is_left();
        const auto record = pbx.records().back();
        CHECK(record.result == CallResult::answered);
        CHECK(record.answered_by == "103");
    }
    void bob_answers_after_all(std::string_view sdp)
    {
        alice.acknowledges = true;
        bob.replies(200, sdp);
        alice.receives(200U).with(sdp);
        bob.receives(ACK);
        carol.receives(NOTIFY);
        bob.sends(BYE);
        bob.receives(200U);
        alice.receives(BYE);
        carol.receives(NOTIFY);
        nothing_is_left();
    }
    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(41s);
    }

    Scenario pbx{{group("sales", {"103", "104"}, {"102"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    DialogElement shown;
};

}  // namespace

TEST_CASE("pickup with keys: the picker is answered in silence and then offered the caller's keys")
{
    Ringing call{alice_srtp};
    SUBCASE("by Replaces")
    {
        call.carol_picks_up(carol_srtp);
    }
    SUBCASE("by a code")
    {
        call.carol.sends(INVITE, "**102", carol_srtp);
    }
    SUBCASE("of the group")
    {
        call.carol.sends(INVITE, "*8", carol_srtp);
    }
    auto silent = call.carol.receives(200U).header("P-Asserted-Identity",
                                                   "\"Name 101\" <sip:101@office.test>");
    const auto answer = silent.body();  // the suite that everybody knows, a key of ours, no media
    CHECK(answer.find("m=audio 9 RTP/SAVP 0 8\r\na=inactive\r\n"
                      "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:") != std::string::npos);
    CHECK(answer.find("carolskey") == std::string::npos);
    CHECK(call.alice.hears_nothing());
    call.carol.acknowledge(silent);
    call.carol.receives(INVITE).with(alice_srtp);
    CHECK(call.bob.hears_nothing());
    call.carol.replies(200, carol_answer);
    call.alice.acknowledge(
        call.alice.receives(200U).with(carol_answer).header("P-Asserted-Identity", carols_name));
    call.bob_is_told();
    call.carol.receives(ACK).without_body();
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("a picker that wants a longer session than the caller is asked once more (RFC 4028 §7.3)")
{
    Ringing call{alice_srtp, {.expires = 1800s, .min_se = 600s}};
    call.carol_picks_up(carol_srtp);
    const auto asked = call.carol_is_asked(alice_srtp);
    CHECK(asked.session_timer.expires == 1800s);
    CHECK(asked.session_timer.min_se == 600s);
    call.carol.session_timer = {.min_se = 3600s};
    call.carol.replies(422);
    call.pbx.passes(1ms);
    CHECK(call.alice.hears_nothing());
    CHECK(call.bob.hears_nothing());
    const auto again = call.carol.receives(INVITE).with(alice_srtp);
    CHECK(again.session_timer.expires == 3600s);
    CHECK(again.session_timer.min_se == 3600s);
    SUBCASE("and has the call, whose caller keeps it alive as often as it wanted (§9)")
    {
        call.carol.session_timer = {.expires = 3600s, .refresher = Refresher::uas};
        call.carol.replies(200, carol_answer);
        call.carol.session_timer = {};
        auto answered = call.alice.receives(200U).with(carol_answer);
        answered.session(1800s, Refresher::uac);
        CHECK(has(answered.required, OptionTag::timer));
        call.alice.acknowledge(answered);
        call.bob_is_told();
        call.carol.receives(ACK).without_body();
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("but no third time: the call rings on")
    {
        call.carol.session_timer = {.min_se = 7200s};
        call.carol.replies(422);
        call.carol.session_timer = {};
        call.carol.receives(BYE).header("Reason", "SIP;cause=488;text=\"No media in common\"");
        call.bob_answers_after_all(carol_answer);
    }
}

TEST_CASE("pickup with keys of a common suite: each is told the other's at once")
{
    const std::string picker = "v=0\r\nm=audio 6000 RTP/SAVP 0\r\n"
                               "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:carolskey\r\n";
    Ringing call{alice_srtp};
    call.carol_picks_up(picker);
    call.alice.acknowledge(
        call.alice.receives(200U).with("v=0\r\nm=audio 6000 RTP/SAVP 0\r\n"
                                       "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:carolskey\r\n"));
    call.carol.acknowledge(
        call.carol.receives(200U).with("v=0\r\no=alice\r\nm=audio 4000 RTP/SAVP 0\r\n"
                                       "a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:aliceskey\r\n"));
    call.bob_is_told();
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("pickup where ICE is negotiated, and where keys meet a plain offer")
{
    std::string_view offer = alice_ice;
    std::string_view pickers = carol_ice;
    std::string_view answer = carol_plain;
    SUBCASE("ICE on both sides") {}
    SUBCASE("ICE at the caller")
    {
        pickers = carol_plain;
    }
    SUBCASE("ICE at the picker")
    {
        offer = alice_plain;
    }
    SUBCASE("keys at the caller")
    {
        offer = alice_srtp;
        pickers = carol_plain;
        answer = carol_answer;
    }
    SUBCASE("keys at the picker")
    {
        offer = alice_plain;
        pickers = carol_srtp;
    }
    Ringing call{offer};
    call.carol_picks_up(pickers);
    call.carol_is_asked(offer);
    call.carol.replies(200, answer);
    call.alice.acknowledge(call.alice.receives(200U).with(answer));
    call.bob_is_told();
    call.carol.receives(ACK).without_body();
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("a picker without an offer gets the caller's, and its ACK has the answer")
{
    Ringing call{alice_srtp};
    call.carol_picks_up({});
    auto offered = call.carol.receives(200U).with(alice_srtp);
    CHECK(call.alice.hears_nothing());
    SUBCASE("it answers")
    {
        call.carol.acknowledge(offered, carol_answer);
        call.alice.acknowledge(call.alice.receives(200U).with(carol_answer));
        call.bob_is_told();
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("it does not: it is hung up, and the call rings on")
    {
        call.carol.acknowledge(offered);
        call.carol.receives(BYE).header("Reason", "SIP;cause=488;text=\"No media in common\"");
        call.bob_answers_after_all(carol_answer);
    }
    SUBCASE("its ACK never comes")
    {
        call.carol.never_acknowledges(offered);
        call.carol.receives(BYE);
        call.bob_answers_after_all(carol_answer);
    }
}

TEST_CASE("a caller without an offer gets the picker's, and its ACK has the answer")
{
    Ringing call{{}};
    call.carol_picks_up(carol_srtp);
    auto offered =
        call.alice.receives(200U).with(carol_srtp).header("P-Asserted-Identity", carols_name);
    call.bob_is_told();
    SUBCASE("it answers")
    {
        call.alice.acknowledge(offered, alice_srtp);
        call.carol.acknowledge(
            call.carol.receives(200U)
                .with(alice_srtp)
                .header("P-Asserted-Identity", "\"Name 101\" <sip:101@office.test>"));
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("it does not")
    {
        call.alice.acknowledge(offered);
        call.carol.receives(487U);
        call.alice.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("the picker gives up meanwhile")
    {
        call.carol.cancels();
        call.alice.acknowledge(offered, alice_srtp);
        call.alice.receives(BYE);
        call.nothing_is_left();
    }
    SUBCASE("the caller hangs up meanwhile")
    {
        call.alice.sends(BYE);
        call.alice.receives(200U);
        call.carol.receives(487U);
        call.alice.acknowledge(offered);
        call.nothing_is_left();
    }
}

TEST_CASE("neither has an offer: the picker is asked for one once it has answered")
{
    Ringing call{{}};
    call.carol_picks_up({});
    auto silent = call.carol.receives(200U);
    CHECK_FALSE(receives_media(silent.body()));
    call.carol.acknowledge(silent, "v=0\r\nm=audio 6000 RTP/AVP 0\r\na=inactive\r\n");
    call.carol.receives(INVITE).without_body();
    call.carol.replies(200, carol_srtp);
    auto offered = call.alice.receives(200U).with(carol_srtp);
    call.bob_is_told();
    call.alice.acknowledge(offered, alice_srtp);
    call.carol.receives(ACK).with(alice_srtp);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("while a picker is being connected the call rings on, and whoever is first has it")
{
    Ringing call{alice_srtp};
    call.carol_picks_up(carol_srtp);
    SUBCASE("Bob answers")
    {
        const auto asked = call.carol_is_asked(alice_srtp);
        call.bob.replies(200, carol_answer);
        call.alice.acknowledge(call.alice.receives(200U).with(carol_answer));
        call.bob.receives(ACK);
        call.carol.receives(BYE).header("Reason",
                                        "SIP;cause=200;text=\"Call completed elsewhere\"");
        call.carol.replies_to(asked, 481);
        call.carol.receives(NOTIFY);
        call.bob.sends(BYE);
        call.bob.receives(200U);
        call.alice.receives(BYE);
        call.carol.receives(NOTIFY);
        call.nothing_is_left();
    }
    SUBCASE("Bob declines: the picker has it all the same")
    {
        call.carol_is_asked(alice_srtp);
        call.bob.replies(603);
        call.carol.receives(NOTIFY);
        CHECK(call.alice.hears_nothing());
        call.carol.replies(200, carol_answer);
        call.alice.acknowledge(call.alice.receives(200U).with(carol_answer));
        call.carol.receives(ACK);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("Bob declines, and the picker fails: the caller is told")
    {
        call.carol_is_asked(alice_srtp);
        call.bob.replies(603);
        call.carol.receives(NOTIFY);
        call.carol.replies(488);
        call.carol.receives(BYE);
        call.alice.receives(603U);
        call.nothing_is_left();
    }
    SUBCASE("the picker refuses the caller's keys")
    {
        call.carol_is_asked(alice_srtp);
        call.carol.replies(488);
        call.carol.receives(BYE).header("Reason", "SIP;cause=488;text=\"No media in common\"");
        call.bob_answers_after_all(carol_answer);
    }
    SUBCASE("the picker meets the INVITE with one of its own")
    {
        call.carol_is_asked(alice_srtp);
        call.carol.replies(491);
        call.pbx.passes(500ms);
        call.carol.receives(INVITE).with(alice_srtp);
        call.carol.replies(200, carol_answer);
        call.alice.acknowledge(call.alice.receives(200U));
        call.bob_is_told();
        call.carol.receives(ACK);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("the picker hangs up")
    {
        const auto asked = call.carol_is_asked(alice_srtp);
        call.carol.sends(BYE);
        call.carol.receives(200U);
        call.carol.replies_to(asked, 487);
        call.bob_answers_after_all(carol_answer);
    }
    SUBCASE("the caller gives up")
    {
        const auto asked = call.carol_is_asked(alice_srtp);
        call.alice.cancels();
        call.bob.receives(CANCEL);
        call.carol.receives(BYE);
        call.carol.receives(NOTIFY);
        call.carol.replies_to(asked, 487);
        call.nothing_is_left();
    }
    SUBCASE("a second picker")
    {
        auto& dave = call.pbx.phone("104");
        call.carol_is_asked(alice_srtp);
        dave.sends_replacing(replacing(call.shown), "101", carol_srtp);
        dave.receives(481U);
        call.carol.replies(200, carol_answer);
        call.alice.acknowledge(call.alice.receives(200U));
        call.bob_is_told();
        call.carol.receives(ACK);
        call.alice_and_carol_talk_and_end();
    }
}

TEST_CASE("a pickup that takes its time changes both lamps, each in one NOTIFY")
{
    std::string_view offer = alice_srtp;
    std::string_view pickers = carol_srtp;
    SUBCASE("with keys") {}
    SUBCASE("by a picker without an offer")
    {
        pickers = {};
    }
    SUBCASE("of a caller without an offer")
    {
        offer = {};
    }
    Ringing call{offer};
    call.pbx.replaces_directory(
        {group("sales", {"103", "104"}, {"102"}), group("desk", {"105"}, {"102", "103"})});
    auto& eve = call.pbx.phone("105");
    CHECK(eve.watches("102").dialog().state == "early");
    CHECK(eve.watches("103").idle());
    call.carol_picks_up(pickers);
    if (offer.empty()) {
        const auto offered = call.alice.receives(200U).with(carol_srtp);
        call.bob_is_told();
        call.alice.acknowledge(offered, alice_srtp);
        call.carol.acknowledge(call.carol.receives(200U).with(alice_srtp));
    } else if (pickers.empty()) {
        const auto offered = call.carol.receives(200U).with(alice_srtp);
        CHECK(eve.hears_nothing());
        call.carol.acknowledge(offered, carol_answer);
        call.alice.acknowledge(call.alice.receives(200U).with(carol_answer));
        call.bob_is_told();
    } else {
        call.carol_is_asked(alice_srtp);
        CHECK(eve.hears_nothing());
        call.carol.replies(200, carol_answer);
        call.alice.acknowledge(call.alice.receives(200U).with(carol_answer));
        call.bob_is_told();
        call.carol.receives(ACK);
    }
    REQUIRE(eve.inbox.size() == 2);
    std::set<std::string> told_of;
    for (int i = 0; i < 2; ++i) {
        const auto told = eve.receives(NOTIFY);
        told_of.insert(told.document().entity + ' ' + told.dialog().state);
    }
    CHECK(told_of == std::set<std::string>{"sip:102@office.test terminated",
                                           "sip:103@office.test confirmed"});
    call.pbx.ends_all_calls();
    for (auto* phone : {&call.alice, &call.bob, &call.carol, &eve}) phone->inbox.clear();
    CHECK(call.pbx.has_no_calls());
}

TEST_CASE("a pickup that fails changes no lamp")
{
    Ringing call{alice_srtp};
    call.pbx.replaces_directory(
        {group("sales", {"103", "104"}, {"102"}), group("desk", {"105"}, {"102", "103"})});
    auto& eve = call.pbx.phone("105");
    CHECK(eve.watches("102").dialog().state == "early");
    CHECK(eve.watches("103").idle());
    call.carol_picks_up(carol_srtp);
    call.carol_is_asked(alice_srtp);
    call.carol.replies(488);
    call.carol.receives(BYE);
    CHECK(eve.hears_nothing());
    call.pbx.ends_all_calls();
    for (auto* phone : {&call.alice, &call.bob, &call.carol, &eve}) phone->inbox.clear();
    CHECK(call.pbx.has_no_calls());
}
