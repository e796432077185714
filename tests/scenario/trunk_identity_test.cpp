// Who is shown to whom where a call crosses the border of the office (RFC 3323, RFC 3325).
#include "trunk_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::trunks;

TEST_CASE("a caller who asks for privacy is shown to nobody but the carrier (RFC 3323 §4.1)")
{
    Office office;
    office.alice.invite_headers = {{"Privacy", "id"}};
    office.alice.sends(INVITE, "0664999");
    office.far.receives(INVITE)
        .from("anonymous")
        .header("Privacy", "id")
        .header("P-Asserted-Identity", "\"Name 101\" <sip:+431101@carrier.test>");
    office.far.replies(486);
    office.alice.receives(486U);
    office.two.trusted = office.one.trusted = false;
    office.apply();
    office.alice.sends(INVITE, "0664999");
    office.far.receives(INVITE).from("anonymous").without_header("P-Asserted-Identity");
    office.far.replies(486);
    office.alice.receives(486U);
    office.all_is_over();
}

TEST_CASE("a call from outside rings who is meant by the number, and shows who calls")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    far.invite_headers = {{"Answer-Mode", "Auto"},
                          {"Diversion", "<sip:+4377@carrier.test>;reason=user-busy"}};
    far.sends(INVITE, "+431102");
    bob.receives(INVITE)
        .from("+43664999")
        .without_header("Answer-Mode")
        .header("Diversion", "<sip:+4377@carrier.test>;reason=user-busy");
    bob.replies(180);
    far.receives(180U);
    CHECK(office.lamp("102") == "early");
    CHECK(pbx.view().calls.at(0).from == "+43664999");
    CHECK(pbx.view().calls.at(0).from_trunk == "one");
    bob.replies(200, talking_sdp);
    far.receives(200U).without_header("P-Asserted-Identity");
    bob.receives(ACK);
    far.sends(BYE);
    far.receives(200U);
    bob.receives(BYE);
    const auto record = pbx.records().at(0);
    CHECK(record.caller == "+43664999");
    CHECK(record.caller_trunk == "one");
    CHECK(record.answered_by == "102");
    CHECK(record.answered_trunk.empty());

    far.invite_headers.clear();
    far.asserted = NameAddr{"Eve", *SipUri::parse("tel:+43664111")};
    far.sends(INVITE, "+431102");
    bob.receives(INVITE).from("+43664111");
    bob.replies(486);
    far.receives(486U);
    one.trusted = false;  // then what it asserts is not believed
    office.apply();
    far.sends(INVITE, "+431102");
    bob.receives(INVITE).from("+43664999");
    bob.replies(486);
    far.receives(486U);
    far.invite_headers = {{"Diversion", "<sip:+4377@carrier.test>;reason=user-busy"}};
    far.sends(INVITE, "+431102");
    bob.receives(INVITE).without_header("Diversion");
    bob.replies(486);
    far.receives(486U);
    office.all_is_over();
}

TEST_CASE("who calls from outside and asks for privacy is named to nobody, nor in the record")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    far.invite_headers = {{"Privacy", "id"}};
    SUBCASE("by itself") {}
    SUBCASE("though the carrier says who it is")
    {
        far.asserted = NameAddr{"Eve", *SipUri::parse("tel:+43664111")};
    }
    far.sends(INVITE, "+431102");
    bob.receives(INVITE).from("anonymous").without_header("P-Asserted-Identity");
    CHECK(pbx.view().calls.at(0).from == "anonymous");
    bob.replies(180);
    far.receives(180U);
    dan.inbox.clear();
    dan.sends(INVITE, "**102");
    office.forgets_lamps();
    dan.receives(200U).header("P-Asserted-Identity",
                              "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
    far.receives(200U);
    bob.receives(CANCEL);
    far.sends(BYE);
    far.receives(200U);
    office.forgets_lamps();
    dan.receives(BYE);
    const auto record = pbx.records().at(0);
    CHECK(record.caller == "anonymous");
    for (const auto& part : record.parts) {
        CHECK(part.extension.find("664") == std::string::npos);
        CHECK(part.name.find("Eve") == std::string::npos);
    }
    office.all_is_over();
}

TEST_CASE("a carrier hears who takes a call where it is trusted, and that one wants to be named")
{
    constexpr std::string_view asserted = "P-Asserted-Identity";
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    bool named = false;
    SUBCASE("both")
    {
        named = true;
    }
    SUBCASE("the carrier is not trusted")
    {
        one.trusted = false;
    }
    SUBCASE("the office is not named on this trunk")
    {
        one.caller_id.anonymous = true;
    }
    SUBCASE("who takes it does not want to be named")
    {
        dan.invite_headers = {{"Privacy", "id"}};
    }
    office.apply();
    far.sends(INVITE, "+431102");
    bob.receives(INVITE);
    bob.replies(180);
    far.receives(180U).without_header(asserted);
    dan.inbox.clear();
    dan.sends(INVITE, "**102");
    office.forgets_lamps();
    dan.receives(200U);
    auto answer = far.receives(200U);
    if (named)
        answer.header(asserted, "\"Name 104\" <sip:+431104@carrier.test>");
    else
        answer.without_header(asserted);
    bob.receives(CANCEL);
    far.sends(BYE);
    far.receives(200U);
    office.forgets_lamps();
    dan.receives(BYE);
    office.all_is_over();
}

TEST_CASE("a carrier hears nothing of who is reached outside by another one")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dan, far, other] = office;
    rules.rules.front().trunks = {"two"};
    office.apply();
    Forwarding forwarding;
    forwarding.always = "0664888";
    pbx.forwards("102", forwarding);
    far.sends(INVITE, "+431102");
    far.receives(181U);
    other.receives(INVITE);
    other.replies(180);
    far.receives(180U).without_header("P-Asserted-Identity");
    other.replies(200, talking_sdp);
    far.receives(200U).without_header("P-Asserted-Identity");
    other.receives(ACK);
    far.sends(BYE);
    far.receives(200U);
    other.receives(BYE);
    office.all_is_over();
}
