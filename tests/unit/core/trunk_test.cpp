#include <doctest/doctest.h>

#include "core/trunk_identity.hpp"
#include "core/trunk_rules.hpp"
#include "core/trunk_sources.hpp"

using namespace lampline;

namespace {

TrunkRef trunk(std::string name, std::vector<TrunkServer> servers,
               std::vector<std::string> sources = {}, bool enabled = true)
{
    auto made = std::make_shared<Trunk>();
    made->name = std::move(name);
    made->servers = std::move(servers);
    made->sources = std::move(sources);
    made->enabled = enabled;
    return made;
}

Flow from(Transport transport, std::string host, std::uint16_t port)
{
    return {transport, std::move(host), port, {}, 0};
}

Trunk line()
{
    Trunk trunk;
    trunk.name = "line";
    trunk.domain = "carrier.test";
    trunk.caller_id.numbers = {{"(20[1-5])", "+431\\1"}};
    trunk.inbound = {{"\\+431(2..)", "\\1", false}, {"\\+43.*", "600", true}};
    return trunk;
}

NameAddr party(std::string_view number)
{
    SipUri uri;
    uri.user = number;
    uri.host = "office.test";
    return {"Anna", uri};
}

std::string value(const std::vector<Header>& headers, std::string_view name)
{
    for (const auto& header : headers)
        if (header.name == name) return header.value;
    return "none";
}

constexpr auto udp = Transport::udp;
constexpr auto tcp = Transport::tcp;

}  // namespace

TEST_CASE("a request is a trunk's by host, transport and, over UDP, port")
{
    TrunkSources sources;
    sources.configure({trunk("a", {{"192.0.2.1", 5080, udp}, {"sip.carrier.test", 0, {}}}),
                       trunk("b", {{"192.0.2.2", 0, tcp}}, {"192.0.2.9"}),
                       trunk("off", {{"192.0.2.3", 5060, udp}}, {}, false)});
    CHECK(sources.find(from(udp, "192.0.2.1", 5080), "1") == "a");
    CHECK(sources.find(from(udp, "192.0.2.1", 5060), "1").empty());
    CHECK(sources.find(from(tcp, "192.0.2.1", 5080), "1").empty());
    CHECK(sources.find(from(tcp, "192.0.2.2", 33000), "1") == "b");
    CHECK(sources.find(from(udp, "192.0.2.2", 5060), "1").empty());
    CHECK(sources.find(from(udp, "192.0.2.9", 1234), "1") == "b");
    CHECK(sources.find(from(tcp, "192.0.2.9", 1234), "1") == "b");
    CHECK(sources.find(from(udp, "192.0.2.3", 5060), "1").empty());

    sources.resolved("a", {{udp, "192.0.2.7", 5060}});
    CHECK(sources.find(from(udp, "192.0.2.7", 5060), "1") == "a");
    sources.resolved("a", {{udp, "192.0.2.8", 5060}});  // it has moved
    CHECK(sources.find(from(udp, "192.0.2.7", 5060), "1").empty());
    sources.resolved("nobody", {{udp, "192.0.2.6", 5060}});
    CHECK(sources.find(from(udp, "192.0.2.6", 5060), "1").empty());
    sources.configure({});
    CHECK(sources.find(from(udp, "192.0.2.8", 5060), "1").empty());
}

TEST_CASE("an address is a trunk's, by whatever transport and port")
{
    TrunkSources sources;
    sources.configure(
        {trunk("a", {{"192.0.2.1", 5080, udp}}), trunk("b", {{"192.0.2.2", 0, tcp}})});
    sources.resolved("a", {{udp, "192.0.2.7", 5060}});
    CHECK(sources.has("a", "192.0.2.1"));
    CHECK(sources.has("a", "192.0.2.7"));
    CHECK_FALSE(sources.has("a", "192.0.2.2"));
    CHECK_FALSE(sources.has("a", "192.0.2.9"));
    CHECK_FALSE(sources.has("", "192.0.2.1"));
}

TEST_CASE("an IPv6 address is a trunk's however it was written")
{
    auto six = line();
    six.servers = {{"2001:DB8:0:0:0:0:0:1", 5060, udp}};
    six.sources = {"2001:0db8::00a"};
    TrunkSources sources;
    sources.configure({TrunkRules{six}.shared()});
    CHECK(sources.find(from(udp, "2001:db8::1", 5060), "1") == "line");
    CHECK(sources.find(from(tcp, "2001:db8::a", 4000), "1") == "line");
}

TEST_CASE("of several trunks at one address the contact that is called tells which")
{
    TrunkSources sources;
    sources.configure(
        {trunk("a", {{"192.0.2.1", 5060, udp}}), trunk("b", {{"192.0.2.1", 5060, udp}})});
    CHECK(sources.find(from(udp, "192.0.2.1", 5060), "43123") == "a");
    CHECK(sources.find(from(udp, "192.0.2.1", 5060), trunk_contact_user("b")) == "b");
}

