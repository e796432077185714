// After every move a phone is told whom it talks to now (RFC 3325, RFC 3311), unless that one wants
// not to be named (RFC 3323).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view name_101 = "\"Name 101\" <sip:101@office.test>";
constexpr std::string_view name_103 = "\"Name 103\" <sip:103@office.test>";
constexpr std::string_view nobody = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
constexpr std::string_view shown = "P-Asserted-Identity";

struct Office {
    void rings()
    {
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(180);
        alice.receives(180U);
    }

    void ends(Phone& other)
    {
        alice.sends(BYE);
        alice.receives(200U);
        other.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx{{group("sales", {"102", "103"}, {"101"})}};
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
};

}  // namespace

TEST_CASE("a pickup names each to the other, in the 200 of each")
{
    Office office;
    office.rings();
    office.carol.sends(INVITE, "**102");
    office.bob.receives(CANCEL);
    office.carol.receives(200U).header(shown, name_101);
    office.alice.receives(200U).header(shown, name_103);
    office.ends(office.carol);
}

TEST_CASE("a forwarded call: 180 and 200 name who rings and who answers")
{
    Office office;
    office.pbx.forwards("102", {.always = "103"});
    office.alice.sends(INVITE, "102");
    office.alice.receives(181U);
    office.carol.receives(INVITE);
    office.carol.replies(180);
    office.alice.receives(180U).header(shown, name_103);
    office.carol.replies(200, talking_sdp);
    office.alice.receives(200U).header(shown, name_103);
    office.carol.receives(ACK);
    office.ends(office.carol);
}

TEST_CASE("who is called wants privacy: the caller is not told who it is (RFC 3323)")
{
    Office office;
    office.pbx.forwards("102", {.always = "103"});
    SUBCASE("in its first response, and then for the whole call")
    {
        office.alice.sends(INVITE, "102");
        office.alice.receives(181U);
        office.carol.receives(INVITE);
        office.carol.answer_headers = {{"Privacy", "id"}};
        office.carol.replies(180);
        office.alice.receives(180U).header(shown, nobody);
        office.carol.answer_headers.clear();
        office.carol.replies(200, talking_sdp);
        office.alice.receives(200U).header(shown, nobody);
    }
    SUBCASE("in its answer")
    {
        office.alice.sends(INVITE, "102");
        office.alice.receives(181U);
        office.carol.receives(INVITE);
        office.carol.replies(180);
        office.alice.receives(180U).header(shown, name_103);
        office.carol.answer_headers = {{"Privacy", "id"}};
        office.carol.replies(200, talking_sdp);
        office.alice.receives(200U).header(shown, nobody);
    }
    office.carol.receives(ACK);
    office.ends(office.carol);
}

