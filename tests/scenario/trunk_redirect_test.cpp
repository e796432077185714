// A carrier that redirects (3xx): within what who pays may call, and by the same trunk.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

SipUri uri(std::string_view text)
{
    return SipUri::parse(text).value();
}

Trunk carrier(std::string name, std::string host)
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.servers = {{std::move(host), 5060, Transport::udp}};
    trunk.domain = trunk.name + ".test";
    trunk.inbound = {{"\\+431(10[1-9])", "\\1", false}};
    return trunk;
}

/// 101 calls 0664999, for which there are two trunks.
struct Office {
    Office()
    {
        DigitRule national;
        national.pattern = "0([1-9].*)";
        national.replacement = "+43\\1";
        national.call_class = CallClass::national;
        national.trunks = {"one", "two"};
        DigitRule dear = national;
        dear.pattern = "\\+43900.*";
        dear.replacement = "";
        dear.call_class = CallClass::premium;
        DigitRule back = national;
        back.pattern = "\\+43.*";
        back.replacement = "";
        rules.rules = {dear, back, national};
        rules.default_right = CallClass::national;
        pbx.has_trunks({one, two}, rules);
    }
    void calls()
    {
        alice.sends(INVITE, "0664999");
        far.receives(INVITE).to("sip:+43664999@one.test");
    }
    void goes_to_the_next_trunk()
    {
        other.receives(INVITE).to("sip:+43664999@two.test");
        other.replies(486);
        alice.receives(486U);
        CHECK(pbx.has_no_calls());
    }

    Scenario pbx;
    Trunk one = carrier("one", "198.51.100.1");
    Trunk two = carrier("two", "198.51.100.2");
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& far = pbx.carrier(one, "+43664999");
    Phone& other = pbx.carrier(two, "+43664888");
};

}  // namespace

TEST_CASE("a carrier redirects to another number of its own: it is called there, and nowhere else")
{
    Office office;
    office.calls();
    SUBCASE("at its domain")
    {
        office.far.redirects({uri("sip:+43664777@one.test")});
    }
    SUBCASE("at its address")
    {
        office.far.redirects({uri("sip:+43664777@198.51.100.1")});
    }
    SUBCASE("the first that may be called")
    {
        office.far.redirects({uri("sip:+43900111@one.test"), uri("sip:+43664777@elsewhere.test"),
                              uri("sip:+43664777@one.test")});
    }
    office.alice.receives(181U);
    office.far.receives(INVITE)
        .to("sip:+43664777@one.test")
        .header("Diversion", "<sip:0664999@one.test>;reason=deflection;counter=1");
    office.far.replies(200, talking_sdp);
    office.alice.receives(200U);
    office.far.receives(ACK);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.far.receives(BYE);
    CHECK(office.pbx.has_no_calls());
    const auto records = office.pbx.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].parts.at(1).result == PartResult::deflected);
    CHECK(records[0].dialled == "0664999");
    CHECK(records[0].answered_trunk == "one");
}

TEST_CASE("a carrier redirects to a number of the office, as the office is called from outside")
{
    Office office;
    office.calls();
    SUBCASE("of its own")
    {
        office.far.redirects({uri("sip:+431102@one.test")});
    }
    SUBCASE("at this exchange")
    {
        office.far.redirects({uri("sip:102@office.test")});
    }
    office.alice.receives(181U);
    office.bob.receives(INVITE).from("101");
    office.bob.replies(486);
    office.alice.receives(486U);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("a carrier redirects to where nobody may call: the next trunk is tried")
{
    Office office;
    office.calls();
    SUBCASE("another host")
    {
        office.far.redirects({uri("sip:+43664777@elsewhere.test")});
    }
    SUBCASE("the other trunk's domain")
    {
        office.far.redirects({uri("sip:+43664777@two.test")});
    }
    SUBCASE("a number of somebody else's plan")
    {
        office.far.redirects({uri("tel:0664777;phone-context=elsewhere.test")});
    }
    SUBCASE("the right is missing")
    {
        office.far.redirects({uri("sip:+43900111@one.test")});
    }
    SUBCASE("a feature code")
    {
        office.far.redirects({uri("sip:*21*0664777@one.test")});
    }
    SUBCASE("no number of the plan")
    {
        office.far.redirects({uri("sip:nobody@one.test")});
    }
    SUBCASE("itself")
    {
        office.far.redirects({uri("sip:0664999@one.test")});
    }
    office.goes_to_the_next_trunk();
}

TEST_CASE("no trunk is left: the caller is told that the last one redirected to nowhere")
{
    Office office;
    office.calls();
    office.far.redirects({uri("sip:+43664777@elsewhere.test")});
    office.other.receives(INVITE);
    office.other.redirects({uri("sip:+43664777@elsewhere.test")});
    auto refused = office.alice.receives(480U);
    REQUIRE(refused.payload);
    CHECK(refused.payload->headers.at(0).value ==
          "399 office.test \"Trunk one redirects to no number that may be called by it\"");
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("redirected in a circle, and once more than calls are sent on: no further")
{
    Office office;
    office.calls();
    for (const auto* number : {"+43664001", "+43664002", "+43664003", "+43664004", "+43664005"}) {
        office.far.redirects({uri("sip:" + std::string{number} + "@one.test")});
        office.alice.receives(181U);
        office.far.receives(INVITE);
    }
    SUBCASE("once more")
    {
        office.far.redirects({uri("sip:+43664006@one.test")});
    }
    SUBCASE("back")
    {
        office.far.redirects({uri("sip:+43664001@one.test")});
    }
    office.alice.receives(480U);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("where a carrier redirects to is one call of the day with what was dialled")
{
    Office office;
    office.rules.outside["101"] = {.forward = false, .limits = {.calls = 1, .calls_per_day = 1}};
    office.pbx.has_trunks({office.one, office.two}, office.rules);
    office.calls();
    office.far.redirects({uri("sip:+43664777@one.test")});
    office.alice.receives(181U);
    office.far.receives(INVITE).to("sip:+43664777@one.test");
    office.far.replies(486);
    office.alice.receives(486U);
    CHECK(office.pbx.has_no_calls());
    office.alice.sends(INVITE, "0664999");
    office.alice.receives(403U);
}

TEST_CASE("the limits of who pays hold for where a carrier redirects, and are what its caller hears")
{
    Office office;
    office.rules.outside["102"] = {.forward = true, .limits = {.calls_per_day = 1}};
    office.pbx.has_trunks({office.one, office.two}, office.rules);
    office.bob.sends(INVITE, "0664999");
    office.far.receives(INVITE);
    office.far.replies(486);
    office.bob.receives(486U);
    Forwarding forwarding;
    forwarding.always = "0664111";
    office.pbx.forwards("102", forwarding);
    office.calls();
    office.far.redirects({uri("sip:102@office.test")});
    office.other.receives(INVITE);
    office.other.redirects({uri("sip:+43664777@elsewhere.test")});
    office.alice.receives(403U)
        .phrase("Daily Limit Reached")
        .header("Reason", "Q.850;cause=21;text=\"Call rejected\"")
        .header("Warning", "399 office.test \"102 has its 1 calls a day to outside already\"");
    CHECK(office.pbx.has_no_calls());
}
