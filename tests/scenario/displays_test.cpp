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

TEST_CASE("who takes a parked call back was shown where it is: an UPDATE says who it is")
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
    SUBCASE("to a phone that allows it")
    {
        office.bob.allows_update = true;
    }
    SUBCASE("to no other") {}
    office.bob.replies(200, talking_sdp);
    office.alice.receives(INVITE).header(shown, "\"Name 102\" <sip:102@office.test>");
    office.alice.replies(200, talking_sdp);
    office.bob.receives(ACK);
    office.alice.receives(ACK);
    if (office.bob.allows_update) {
        office.bob.receives(UPDATE).without_body().header(shown, name_101);
        office.bob.replies(200);
    }
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