TEST_CASE("privacy that is asked for within a call holds through what comes after")
{
    Office office;
    office.rings();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    SUBCASE("by an UPDATE")
    {
        office.bob.sends(UPDATE,
                         std::make_shared<const Payload>(Payload{{}, {}, {{"Privacy", "id"}}}));
        office.alice.receives(UPDATE);
        office.alice.replies(200);
        office.bob.receives(200U);
    }
    SUBCASE("by the answer to a change")
    {
        office.alice.sends_invite(hold_sdp);
        office.bob.receives(INVITE);
        office.bob.answer_headers = {{"Privacy", "user;id"}};
        office.bob.replies(200, talking_sdp);
        office.alice.receives(200U);
        office.bob.receives(ACK);
    }
    office.alice.sends(Method::refer, std::make_shared<const Payload>(Payload{
                                          {}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
    office.alice.receives(202U);
    office.alice.replies_to(office.alice.receives(NOTIFY), 200);
    CHECK(office.carol.receives(INVITE).from_address.display_name == "Anonymous");
    office.pbx.ends_all_calls();
    for (auto* phone : {&office.alice, &office.bob, &office.carol}) phone->inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("privacy that is asked for within a call takes the name off display and lamp at once")
{
    Office office;
    auto& dan = office.pbx.phone("104");
    office.pbx.replaces_directory({group("all", {"104"}, {"101"})});
    dan.watches("101");
    office.alice.allows_update = true;
    office.rings();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    const auto remote = [&] { return dan.inbox.back().dialog().remote_identity; };
    CHECK(remote() == "sip:102@office.test");
    const auto told = [&] {
        office.alice.receives(UPDATE).without_body().header(shown, nobody);
        office.alice.replies(200);
        CHECK(remote() == "sip:anonymous@anonymous.invalid");
    };
    SUBCASE("by an UPDATE")
    {
        office.bob.sends(UPDATE,
                         std::make_shared<const Payload>(Payload{{}, {}, {{"Privacy", "id"}}}));
        office.alice.receives(UPDATE);
        office.alice.replies(200);
        office.bob.receives(200U);
        told();
    }
    SUBCASE("by the answer to a change, once that is acknowledged")
    {
        office.alice.sends_invite(hold_sdp);
        office.bob.receives(INVITE);
        office.bob.answer_headers = {{"Privacy", "user;id"}};
        office.bob.replies(200, talking_sdp);
        office.alice.receives(200U);
        office.bob.receives(ACK);
        office.bob.answer_headers.clear();
        office.pbx.passes(4s);
        told();
    }
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.bob.receives(BYE);
    dan.inbox.clear();
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("who takes a parked call back was shown where it is, and is told who it is")
{
    Office office;
    office.pbx.has_park_lot({.number = "700", .first_slot = "701"});
    office.rings();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    office.alice.answers_probes = office.bob.answers_probes = true;
    office.pbx.orders({.action = CallAction::park});
    office.alice.receives(INVITE).header(shown, "\"Park 701\" <sip:park+701@office.test>");
    office.alice.replies(200, hold_sdp);
    office.alice.receives(ACK);
    office.bob.receives(BYE);
    office.pbx.passes(120s);
    CHECK(office.bob.receives(INVITE).from_address.display_name == "Parked 701: Name 101");
    SUBCASE("by an UPDATE, of a phone that allows it")
    {
        office.bob.allows_update = true;
    }
    SUBCASE("by an INVITE, of any other") {}
    office.bob.replies(200, talking_sdp);
    office.alice.receives(INVITE).header(shown, "\"Name 102\" <sip:102@office.test>");
    office.alice.replies(200, talking_sdp);
    office.bob.receives(ACK);
    office.alice.receives(ACK);
    if (office.bob.allows_update) {
        office.bob.receives(UPDATE).without_body().header(shown, name_101);
        office.bob.replies(200);
    } else {
        office.pbx.passes(500ms);
        office.bob.receives(INVITE).with(talking_sdp).header(shown, name_101);
        office.bob.replies(200, talking_sdp);
        office.bob.receives(ACK).without_body();
    }
    office.pbx.stays_silent_for(11s);
    office.ends(office.bob);
}

TEST_CASE("a phone that has something else under way is told again whom it talks to")
{
    Office office;
    office.pbx.has_park_lot({.number = "700", .first_slot = "701"});
    office.rings();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    for (auto* phone : {&office.alice, &office.bob, &office.carol}) phone->answers_probes = true;
    office.pbx.orders({.action = CallAction::park});
    office.alice.receives(INVITE);
    office.alice.replies(200, hold_sdp);
    office.alice.receives(ACK);
    office.bob.receives(BYE);
    office.pbx.passes(120s);
    office.bob.receives(INVITE);
    office.bob.allows_update = true;
    office.bob.replies(200, talking_sdp);
    office.alice.receives(INVITE);
    office.alice.replies(200, talking_sdp);
    office.bob.receives(ACK);
    office.alice.receives(ACK);
    const auto update = office.bob.receives(UPDATE).header(shown, name_101);
    const auto carol_is_joined = [&] {
        office.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"});
        office.carol.receives(INVITE);
        office.carol.replies(200, talking_sdp);
        office.bob.receives(INVITE).header(shown, name_103);
    };
    const auto bob_talks_to_carol = [&] {
        office.bob.replies(200, talking_sdp);
        office.carol.receives(ACK);
        office.bob.receives(ACK);
        office.alice.receives(BYE);
    };
    SUBCASE("after a pause, until it is free")
    {
        for (int i = 0; i < 2; ++i) {
            office.bob.replies(491);
            office.pbx.passes(2099ms);  // the Call-ID is ours
            CHECK(office.bob.hears_nothing());
            office.pbx.passes(1ms);
            office.bob.receives(UPDATE).without_body().header(shown, name_101);
        }
        office.bob.replies(200);
        office.pbx.stays_silent_for(11s);
        office.ends(office.bob);
    }
    SUBCASE("nor while it has an UPDATE of the other phone to answer")
    {
        office.bob.replies(491);
        office.alice.sends(UPDATE, session_payload(std::string{talking_sdp}));
        const auto other = office.bob.receives(UPDATE).with(talking_sdp);
        office.pbx.passes(2100ms);
        CHECK(office.bob.hears_nothing());
        office.bob.replies_to(other, 200, talking_sdp);
        office.alice.receives(200U);
        office.pbx.passes(500ms);
        office.bob.receives(UPDATE).without_body().header(shown, name_101);
        office.bob.replies(200);
        office.ends(office.bob);
    }
    SUBCASE("for ten seconds")
    {
        for (int i = 0; i < 4; ++i) {
            office.bob.replies(491);
            office.pbx.passes(2100ms);
            office.bob.receives(UPDATE);
        }
        office.bob.replies(491);
        office.pbx.stays_silent_for(11s);
        office.ends(office.bob);
    }
    SUBCASE("but not when it refuses for good")
    {
        office.bob.replies(488);
        office.pbx.stays_silent_for(11s);
        office.ends(office.bob);
    }
    SUBCASE("who has hung up is told nothing")
    {
        office.bob.replies(491);
        office.ends(office.bob);
        office.pbx.stays_silent_for(41s);
    }
    SUBCASE("and of what has changed meanwhile only the latest")
    {
        office.bob.replies(491);
        carol_is_joined();
        SUBCASE("which it has accepted")
        {
            bob_talks_to_carol();
        }
        SUBCASE("which it is still being asked about")
        {
            office.pbx.passes(2200ms);
            bob_talks_to_carol();
        }
        office.pbx.stays_silent_for(11s);
        office.bob.sends(BYE);
        office.bob.receives(200U);
        office.carol.receives(BYE);
    }
    SUBCASE("and of what it was not told by the move that failed the one it talks to")
    {
        office.bob.replies(491);
        carol_is_joined();
        office.pbx.passes(2200ms);
        office.bob.replies(488);
        office.carol.receives(ACK);
        office.carol.receives(BYE);
        office.pbx.passes(500ms);
        office.bob.receives(UPDATE).header(shown, name_101);
        office.bob.replies(200);
        office.ends(office.bob);
    }
    SUBCASE("the answer to the older one comes after the newer was accepted")
    {
        carol_is_joined();
        bob_talks_to_carol();
        office.bob.replies_to(update, 491);
        office.pbx.stays_silent_for(11s);
        office.bob.sends(BYE);
        office.bob.receives(200U);
        office.carol.receives(BYE);
    }
    CHECK(office.pbx.has_no_calls());
    CHECK(office.pbx.has_no_dialogs());
}

TEST_CASE("who was shown the target of a transfer that fails is shown the other one again")
{
    Office office;
    office.alice.allows_update = true;
    office.rings();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    const auto first = office.bob.dialog();
    office.bob.sends(INVITE, "103");
    const auto second = office.bob.dialog();
    office.carol.receives(INVITE);
    office.carol.replies(200, talking_sdp);
    office.bob.receives(200U);
    office.carol.receives(ACK);
    std::string call_id;
    for (const auto& each : office.pbx.view().calls)
        if (each.dialled == "103") call_id = each.legs.at(0).call_id;
    office.bob.uses(first);
    office.bob.sends(Method::refer,
                     std::make_shared<const Payload>(
                         Payload{{},
                                 {},
                                 {{"Refer-Sub", "false"},
                                  {"Refer-To", "<sip:103@office.test?Replaces=" + call_id +
                                                   "%3Bto-tag%3D0%3Bfrom-tag%3D0>"}}}));
    office.bob.receives(202U);
    office.alice.receives(INVITE).header(shown, name_103);
    office.alice.replies(200, talking_sdp);
    office.carol.receives(INVITE).header(shown, name_101);
    office.carol.replies(488);
    office.alice.receives(ACK).with(talking_sdp);
    office.alice.receives(UPDATE).without_body().header(shown, "\"Name 102\" <sip:102@office.test>");
    office.alice.replies(200);
    office.bob.uses(second);
    office.bob.sends(BYE);
    office.bob.receives(200U);
    office.carol.receives(BYE);
    office.bob.uses(first);
    office.ends(office.bob);
}

TEST_CASE("who wants privacy is named to nobody, whoever takes the call")
{
    Office office;
    office.alice.invite_headers = {{"Privacy", "id"}};
    office.alice.sends(INVITE, "102");
    CHECK(write(office.bob.receives(INVITE).from_address) == nobody);
    office.bob.replies(180);
    office.alice.receives(180U);
    SUBCASE("picked up")
    {
        office.carol.sends(INVITE, "**102");
        office.bob.receives(CANCEL);
        office.carol.receives(200U).header(shown, nobody);
        office.alice.receives(200U).header(shown, name_103);
    }
    SUBCASE("transferred")
    {
        office.bob.replies(200, talking_sdp);
        office.alice.receives(200U);
        office.bob.receives(ACK);
        office.pbx.orders({.action = CallAction::transfer, .to = "103"});
        CHECK(write(office.carol.receives(INVITE).from_address) == nobody);
        office.carol.replies(200, talking_sdp);
        office.alice.receives(INVITE).header(shown, name_103);
        office.alice.replies(200, talking_sdp);
        office.carol.receives(ACK);
        office.alice.receives(ACK);
        office.bob.receives(BYE);
    }
    office.ends(office.carol);
}

TEST_CASE("a phone that reads Remote-Party-ID is told in that")
{
    constexpr std::string_view remote_party = "Remote-Party-ID";
    Office office;
    office.alice.user_agent = "Cisco-CP7965G/9.4.2";
    SUBCASE("who has called, in its 200")
    {
        office.rings();
        office.carol.sends(INVITE, "**102");
        office.bob.receives(CANCEL);
        office.carol.receives(200U).header(shown, name_101);
        office.alice.receives(200U).without_header(shown).header(
            remote_party, std::string{name_103} + ";party=called;privacy=off;screen=yes");
        office.ends(office.carol);
    }
    SUBCASE("who was called, in a re-INVITE; and a phone that may read either")
    {
        office.carol.user_agent = "Linksys/SPA962-6.1.5(a)";
        office.bob.sends(INVITE, "101");
        office.alice.receives(INVITE);
        office.alice.replies(200, talking_sdp);
        office.bob.receives(200U);
        office.alice.receives(ACK);
        office.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"});
        office.carol.receives(INVITE);
        office.carol.replies(200, talking_sdp);
        office.alice.receives(INVITE).without_header(shown).header(
            remote_party, std::string{name_103} + ";party=calling;privacy=off;screen=yes");
        office.alice.replies(200, talking_sdp);
        office.alice.receives(ACK);
        office.carol.receives(ACK);
        office.bob.receives(BYE);
        office.ends(office.carol);
    }
    SUBCASE("that somebody wants not to be named")
    {
        office.carol.invite_headers = {{"Privacy", "id"}};
        office.rings();
        office.carol.sends(INVITE, "**102");
        office.bob.receives(CANCEL);
        office.carol.receives(200U);
        office.alice.receives(200U).header(
            remote_party, std::string{nobody} + ";party=called;privacy=full;screen=yes");
        office.ends(office.carol);
    }
}

TEST_CASE("who wants not to be named is not after a restart either, and displays follow as before")
{
    Office office;
    office.alice.invite_headers = {{"Privacy", "id"}};
    office.bob.user_agent = "Cisco-CP7965G/9.4.2";
    office.rings();
    office.bob.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.bob.receives(ACK);
    office.alice.answers_probes = office.bob.answers_probes = true;
    office.pbx.restarts();
    SUBCASE("the one who stays")
    {
        office.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"});
        auto asked = office.carol.receives(INVITE);
        CHECK(asked.from_address.uri.user == "anonymous");
        office.carol.replies(486);
    }
    SUBCASE("the display of the one who is left")
    {
        office.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"});
        office.carol.receives(INVITE);
        office.carol.replies(200, talking_sdp);
        office.bob.receives(INVITE).without_header(shown).header(
            "Remote-Party-ID", std::string{name_103} + ";party=calling;privacy=off;screen=yes");
        office.bob.replies(488);
        office.carol.receives(ACK);
        office.carol.receives(BYE);
    }
    office.ends(office.bob);
}