TEST_CASE("a number called from outside means the first that fits, or nobody")
{
    const TrunkRules rules{line()};
    CHECK(rules.inbound("+431201")->destination == "201");
    CHECK_FALSE(rules.inbound("+431201")->outside);
    CHECK(rules.inbound("+4399")->destination == "600");
    CHECK(rules.inbound("+4399")->outside);
    CHECK_FALSE(rules.inbound("201"));
    CHECK_FALSE(rules.inbound(""));
}

TEST_CASE("the number shown: its own, the main one, the username, itself")
{
    auto trunk = line();
    CHECK(TrunkRules{trunk}.number_of("201") == "+431201");
    CHECK(TrunkRules{trunk}.number_of("209") == "209");
    trunk.credentials = std::make_shared<const TrunkCredentials>(TrunkCredentials{"u77", "s", "r"});
    CHECK(TrunkRules{trunk}.number_of("209") == "u77");
    CHECK(TrunkRules{trunk}.trunk().credentials->trunk == "line");
    trunk.caller_id.main_number = "+4310";
    CHECK(TrunkRules{trunk}.number_of("209") == "+4310");
}

TEST_CASE("identity and privacy on a trunk (RFC 3323, RFC 3325)")
{
    auto trunk = line();
    const auto anna = party("201");
    auto shown = identity_on(TrunkRules{trunk}, {.party = anna, .extension = "201"});
    CHECK(write(shown.from) == "\"Anna\" <sip:+431201@carrier.test>");
    CHECK(value(shown.headers, "P-Asserted-Identity") == write(shown.from));
    CHECK(value(shown.headers, "Privacy") == "none");

    shown = identity_on(TrunkRules{trunk}, {.party = anna, .extension = "201", .anonymous = true});
    CHECK(shown.from == anonymous_party());
    CHECK(value(shown.headers, "P-Asserted-Identity") == "\"Anna\" <sip:+431201@carrier.test>");
    CHECK(value(shown.headers, "Privacy") == "id");

    trunk.trusted = false;
    shown = identity_on(TrunkRules{trunk}, {.party = anna, .extension = "201", .anonymous = true});
    CHECK(value(shown.headers, "P-Asserted-Identity") == "none");

    trunk.trusted = true;
    const auto eve = party("+4477");
    shown = identity_on(TrunkRules{trunk}, {.party = eve, .extension = {}, .payer = "202"});
    CHECK(write(shown.from) == "<sip:+431202@carrier.test>");
    shown = identity_on(TrunkRules{trunk}, {.party = eve, .extension = {}, .payer = {}});
    CHECK(write(shown.from) == write(anonymous_party()));
    CHECK(value(shown.headers, "P-Asserted-Identity") == "none");
    trunk.caller_id.show_outside_callers = true;
    shown = identity_on(TrunkRules{trunk}, {.party = eve, .extension = {}, .payer = "202"});
    CHECK(write(shown.from) == "\"Anna\" <sip:+4477@carrier.test>");
    shown = identity_on(TrunkRules{trunk},
                        {.party = anonymous_party(), .extension = {}, .anonymous = true});
    CHECK(value(shown.headers, "P-Asserted-Identity") == "none");
}

TEST_CASE("diversions leave the office with its outside numbers, to whom it trusts")
{
    auto trunk = line();
    const std::vector<Diversion> chain{{"+4477", "other.test", DiversionReason::user_busy, 1},
                                       {"202", {}, DiversionReason::no_answer, 1}};
    const auto headers = diversions_on(TrunkRules{trunk}, chain, "+4366", "office.test");
    CHECK(headers.at(0).value == "<sip:+431202@carrier.test>;reason=no-answer;counter=1");
    CHECK(headers.at(1).value == "<sip:+4477@other.test>;reason=user-busy;counter=1");
    CHECK(value(headers, "History-Info") ==
          "<sip:+4477@other.test>;index=1, <sip:+431202@carrier.test;cause=486>;index=1.1;mp=1, "
          "<sip:+4366@carrier.test;cause=408>;index=1.1.1;mp=1.1");
    for (const auto& header : headers) CHECK(header.value.find("office.test") == std::string::npos);
    trunk.trusted = false;
    CHECK(diversions_on(TrunkRules{trunk}, chain, "+4366", "office.test").empty());
}

TEST_CASE("what crosses the border of the office is on a list")
{
    for (const auto* name : {"Accept", "content-language", "REASON", "Recv-Info"})
        CHECK(crosses_border(name));
    for (const auto* name : {"Alert-Info", "Call-Info", "Diversion", "History-Info", "Privacy",
                             "Referred-By", "Subject", "X-Any", ""})
        CHECK_FALSE(crosses_border(name));
    const auto payload = std::make_shared<const Payload>(
        Payload{"application/sdp", "v=0", {{"Subject", "x"}, {"Reason", "SIP"}}});
    const auto crossed = across_border(payload);
    CHECK(crossed->body == "v=0");
    CHECK(crossed->headers == std::vector<Header>{{"Reason", "SIP"}});
    CHECK(across_border(nullptr) == nullptr);
    CHECK(across_border(crossed) == crossed);
}
