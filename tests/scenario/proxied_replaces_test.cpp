// Replaces and Join where two phones share a dialog (proxy mode): the phone at its other end is
// called, and does by itself what the header says (RFC 3891, RFC 3911).
#include <doctest/doctest.h>

#include <algorithm>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view alice_sdp = "v=0\r\no=alice\r\nm=audio 4000 RTP/AVP 0\r\n";
constexpr std::string_view carol_sdp = "v=0\r\no=carol\r\nm=audio 6000 RTP/AVP 0\r\n";

/// The same dialog, from its other side.
DialogId reversed(const DialogId& dialog)
{
    return {dialog.call_id, dialog.remote_tag, dialog.local_tag};
}

/// Carol is in proxy mode.
struct Office {
    explicit Office(GroupRights rights = {})
    {
        auto sales = group("sales", {"104"}, {"103"});
        sales.rights = rights;
        pbx.replaces_directory({sales});
        pbx.joins("103", CallMode::proxy);
    }
    /// Bob and Carol share a dialog; its Call-ID.
    std::string bob_and_carol_talk()
    {
        bob.sends(INVITE, "103", alice_sdp);
        carol.receives(INVITE);
        carol.replies(200, carol_sdp);
        bob.receives(200U);
        return pbx.view().calls.back().legs.at(0).call_id;
    }
    void nothing_is_left()
    {
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
        pbx.stays_silent_for(150s);
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dave = pbx.phone("104");
};

}  // namespace

TEST_CASE(
    "attended transfer where the consultation was proxied: the target is called with Replaces")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave] = office;
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies(200, carol_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    const auto first = bob.dialog();
    office.bob_and_carol_talk();
    std::string call_id;
    for (const auto& call : pbx.view().calls)
        if (call.dialled == "103") call_id = call.legs.at(0).call_id;

    bob.uses(first);
    bob.sends(Method::refer,
              std::make_shared<const Payload>(Payload{
                  {}, {}, {{"Refer-To", "<sip:103@office.test?Replaces=" + call_id + ">"}}}));
    bob.receives(202U);
    bob.replies_to(bob.receives(NOTIFY).with("SIP/2.0 100 Trying\r\n"), 200);
    auto asked = carol.receives(INVITE).from("101").without_body();
    const auto replaces = asked.value("Replaces");
    CHECK(replaces.starts_with(call_id + ";to-tag=tag-103-"));  // its own tag first (RFC 3891)
    CHECK(replaces.find(";from-tag=from-") != std::string::npos);
    SUBCASE("it puts the new call in place of the old one")
    {
        carol.replies(200, carol_sdp);
        alice.receives(INVITE).with(carol_sdp).header("P-Asserted-Identity",
                                                      "\"Name 103\" <sip:103@office.test>");
        alice.replies(200, alice_sdp);
        carol.receives(ACK).with(alice_sdp);
        alice.receives(ACK);
        bob.replies_to(bob.receives(NOTIFY).with("SIP/2.0 200 OK\r\n"), 200);
        bob.receives(BYE);
        carol.passes(BYE);
        CHECK(pbx.view().calls.size() == 1);
        alice.sends(BYE);
        alice.receives(200U);
        carol.receives(BYE);
        const auto records = pbx.records();  // the consultation ended first
        REQUIRE(records.size() == 2);
        CHECK(records[0].dialled == "103");
        CHECK(records[0].continued_in == records[1].id);
        CHECK(records[0].ended_by == CallEnder::transfer);
        CHECK(records[1].parts.back().extension == "103");
        CHECK(records[1].parts.back().came_from == records[0].id);
    }
    SUBCASE("it sends the call on: nobody else is called with the header")
    {
        carol.redirects({SipUri::parse("sip:104@office.test").value()});
        CHECK(dave.hears_nothing());
        bob.replies_to(
            bob.receives(NOTIFY).with("SIP/2.0 488 Phone Sends The Call On\r\n"
                                      "Warning: 399 office.test \"The phone of 103 sends the call "
                                      "on, and only it can take it\"\r\n"),
            200);
        carol.passes(BYE);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
    }
    SUBCASE("it does not know Replaces: everybody is where they were")
    {
        carol.replies(420);
        bob.replies_to(bob.receives(NOTIFY).with("SIP/2.0 420 \r\n"), 200);
        carol.passes(BYE);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
        for (const auto& record : pbx.records()) CHECK(!record.continued_in);
    }
    office.nothing_is_left();
}

