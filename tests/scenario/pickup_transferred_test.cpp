// Taking a call that a transfer has sent on, while it rings at the target: until picker and
// transferee have each other's media, everything rings and talks on.
#include "transfer_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::transfer;

namespace {

constexpr std::string_view dave_sdp = "v=0\r\no=dave\r\nm=audio 7000 RTP/AVP 0\r\n";
constexpr std::string_view other_has_it =
    "399 office.test \"Another phone has this call, or is about to\"";
constexpr std::string_view name_104 = "\"Name 104\" <sip:104@office.test>";

/// Bob has sent Alice to Carol, whose phone rings, and has left; Dave picks up.
struct PickedUp : Talking {
    explicit PickedUp(std::string_view offer = dave_sdp)
    {
        bob_refers("<sip:103@office.test>");
        bob.receives(202U);
        bob_hears("SIP/2.0 100 Trying");
        carol.receives(INVITE);
        bob.sends(BYE);
        bob.receives(200U);
        dave.sends(INVITE, "**103", offer);
        auto asked = alice.receives(INVITE).header("P-Asserted-Identity", name_104);
        if (offer.empty())
            asked.without_body();
        else
            asked.with(offer);
        CHECK(carol.hears_nothing());
        CHECK(dave.hears_nothing());
    }

    void carol_has_alice()
    {
        CHECK(carol.hears_nothing());
        CHECK(alice.hears_nothing());
        carol.replies(200, carol_sdp);
        alice_and_carol_are_joined();
        alice_and_carol_talk_and_end();
    }

    void dave_has_alice()
    {
        dave.receives(200U).with(alice_sdp);
        alice.receives(ACK);
        dave.sends(BYE);
        dave.receives(200U);
        alice.receives(BYE);
        nothing_is_left();
        CHECK(pbx.records().back().parts.back().kind == PartKind::picked_up);
    }

    Phone& dave = pbx.phone("104");
};

}  // namespace

TEST_CASE("a picker of a transferred call that fails leaves the transferee to the target")
{
    PickedUp call;
    SUBCASE("the transferee refuses its media, and says why")
    {
        call.alice.answer_headers = {{"Warning", "304 alice \"Media type not available\""}};
        call.alice.replies(488);
        call.alice.answer_headers.clear();
        call.dave.receives(488U).header("Warning", "304 alice \"Media type not available\"");
    }
    SUBCASE("the transferee is not ready for long enough")
    {
        for (int i = 0; i < 5; ++i) {
            call.alice.replies(491);
            call.pbx.passes(2000ms);
            call.alice.receives(INVITE).with(dave_sdp);
        }
        call.pbx.passes(1ms);  // more than ten seconds since the first
        call.alice.replies(491);
        call.dave.receives(491U)
            .phrase("Request Pending")
            .header("Warning", "399 office.test \"Another change of this call is under way\"");
    }
    SUBCASE("the transferee answers nothing")
    {
        call.alice.replies(200);
        call.alice.receives(ACK);
        call.dave.receives(488U).phrase("No Media Answered");
    }
    SUBCASE("the transferee wants a longer session, and when it is asked so a still longer one")
    {
        call.alice.session_timer.min_se = 3600s;
        call.alice.replies(422);
        call.pbx.passes(1ms);
        call.alice.receives(INVITE).with(dave_sdp);
        call.alice.session_timer.min_se = 7200s;
        call.alice.replies(422);
        call.alice.session_timer = {};
        call.dave.receives(480U).phrase("Session Interval Refused");
    }
    SUBCASE("the picker gives up, and the transferee refuses")
    {
        call.dave.cancels();
        call.alice.replies(488);
    }
    SUBCASE("the picker gives up, and the transferee accepts")
    {
        call.dave.cancels();
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
    }
    SUBCASE("the transferee is just changing its session, is asked again, and refuses")
    {
        call.alice.replies(491);
        CHECK(call.dave.hears_nothing());
        call.pbx.passes(2000ms);
        call.alice.receives(INVITE).with(dave_sdp);
        call.alice.replies(488);
        call.dave.receives(488U);
    }
    call.carol_has_alice();
}

