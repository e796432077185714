// Which call is meant, where a pickup does not say it all.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0 8\r\n";

/// Carol may pick up what rings at Bob, Dave and Eve; Alice and Frank call. 600 rings Bob, then
/// Dave.
struct Office {
    Office()
    {
        RingGroup team;
        team.number = "600";
        team.strategy = RingStrategy::linear;
        team.members = {{"102"}, {"104"}};
        pbx.has_ring_groups({team});
    }

    /// Carol has what `caller` waits for; nobody else is disturbed.
    void carol_has_the_call_of(Phone& caller, Phone& rung)
    {
        carol.receives(200U);
        caller.receives(200U).with(carol_sdp);
        rung.receives(CANCEL).header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
        for (auto* phone : {&alice, &bob, &dave, &eve, &frank}) CHECK(phone->hears_nothing());
    }

    void ends()
    {
        pbx.ends_all_calls();
        for (auto* phone : {&alice, &bob, &carol, &dave, &eve, &frank}) phone->inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx{{group("sales", {"103"}, {"102", "104", "105"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
    Phone& eve = pbx.phone("105");
    Phone& frank = pbx.phone("106");
};

}  // namespace

TEST_CASE("*8 takes the call of who has waited longest")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank] = office;
    SUBCASE("wherever that call rings by now")
    {
        alice.sends(INVITE, "600");
        bob.receives(INVITE);
        pbx.passes(5s);
        frank.sends(INVITE, "105");
        eve.receives(INVITE);
        pbx.passes(15s);
        bob.receives(CANCEL);
        dave.receives(INVITE);
        carol.sends(INVITE, "*8", carol_sdp);
        office.carol_has_the_call_of(alice, dave);
        carol.sends(INVITE, "*8", carol_sdp);  // and then the next one
        office.carol_has_the_call_of(frank, eve);
    }
    SUBCASE("a call that has long been answered, and is now transferred, has only begun to wait")
    {
        alice.sends(INVITE, "107");
        alice.receives(480U);
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        pbx.passes(10s);
        frank.sends(INVITE, "105");
        eve.receives(INVITE);
        pbx.passes(5s);
        pbx.orders({.action = CallAction::transfer,
                    .call = pbx.view().calls.front().dialled == "102" ? pbx.view().calls.front().id
                                                                      : pbx.view().calls.back().id,
                    .to = "104",
                    .by = "102"});
        dave.receives(INVITE);
        carol.sends(INVITE, "*8", carol_sdp);
        office.carol_has_the_call_of(frank, eve);
    }
    office.ends();
}

TEST_CASE("** with a ring group takes the oldest call that rings by it, where the picker may")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank] = office;
    SUBCASE("not one that is for a member alone, however long it has waited")
    {
        frank.sends(INVITE, "104");
        dave.receives(INVITE);
        carol.sends(INVITE, "**600", carol_sdp);
        carol.receives(480U).phrase("Nothing Rings There");
        pbx.passes(1s);
        alice.sends(INVITE, "600");
        bob.receives(INVITE);
        carol.sends(INVITE, "**600", carol_sdp);
        office.carol_has_the_call_of(alice, bob);
    }
    SUBCASE("who may pick up some of its members takes what rings at those")
    {
        pbx.replaces_directory({group("sales", {"103"}, {"104"})});
        alice.sends(INVITE, "600");
        bob.receives(INVITE);
        carol.sends(INVITE, "**600", carol_sdp);
        carol.receives(480U).phrase("Nothing Rings There");
        pbx.passes(20s);
        bob.receives(CANCEL);
        dave.receives(INVITE);
        carol.sends(INVITE, "**600", carol_sdp);
        office.carol_has_the_call_of(alice, dave);
    }
    SUBCASE("who may pick up none of them may not")
    {
        alice.sends(INVITE, "600");
        bob.receives(INVITE);
        frank.sends(INVITE, "**600");
        frank.receives(403U).phrase("Not Yours To Take");
    }
    office.ends();
}