TEST_CASE("attended transfer where all dialogs are the phones' own: who was referred may replace")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave] = office;
    pbx.joins("104", CallMode::proxy);
    office.bob_and_carol_talk();
    auto& second = pbx.phone("102");  // Bob's as well
    second.sends(INVITE, "104", alice_sdp);
    dave.receives(INVITE);
    dave.replies(200, carol_sdp);
    second.receives(200U);
    const auto consultation = second.shared();
    const Replaces replaces{.call_id = consultation.call_id,
                            .to_tag = consultation.remote_tag,
                            .from_tag = consultation.local_tag};
    const auto refer_to = [&](const std::string& call_id) {
        return "<sip:104@office.test?Replaces=" + call_id + "%3Bto-tag%3D" + replaces.to_tag +
               "%3Bfrom-tag%3D" + replaces.from_tag + ">";
    };
    const auto is_refused = [&](Phone& by) {
        by.sends_replacing(replaces, "104", carol_sdp);
        by.receives(403U);
    };
    SUBCASE("it is")
    {
        bob.passes_refer(refer_to(consultation.call_id));
        const auto first = carol.shared();
        carol.sends_replacing(replaces, "104", carol_sdp);
        auto asked = dave.receives(INVITE).header("Require", "replaces");
        CHECK(asked.value("Replaces") == consultation.call_id + ";to-tag=" + replaces.to_tag +
                                             ";from-tag=" + replaces.from_tag);
        dave.replies(200, carol_sdp);
        carol.receives(200U);
        carol.passes(BYE);
        carol.uses_shared(first);
    }
    SUBCASE("not without having been referred")
    {
        is_refused(carol);
    }
    SUBCASE("not somebody else")
    {
        bob.passes_refer(refer_to(consultation.call_id));
        is_refused(alice);
    }
    SUBCASE("not another call")
    {
        bob.passes_refer(refer_to("another"));
        is_refused(carol);
    }
    SUBCASE("not a minute later")
    {
        bob.passes_refer(refer_to(consultation.call_id));
        pbx.passes(60s);
        for (auto* phone : {&bob, &carol, &second, &dave}) phone->inbox.clear();  // probes
        is_refused(carol);
    }
    bob.passes(BYE);
    second.passes(BYE);
    office.nothing_is_left();
}

TEST_CASE("who refers to a call of others gives no right to it")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave] = office;
    pbx.joins("104", CallMode::proxy);
    office.bob_and_carol_talk();
    alice.sends(INVITE, "104", alice_sdp);
    dave.receives(INVITE);
    dave.replies(200, carol_sdp);
    alice.receives(200U);
    const auto others = alice.shared();
    carol.passes_refer("<sip:104@office.test?Replaces=" + others.call_id + "%3Bto-tag%3D" +
                       others.remote_tag + "%3Bfrom-tag%3D" + others.local_tag + ">");
    auto& second = pbx.phone("102");
    second.sends_replacing(
        {.call_id = others.call_id, .to_tag = others.remote_tag, .from_tag = others.local_tag},
        "104", carol_sdp);
    second.receives(403U);
    alice.passes(BYE);
    bob.passes(BYE);
    office.nothing_is_left();
}