TEST_CASE("the target answers while a picker is being connected: it has the call")
{
    PickedUp call;
    call.carol.replies(200, carol_sdp);
    call.dave.receives(481U)
        .phrase("Somebody Else Was Quicker")
        .header("Warning", other_has_it);
    SUBCASE("the transferee accepts the picker all the same")
    {
        call.alice.replies(200, alice_sdp);
        call.alice.receives(ACK);
    }
    SUBCASE("the transferee refuses the picker")
    {
        call.alice.replies(488);
    }
    CHECK(call.alice.hears_nothing());
    call.pbx.passes(500ms);
    call.alice_and_carol_are_joined();
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("the target answers once the picker has been given the transferee's offer")
{
    PickedUp call{{}};
    call.dave.acknowledges = false;
    call.alice.replies(200, alice_sdp);
    const auto offered = call.dave.receives(200U).with(alice_sdp);
    call.carol.replies(200, carol_sdp);
    call.alice.receives(ACK);
    call.alice_and_carol_are_joined();
    call.dave.acknowledges = true;
    call.dave.acknowledge(offered, dave_sdp);
    call.dave.receives(BYE);
    call.alice_and_carol_talk_and_end();
}

TEST_CASE("a second picker of a transferred call is told at once that another one was quicker")
{
    PickedUp call;
    auto& lab = call.pbx.phone("104");
    SUBCASE("by the number")
    {
        lab.sends(INVITE, "**103", dave_sdp);
    }
    SUBCASE("by the group")
    {
        lab.sends(INVITE, "*8", dave_sdp);
    }
    lab.receives(481U).phrase("Somebody Else Was Quicker");
    call.alice.replies(200, alice_sdp);
    call.carol.receives(CANCEL).header("Reason",
                                       "SIP;cause=200;text=\"Call completed elsewhere\"");
    call.dave_has_alice();
}

TEST_CASE("the target declines while a picker is being connected")
{
    PickedUp call;
    call.carol.replies(603);
    CHECK(call.alice.hears_nothing());
    SUBCASE("the picker has the call all the same")
    {
        call.alice.replies(200, alice_sdp);
        call.dave_has_alice();
    }
    SUBCASE("the picker fails too: that is the end of it")
    {
        call.alice.replies(488);
        call.dave.receives(488U);
        call.alice.receives(BYE).header("Reason", "SIP;cause=603;text=\"Transfer failed\"");
        call.nothing_is_left();
    }
}

TEST_CASE("the transferor is still there when a pickup fails, and when the target answers")
{
    Talking call;
    auto& dave = call.pbx.phone("104");
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    dave.acknowledges = false;
    dave.sends(INVITE, "**103", {});
    call.alice.receives(INVITE).without_body().header("P-Asserted-Identity", name_104);
    call.alice.replies(200, alice_sdp);
    const auto offered = dave.receives(200U).with(alice_sdp);
    dave.acknowledge(offered);
    call.alice.receives(ACK).with(bob_sdp);  // they talk on
    dave.acknowledges = true;
    dave.receives(BYE).header("Reason", "SIP;cause=488;text=\"No Media Answered\"");
    CHECK(call.bob.hears_nothing());
    SUBCASE("the target answers")
    {
        call.carol.replies(200, carol_sdp);
        call.alice_and_carol_are_joined();
        call.bob_hears("SIP/2.0 200 OK");
        call.bob.receives(BYE);
        call.alice_and_carol_talk_and_end();
    }
    SUBCASE("the target declines: Alice is shown Bob again")
    {
        call.carol.replies(486);
        call.bob_hears("SIP/2.0 486 ");
        call.alice_is_shown_bob_again();
        call.alice_and_bob_still_talk();
    }
}

TEST_CASE("the transferee goes on at another phone while a picker is being connected: that is asked")
{
    Talking call;
    auto& dave = call.pbx.phone("104");
    auto& mobile = call.pbx.silent_phone("101");
    const auto at_alice = call.pbx.naming(call.pbx.view().calls.at(0).legs.at(0).call_id);
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    dave.sends(INVITE, "**103", dave_sdp);
    const auto asked = call.alice.receives(INVITE).with(dave_sdp);
    mobile.sends_replacing(at_alice, "102", carol_sdp);
    call.bob.receives(INVITE).with(carol_sdp);
    call.bob.replies(200, bob_sdp);
    mobile.receives(200U).with(bob_sdp);
    call.bob.receives(ACK);
    call.alice.receives(BYE);
    SUBCASE("the phone that has left refuses")
    {
        call.alice.replies_to(asked, 487);
    }
    SUBCASE("the phone that has left has accepted")
    {
        call.alice.replies_to(asked, 200, alice_sdp);
        call.alice.receives(ACK);
    }
    CHECK(dave.hears_nothing());
    mobile.receives(INVITE).with(dave_sdp);
    mobile.replies(200, carol_sdp);
    mobile.receives(ACK);
    dave.receives(200U).with(carol_sdp);
    call.carol.receives(CANCEL);
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    dave.sends(BYE);
    dave.receives(200U);
    mobile.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("the transferee goes on at another phone once the picker has been given its offer: the picker "
          "is hung up, and the target rings on")
{
    Talking call;
    auto& dave = call.pbx.phone("104");
    auto& mobile = call.pbx.silent_phone("101");
    const auto at_alice = call.pbx.naming(call.pbx.view().calls.at(0).legs.at(0).call_id);
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    dave.acknowledges = false;
    dave.sends(INVITE, "**103", {});
    const auto asked = call.alice.receives(INVITE).without_body();
    mobile.sends_replacing(at_alice, "102", carol_sdp);
    call.bob.receives(INVITE).with(carol_sdp);
    call.alice.replies_to(asked, 200, alice_sdp);
    const auto offered = dave.receives(200U).with(alice_sdp);
    call.bob.replies(200, bob_sdp);
    mobile.receives(200U).with(bob_sdp);
    call.bob.receives(ACK);
    call.alice.receives(ACK);
    call.alice.receives(BYE);
    dave.acknowledges = true;
    dave.acknowledge(offered, dave_sdp);
    dave.receives(BYE);
    CHECK(call.carol.hears_nothing());
    CHECK(call.bob.hears_nothing());
    call.carol.replies(200, carol_sdp);
    mobile.receives(INVITE).with(carol_sdp);
    mobile.replies(200, alice_sdp);
    call.carol.receives(ACK).with(alice_sdp);
    mobile.receives(ACK);
    call.bob_hears("SIP/2.0 200 OK");
    call.bob.receives(BYE);
    call.carol.sends(BYE);
    call.carol.receives(200U);
    mobile.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a pickup of a transferred call changes both lamps, each in one NOTIFY")
{
    Talking call;
    auto& dave = call.pbx.phone("104");
    auto& eve = call.pbx.phone("105");
    call.pbx.replaces_directory(
        {group("sales", {"104"}, {"101", "102", "103"}), group("desk", {"105"}, {"103", "104"})});
    call.bob_refers("<sip:103@office.test>");
    call.bob.receives(202U);
    call.bob_hears("SIP/2.0 100 Trying");
    call.carol.receives(INVITE);
    call.carol.replies(180);
    call.bob_hears("SIP/2.0 180 ");
    CHECK(eve.watches("103").dialog().state == "early");
    CHECK(eve.watches("104").idle());
    dave.sends(INVITE, "**103", dave_sdp);
    call.alice.receives(INVITE);
    CHECK(eve.hears_nothing());
    SUBCASE("it fails: neither changes")
    {
        call.alice.replies(488);
        dave.receives(488U);
        CHECK(eve.hears_nothing());
    }
    SUBCASE("it succeeds")
    {
        call.alice.replies(200, alice_sdp);
        REQUIRE(eve.inbox.size() == 2);
        for (int i = 0; i < 2; ++i) {
            const auto told = eve.receives(NOTIFY);
            const bool replaced = told.document().entity == "sip:103@office.test";
            CHECK(told.document().entity ==
                  (replaced ? "sip:103@office.test" : "sip:104@office.test"));
            CHECK(told.dialog().state == (replaced ? "terminated" : "confirmed"));
            CHECK(told.dialog().remote_identity == "sip:101@office.test");
        }
    }
    call.pbx.ends_all_calls();
    for (auto* phone : {&call.alice, &call.bob, &call.carol, &dave, &eve}) phone->inbox.clear();
    CHECK(call.pbx.has_no_calls());
}