TEST_CASE("** alone takes the only call that rings for who dials it")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank] = office;
    bool over = false;  // no `return`: the cases after it would not be found
    SUBCASE("at one of several phones that it rings")
    {
        auto& mobile = pbx.phone("102");  // Bob has two
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        mobile.receives(INVITE);
        carol.sends(INVITE, "**", carol_sdp);
        carol.receives(200U);
        alice.receives(200U);
        bob.receives(CANCEL);
        mobile.receives(CANCEL);
        office.ends();
        over = true;
    }
    SUBCASE("at another phone of one's own")
    {
        auto& mobile = pbx.silent_phone("106");
        alice.sends(INVITE, "106");
        frank.receives(INVITE);
        mobile.sends(INVITE, "**", carol_sdp);
        mobile.receives(200U);
        alice.receives(200U);
        frank.receives(CANCEL);
        alice.sends(BYE);
        alice.receives(200U);
        mobile.receives(BYE);
    }
    SUBCASE("what rings where one has no right to is none")
    {
        alice.sends(INVITE, "106");
        frank.receives(INVITE);
        carol.sends(INVITE, "**", carol_sdp);
        carol.receives(480U).phrase("Nothing Rings There");
    }
    SUBCASE("two calls: it does not guess")
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        frank.sends(INVITE, "105");
        eve.receives(INVITE);
        carol.sends(INVITE, "**", carol_sdp);
        carol.receives(484U)
            .phrase("More Than One Call Rings")
            .header("Warning",
                    "399 office.test \"Dial the code with the number whose call to take\"");
        CHECK(bob.hears_nothing());
        CHECK(eve.hears_nothing());
        frank.cancels();
        eve.receives(CANCEL);
        carol.sends(INVITE, "**", carol_sdp);
        office.carol_has_the_call_of(alice, bob);
    }
    if (over) return;
    office.ends();
}

TEST_CASE("one tag that two dialogs share names none of them (RFC 3891 §3)")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank] = office;
    pbx.joins("102", CallMode::proxy);  // then all branches have the caller's Call-ID and tag
    auto& mobile = pbx.phone("102");
    alice.supported = OptionTag::replaces;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    mobile.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    mobile.replies(180);
    alice.inbox.clear();
    const auto dialogs = carol.watches("102").document().dialogs;
    REQUIRE(dialogs.size() == 1);  // both do not fit: one stands for them
    auto named = replacing(dialogs[0]);
    named.from_tag.clear();
    carol.sends_replacing(named, "101", carol_sdp);
    carol.receives(481U);
    named.to_tag.clear();  // nor does the Call-ID alone
    carol.sends_replacing(named, "101", carol_sdp);
    carol.receives(481U);
    CHECK(alice.hears_nothing());
    named = replacing(dialogs[0]);
    named.to_tag.clear();  // that of Bob's phone is its own
    carol.sends_replacing(named, "101", carol_sdp);
    CHECK_FALSE(alice.receives(INVITE).value("Replaces").empty());
    pbx.ends_all_calls();
    mobile.receives(CANCEL);
    office.ends();
}

TEST_CASE("a Call-ID alone means what rings at one's own other phone, and not what talks there")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank] = office;
    auto& mobile = pbx.silent_phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    const Replaces untagged{.call_id = pbx.view().calls.at(0).legs.at(1).call_id};
    SUBCASE("it rings")
    {
        mobile.sends_replacing(untagged, "101", carol_sdp);
        mobile.receives(200U);
        alice.receives(200U).with(carol_sdp);
        bob.receives(CANCEL);
    }
    SUBCASE("it talks: it is moved by a tag, too")
    {
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        mobile.sends_replacing(untagged, "101", carol_sdp);
        mobile.receives(481U).phrase("No Such Dialog To Replace").header(
            "Warning", "399 office.test \"Replaces: no dialog, or several, have this Call-ID and these tags\"");
        CHECK(alice.hears_nothing());
        CHECK(bob.hears_nothing());
        mobile.sends_replacing(pbx.naming(untagged.call_id), "101", carol_sdp);
        alice.receives(INVITE).with(carol_sdp);
        alice.replies(200, talking_sdp);
        mobile.receives(200U);
        alice.receives(ACK);
        bob.receives(BYE);
    }
    pbx.ends_all_calls();
    mobile.inbox.clear();
    office.ends();
}

