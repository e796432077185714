// Callers in proxy mode that name hops behind the exchange (RFC 3261 §16.4): they are followed where
// the call goes that way anyway, and nowhere else.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view refusal =
    "399 office.test \"Route: calls go by the Path of a phone, or to a server of the trunk, and by "
    "no other way\"";

SipUri uri(std::string_view text)
{
    return SipUri::parse(text).value();
}

Trunk biloxi()
{
    Trunk trunk;
    trunk.name = "biloxi";
    trunk.servers = {{"198.51.100.1", 5060, Transport::udp},
                     {"198.51.100.2", 5070, Transport::udp}};
    trunk.domain = "biloxi.test";
    trunk.mode = CallMode::proxy;
    return trunk;
}

/// Bob is at another proxy of ours, which has two servers; 112 leads there too. Carol is here, in
/// proxy mode: one phone is behind an edge proxy, the other is not.
struct Office {
    Office()
    {
        DigitRule rule;
        rule.pattern = "bob";
        rule.trunks = {"biloxi"};
        DigitRule help = rule;
        help.pattern = "112";
        help.emergency = true;
        rules.rules = {rule, help};
        rules.default_outside.limits.minutes = 0min;  // a proxy hangs up nobody
        pbx.has_trunks({peer}, rules);
        pbx.joins("103", CallMode::proxy);
        behind_edge.flow = {Transport::udp, "198.51.100.9", 5060, {}, 0};
        behind_edge.path = {"<sip:198.51.100.9;lr>"};
        behind_edge.registers();
    }

    void dials_bob(std::vector<SipUri> routes)
    {
        alice.routes = std::move(routes);
        alice.sends_to(uri("sip:bob@biloxi.test"));
    }

    void is_refused()
    {
        alice.receives(403U).phrase("Route Not Followed").header("Warning", refusal);
        for (const auto* phone : {&first, &second, &behind_edge}) CHECK(phone->hears_nothing());
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx;
    Trunk peer = biloxi();
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& first = pbx.carrier(peer, "bob");
    Phone& second = pbx.carrier([this] {
        auto other = peer;
        other.servers.erase(other.servers.begin());
        return other;
    }(), "bob");
    Phone& behind_edge = pbx.silent_phone("103");
};

}  // namespace

TEST_CASE("a Route to the server that the call goes to is passed on to it")
{
    Office office;
    std::string told;
    SUBCASE("by its address, without what speaks for us")
    {
        office.dials_bob({uri("sip:orig@198.51.100.1:5060;lr;cheap=yes")});
        told = "<sip:198.51.100.1:5060;lr>";
    }
    SUBCASE("by the name of the trunk")
    {
        office.dials_bob({uri("sip:biloxi.test;lr")});
        told = "<sip:biloxi.test;lr>";
    }
    const auto invite = office.first.receives(INVITE);
    CHECK(invite.route == std::vector{told});
    office.first.replies(486);
    office.alice.receives(486U);
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("of several servers of the trunk the one is called that is named, and no other")
{
    Office office;
    office.dials_bob({uri("sip:198.51.100.2:5070;lr")});
    office.second.receives(INVITE);
    office.second.replies(486);
    office.alice.receives(486U);
    CHECK(office.first.hears_nothing());
    CHECK(office.pbx.has_no_calls());
}

TEST_CASE("any other hop is refused, and so is what is behind the next one")
{
    Office office;
    for (const auto& routes : std::vector<std::vector<SipUri>>{
             {uri("sip:203.0.113.7;lr")},
             {uri("sip:elsewhere.test;lr")},
             {uri("sip:198.51.100.1:5080;lr")},
             {uri("sip:198.51.100.1")},       // a strict router
             {uri("sips:198.51.100.1;lr")},
             {uri("sip:198.51.100.1;lr"), uri("sip:203.0.113.7;lr")},
             {uri("sip:198.51.100.1;lr"), uri("sip:office.test;lr")},
         }) {
        CAPTURE(write(routes.front()));
        office.dials_bob(routes);
        office.is_refused();
    }
    CHECK(office.pbx.records().size() == 7);
    CHECK(office.pbx.kept().outside.empty());  // none counts as a call of the day
}

TEST_CASE("emergency calls go out whatever Route they have")
{
    Office office;
    office.alice.routes = {uri("sip:203.0.113.7;lr")};
    office.alice.sends(INVITE, "112");
    const auto invite = office.first.receives(INVITE);
    CHECK(invite.route.empty());
    office.first.replies(486);
    office.second.receives(INVITE);  // whatever the first one says of the number
    office.second.replies(486);
    office.alice.receives(486U);
}

TEST_CASE("a Route that is how the Path of a phone begins is followed, to no other phone")
{
    Office office;
    auto& at_desk = office.pbx.phone("103");
    office.pbx.forwards("103", {.unregistered = "102"});
    auto& carols_other = office.pbx.phone("102");
    SUBCASE("the edge proxy")
    {
        office.alice.routes = {uri("sip:198.51.100.9;lr")};
        office.alice.sends(INVITE, "103");
        const auto invite = office.behind_edge.receives(INVITE);
        CHECK(invite.route == std::vector<std::string>{"<sip:198.51.100.9;lr>"});
        CHECK(at_desk.hears_nothing());
        office.behind_edge.replies(486);
        office.alice.receives(486U);
        CHECK(office.pbx.has_no_calls());
    }
    SUBCASE("the desk phone itself is no hop, and she is not out of reach either")
    {
        auto contact = at_desk.own_contact();
        contact.params = ";lr";
        office.alice.routes = {contact};
        office.alice.sends(INVITE, "103");
        office.is_refused();
    }
    SUBCASE("more hops than the Path has")
    {
        office.alice.routes = {uri("sip:198.51.100.9;lr"), uri("sip:203.0.113.7;lr")};
        office.alice.sends(INVITE, "103");
        office.is_refused();
    }
    CHECK(at_desk.hears_nothing());
    CHECK(carols_other.hears_nothing());
}

TEST_CASE("where the exchange is the other end, Routes behind it end there too")
{
    Office office;
    office.pbx.joins("103", CallMode::bridge);
    office.alice.routes = {uri("sip:203.0.113.7;lr")};
    office.alice.sends(INVITE, "103");
    office.behind_edge.receives(INVITE);
    office.behind_edge.replies(486);
    office.alice.receives(486U);
    CHECK(office.pbx.has_no_calls());
}