TEST_CASE("a call in proxy mode moves between one's own phones: the other phone gets the INVITE")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave] = office;
    auto& mobile = pbx.phone("102");
    const auto call_id = office.bob_and_carol_talk();
    const Replaces own{.call_id = call_id,
                       .to_tag = bob.shared().remote_tag,
                       .from_tag = bob.shared().local_tag};
    /// As the log has it: the second record of a call takes the place of the first.
    const auto is_linked = [&] {
        const auto records = pbx.records();
        const auto old = std::find_if(records.rbegin(), records.rend(), [&](const CallRecord& each) {
            return each.id == records.front().id;
        });
        const auto& next = records.back();
        const bool from = next.parts.back().came_from == old->id;
        CHECK((old->continued_in ? true : false) == from);
        CHECK((old->ended_by == CallEnder::transfer) == from);
        return from && old->continued_in == next.id;
    };
    SUBCASE("one's own")
    {
        mobile.sends_replacing(own, "103", alice_sdp);
        auto asked = carol.receives(INVITE).header("Require", "replaces");
        CHECK(asked.value("Replaces").starts_with(call_id + ";to-tag=tag-103-"));
        carol.replies(200, carol_sdp);
        mobile.receives(200U);
        carol.uses_shared(reversed(bob.shared()));
        carol.passes(BYE);
        CHECK(pbx.view().calls.size() == 1);
        mobile.passes(BYE);
        CHECK(is_linked());
    }
    SUBCASE("the phone ends the old call before it answers for the new one")
    {
        mobile.sends_replacing(own, "103", alice_sdp);
        carol.receives(INVITE);
        carol.uses_shared(reversed(bob.shared()));
        carol.passes(BYE);
        carol.replies(200, carol_sdp);
        mobile.receives(200U);
        mobile.passes(BYE);
        CHECK(is_linked());
    }
    SUBCASE("it hangs up, and takes the other call later: one after the other")
    {
        mobile.sends_replacing(own, "103", alice_sdp);
        carol.receives(INVITE);
        carol.uses_shared(reversed(bob.shared()));
        carol.passes(BYE);
        pbx.passes(5s);
        carol.replies(200, carol_sdp);
        mobile.receives(200U);
        mobile.passes(BYE);
        CHECK_FALSE(is_linked());
    }
    SUBCASE("the other one hangs up while its replacement rings: nothing was replaced")
    {
        mobile.sends_replacing(own, "103", alice_sdp);
        carol.receives(INVITE);
        bob.passes(BYE);
        carol.replies(200, carol_sdp);
        mobile.receives(200U);
        mobile.passes(BYE);
        CHECK_FALSE(is_linked());
    }
    SUBCASE("the phone hangs up, and does not answer for the new call")
    {
        mobile.sends_replacing(own, "103", alice_sdp);
        carol.receives(INVITE);
        carol.uses_shared(reversed(bob.shared()));
        carol.passes(BYE);
        carol.replies(486);
        mobile.receives(486U);
        CHECK_FALSE(is_linked());
    }
    SUBCASE("not somebody else's")
    {
        alice.sends_replacing({.call_id = call_id, .to_tag = "x"}, "103", alice_sdp);
        alice.receives(481U);
        bob.passes(BYE);
    }
    SUBCASE("early-only: it is answered")
    {
        auto early = own;
        early.early_only = true;
        mobile.sends_replacing(early, "103", alice_sdp);
        mobile.receives(486U);
        bob.passes(BYE);
    }
    SUBCASE("the Call-ID alone names no call that talks")
    {
        mobile.sends_replacing({.call_id = call_id}, "103", alice_sdp);
        mobile.receives(481U);
        bob.passes(BYE);
    }
    office.nothing_is_left();
}

namespace {

/// The record of a call of Bob to Carol that Dave has taken, as the log has it in the end.
void was_picked_up(const std::vector<CallRecord>& records)
{
    const CallRecord* old = nullptr;
    const CallRecord* next = nullptr;
    for (const auto& record : records) (record.caller == "102" ? old : next) = &record;
    REQUIRE((old && next));
    CHECK(old->result == CallResult::answered);
    CHECK(old->answered_by == "104");
    CHECK(old->answered_at == old->ended_at);  // they talk in the other one
    CHECK(old->status == 200);
    CHECK(old->ended_by == CallEnder::transfer);
    CHECK(old->continued_in == next->id);
    REQUIRE(old->parts.size() == 2);
    CHECK(old->parts[0].result == PartResult::answered);
    CHECK(old->parts[1].result == PartResult::answered_elsewhere);
    CHECK_FALSE(old->parts[1].missed);
    CHECK(next->caller == "104");
    CHECK(next->answered_by == "102");
}

}  // namespace