TEST_CASE("who names a call that has ended is told so, for as long as the key may have been late")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank] = office;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    const bool talks = [] {
        bool answered = false;
        SUBCASE("it was answered") answered = true;
        SUBCASE("nobody took it") answered = false;
        return answered;
    }();
    auto shown = carol.watches("102").dialog();
    if (talks) {
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        shown = carol.receives(NOTIFY).dialog();
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
    } else {
        bob.replies(180);
        alice.receives(180U);
        shown = carol.receives(NOTIFY).dialog();
        alice.cancels();
        bob.receives(CANCEL);
    }
    carol.receives(NOTIFY);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    constexpr unsigned told = 603;
    auto named = replacing(shown);
    carol.sends_replacing(named, "101", carol_sdp);
    carol.receives(told);
    carol.sends_joining(named, "101", carol_sdp);
    carol.receives(told);
    std::swap(named.to_tag, named.from_tag);
    carol.sends_replacing(named, "101", carol_sdp);
    carol.receives(told);
    named.from_tag = "other";
    carol.sends_replacing(named, "101", carol_sdp);
    carol.receives(481U);
    pbx.passes(32s);
    carol.sends_replacing(replacing(shown), "101", carol_sdp);
    carol.receives(481U);
    office.ends();
}

TEST_CASE("a member of a pickup group takes by its key what rings there, whatever watchers may do")
{
    Office office;
    auto sales = group("sales", {"103"}, {"102", "104", "105"});
    sales.rights.pickup = false;
    sales.members_pick_up = true;
    office.pbx.replaces_directory({sales});
    office.carol.watches("102");
    office.alice.sends(INVITE, "102");
    office.bob.receives(INVITE);
    office.carol.receives(NOTIFY);
    office.bob.replies(180);
    office.alice.receives(180U);
    const auto shown = office.carol.receives(NOTIFY).dialog();
    office.carol.sends_replacing(replacing(shown), "101", carol_sdp);
    office.carol_has_the_call_of(office.alice, office.bob);
    CHECK(office.carol.receives(NOTIFY).dialog().state == "terminated");
    office.ends();
}

TEST_CASE("members of a pickup group take each other's calls, though nobody watches anybody")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank] = office;
    auto sales = group("sales", {}, {"102", "103", "105"});
    pbx.replaces_directory({sales});
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    carol.sends(INVITE, "*8", carol_sdp);
    carol.receives(480U);
    carol.sends(INVITE, "**102", carol_sdp);
    carol.receives(403U);
    sales.members_pick_up = true;
    pbx.replaces_directory({sales});
    dave.sends(INVITE, "*8", carol_sdp);  // none of them
    dave.receives(480U);
    dave.sends(INVITE, "**102", carol_sdp);
    dave.receives(403U);
    SUBCASE("who has waited longest")
    {
        carol.sends(INVITE, "*8", carol_sdp);
        office.carol_has_the_call_of(alice, bob);
    }
    SUBCASE("the only one")
    {
        carol.sends(INVITE, "**", carol_sdp);
        office.carol_has_the_call_of(alice, bob);
    }
    SUBCASE("by the number")
    {
        carol.sends(INVITE, "**102", carol_sdp);
        office.carol_has_the_call_of(alice, bob);
    }
    SUBCASE("by Replaces")
    {
        carol.sends_replacing({.call_id = pbx.view().calls.at(0).legs.at(1).call_id}, "101",
                              carol_sdp);
        office.carol_has_the_call_of(alice, bob);
    }
    SUBCASE("by a third party")
    {
        CHECK(pbx.orders({.action = CallAction::pick_up, .by = "103"}).outcome ==
              OrderOutcome::begun);
        carol.receives(INVITE);
        carol.replies(200, carol_sdp);
        carol.receives(ACK);
        alice.receives(200U).with(carol_sdp);
        bob.receives(CANCEL);
    }
    SUBCASE("one's own are left to ring")
    {
        eve.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.sends(INVITE, "*8", carol_sdp);
        carol.receives(200U);
        alice.receives(200U).with(carol_sdp);
        bob.receives(CANCEL);
    }
    office.ends();
}

TEST_CASE("a key for what has rung, and now rings elsewhere, hears that this is over: 603, no fault")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave, eve, frank] = office;
    alice.sends(INVITE, "600");
    bob.receives(INVITE);
    const auto shown = carol.watches("102").dialog();
    bob.replies(180);
    alice.receives(180U);
    carol.receives(NOTIFY);
    SUBCASE("since its phone has declined") { bob.replies(486); }
    SUBCASE("since nobody has answered there")
    {
        pbx.passes(20s);
        bob.receives(CANCEL);
    }
    dave.receives(INVITE);
    CHECK(carol.receives(NOTIFY).idle());
    carol.sends_replacing({.call_id = shown.call_id, .to_tag = shown.remote_tag}, "101", carol_sdp);
    carol.receives(603U).phrase("Rings There No More");
    CHECK(dave.hears_nothing());
    office.ends();
}
