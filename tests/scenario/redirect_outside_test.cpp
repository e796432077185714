// Trunks in redirect mode: callers are told the number outside, and call it by themselves.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

Trunk biloxi()
{
    Trunk trunk;
    trunk.name = "biloxi";
    trunk.servers = {{"198.51.100.1", 5060, Transport::udp},
                     {"198.51.100.2", 5060, Transport::udp}};
    trunk.domain = "biloxi.test";
    trunk.mode = CallMode::redirect;
    trunk.inbound = {{"(10[1-9])", "\\1", false}};
    return trunk;
}

/// Numbers that begin with 0 are at biloxi.test; nobody has a limit of minutes or of calls at once.
struct Office {
    Office()
    {
        DigitRule rule;
        rule.pattern = "0(.*)";
        rule.replacement = "\\1";
        rule.trunks = {"biloxi"};
        DigitRule help = rule;
        help.pattern = "112";
        help.replacement = {};
        help.emergency = true;
        rules.rules = {rule, help};
        rules.default_outside.limits = {.calls = 0, .minutes = 0min, .calls_per_day = 2};
        configure();
    }
    void configure() { pbx.has_trunks({peer}, rules); }

    void is_told(std::string_view contact)
    {
        CHECK(alice.receives(302U).value("Contact") == contact);
        CHECK(far.hears_nothing());
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    void is_bridged()
    {
        far.receives(INVITE);
        far.replies(486);
        alice.receives(486U);
        CHECK(pbx.has_no_calls());
    }

    Scenario pbx;
    Trunk peer = biloxi();
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& far = pbx.carrier(peer, "4711");
};

}  // namespace

TEST_CASE("redirect mode of a trunk: the caller is told the number there, once for all its servers")
{
    Office office;
    CHECK(office.pbx.decides("101", "04711").outcome == "redirect");
    office.alice.sends(INVITE, "04711");
    office.is_told("<sip:4711@biloxi.test>;q=1.0");
    const auto records = office.pbx.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].status == 302);

    office.alice.sends(INVITE, "04711");  // each time it counts as a call of the day
    office.is_told("<sip:4711@biloxi.test>;q=1.0");
    office.alice.sends(INVITE, "04711");
    office.alice.receives(403U).phrase("Daily Limit Reached");
}

TEST_CASE("redirect mode of trunks: the first one is the best, and an address has its port")
{
    Office office;
    auto other = biloxi();
    other.name = "other";
    other.servers = {{"198.51.100.7", 5070, Transport::tcp}};
    other.domain = "198.51.100.7";
    office.rules.rules.front().trunks = {"other", "biloxi"};
    office.pbx.has_trunks({office.peer, other}, office.rules);
    office.alice.sends(INVITE, "04711");
    office.is_told(
        "<sip:4711@198.51.100.7:5070;transport=tcp>;q=1.0, <sip:4711@biloxi.test>;q=0.9");
}

TEST_CASE("who calls there through the exchange all the same is bridged, by its rights")
{
    Office office;
    auto& rule = office.rules.rules.front();
    rule.pattern = "4711";
    rule.replacement = {};
    const auto there = SipUri::parse("sip:4711@biloxi.test").value();
    SUBCASE("with the right to")
    {
        office.configure();
        office.alice.sends(INVITE, "4711");
        office.is_told("<sip:4711@biloxi.test>;q=1.0");
        office.alice.sends_to(there);
        office.is_bridged();
    }
    SUBCASE("without: it was not told either")
    {
        rule.call_class = CallClass::premium;
        office.rules.default_right = CallClass::internal;
        office.configure();
        office.alice.sends(INVITE, "4711");
        office.alice.receives(403U);
        office.alice.sends_to(there);
        office.alice.receives(403U);
    }
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("what needs the call to be here bridges it")
{
    Office office;
    auto& limits = office.rules.default_outside.limits;
    std::string dialled = "04711";
    SUBCASE("the caller has a limit of minutes") { limits.minutes = 5min; }
    SUBCASE("of calls at once") { limits.calls = 4; }
    SUBCASE("the trunk has one of minutes") { office.peer.limits.minutes = 5min; }
    SUBCASE("of calls at once") { office.peer.limits.calls = 4; }
    SUBCASE("an emergency") { dialled = "112"; }
    office.configure();
    office.alice.sends(INVITE, dialled);
    if (dialled == "112") {
        office.far.receives(INVITE);
        office.alice.cancels();
        office.far.receives(CANCEL);
        return;
    }
    office.is_bridged();
}

TEST_CASE("calls from such a trunk are told where phones in redirect mode are, from others not")
{
    Office office;
    office.pbx.joins("102", CallMode::redirect);
    SUBCASE("such a trunk")
    {
        office.far.sends(INVITE, "102");
        CHECK(office.far.receives(302U).value("Contact") ==
              "<" + write(office.bob.own_contact()) + ">;q=1.000");
    }
    SUBCASE("such a trunk, a phone in another mode")
    {
        office.far.sends(INVITE, "101");
        office.alice.receives(INVITE);
        office.alice.replies(486);
        office.far.receives(486U);
    }
    SUBCASE("any other")
    {
        office.peer.mode = CallMode::proxy;
        office.configure();
        office.far.sends(INVITE, "102");
        office.bob.receives(INVITE);
        office.bob.replies(486);
        office.far.receives(486U);
    }
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("what is another's business bridges a call to a trunk that redirects")
{
    Office office;
    SUBCASE("another trunk could take it, whose address is nobody's business")
    {
        auto other = biloxi();
        other.name = "other";
        other.servers = {{"198.51.100.7", 5060, Transport::udp}};
        other.domain = "other.test";
        other.mode = CallMode::bridge;
        office.rules.rules.front().trunks = {"biloxi", "other"};
        office.pbx.has_trunks({office.peer, other}, office.rules);
        office.alice.sends(INVITE, "04711");
    }
    SUBCASE("somebody else pays: he has forwarded his calls to there")
    {
        office.rules.default_outside.forward = true;
        office.pbx.forwards("102", {.always = "04711"});
        office.configure();
        office.alice.sends(INVITE, "102");
        office.alice.receives(181U);
    }
    office.is_bridged();
}