TEST_CASE("a call in proxy mode that rings is taken where the caller's phone knows Replaces")
{
    Office office;
    auto& [pbx, alice, bob, carol, dave] = office;
    bob.supported = OptionTag::replaces;
    bob.sends(INVITE, "103", alice_sdp);
    carol.receives(INVITE);
    SUBCASE("by a code")
    {
        carol.replies(180);
        bob.receives(180U);
        dave.sends(INVITE, "**103", carol_sdp);
        auto asked = bob.receives(INVITE);  // the one who called
        CHECK(asked.value("Replaces").find(";from-tag=tag-103-") != std::string::npos);
        const auto completed_elsewhere = [](Arrived cancel) {
            cancel.header("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
        };
        SUBCASE("the phone cancels before it answers")
        {
            bob.cancels();
            completed_elsewhere(carol.receives(CANCEL));
            bob.receives(487U);
            bob.replies(200, alice_sdp);
            dave.receives(200U);
            dave.passes(BYE);
            was_picked_up(pbx.records());
        }
        SUBCASE("the phone answers before it cancels")
        {
            bob.replies(200, alice_sdp);
            dave.receives(200U);
            bob.cancels();
            completed_elsewhere(carol.receives(CANCEL));
            bob.receives(487U);
            dave.passes(BYE);
            was_picked_up(pbx.records());
            auto& lab = pbx.phone("104");
            lab.sends(INVITE, "**103", carol_sdp);  // as late as can be
            lab.receives(481U).phrase("Somebody Else Was Quicker");
        }
        SUBCASE("the phone says itself why")
        {
            bob.replies(200, alice_sdp);
            dave.receives(200U);
            bob.cancels({{"Reason", "SIP;cause=200;text=\"Replaced\""}});
            CHECK(carol.receives(CANCEL).value("Reason") == "SIP;cause=200;text=\"Replaced\"");
            bob.receives(487U);
            dave.passes(BYE);
        }
        SUBCASE("the picker gives up before: the caller cancels a call that nobody has taken")
        {
            dave.cancels();
            bob.receives(CANCEL);
            dave.receives(487U);
            bob.cancels();
            carol.receives(CANCEL).without_header("Reason");
            bob.receives(487U);
            for (const auto& record : pbx.records()) CHECK(record.result != CallResult::answered);
        }
    }
    SUBCASE("not before there is a dialog to take")
    {
        dave.sends(INVITE, "**103", carol_sdp);
        dave.receives(481U);
        bob.cancels();
        carol.receives(CANCEL);
        bob.receives(487U);
    }
    office.nothing_is_left();
}

TEST_CASE("Join into a call in proxy mode goes to the phone that it names")
{
    GroupRights rights;
    rights.join = true;
    Office office{rights};
    auto& [pbx, alice, bob, carol, dave] = office;
    const auto shown_before = dave.watches("103");
    const auto call_id = office.bob_and_carol_talk();
    Arrived told = dave.receives(NOTIFY);
    while (told.dialog().state != "confirmed") told = dave.receives(NOTIFY);
    const auto shown = told.dialog();
    dave.sends_joining(
        {.call_id = shown.call_id, .to_tag = shown.local_tag, .from_tag = shown.remote_tag}, "103",
        carol_sdp);
    auto asked = carol.receives(INVITE);
    CHECK(asked.value("Join") ==
          shown.call_id + ";to-tag=" + shown.local_tag + ";from-tag=" + shown.remote_tag);
    asked.header("Require", "join");
    carol.replies(486);
    while (!dave.hears_nothing() && dave.inbox.front().method == NOTIFY) dave.receives(NOTIFY);
    dave.receives(486U);
    bob.passes(BYE);
    dave.inbox.clear();
    CHECK(pbx.has_no_calls());
}
