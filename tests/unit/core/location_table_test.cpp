#include "core/location_table.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

Binding binding(std::string aor, std::string_view contact, unsigned q = 1000,
                std::uint64_t generation = 1)
{
    Binding b;
    b.aor = std::move(aor);
    b.contact = SipUri::parse(contact).value();
    b.flow = {Transport::udp, "192.0.2.7", 5062, {}, 1};
    b.q_thousandths = q;
    b.generation = generation;
    return b;
}

Binding over_tcp(std::string aor, std::string_view contact, std::uint64_t connection)
{
    auto b = binding(std::move(aor), contact);
    b.flow = {Transport::tcp, "192.0.2.7", 49152, ConnectionId{connection}, 2};
    return b;
}

SipUri uri(std::string_view text)
{
    return SipUri::parse(text).value();
}

std::vector<std::string> users(std::span<const Binding> bindings)
{
    std::vector<std::string> names;
    for (const auto& b : bindings) names.push_back(b.contact.user);
    return names;
}

}  // namespace

TEST_CASE("bindings stand in order of q, then the latest first")
{
    LocationTable table;
    table.put(binding("201", "sip:old@192.0.2.1", 500, 1));
    table.put(binding("201", "sip:low@192.0.2.2", 100, 3));
    table.put(binding("201", "sip:new@192.0.2.3", 500, 2));
    table.put(binding("201", "sip:top@192.0.2.4", 1000, 0));
    CHECK(users(table.bindings("201")) == std::vector<std::string>{"top", "new", "old", "low"});
    CHECK(table.bindings("202").empty());
    CHECK(table.size() == 4);
    CHECK(table.all().size() == 4);
}

TEST_CASE("an equivalent contact replaces, another one is added (RFC 3261 §10.3)")
{
    LocationTable table;
    CHECK(table.put(binding("201", "sip:201@HOST.test", 100)));
    CHECK(table.put(binding("201", "sip:201@host.test", 200)));
    CHECK(table.size() == 1);
    CHECK(table.bindings("201")[0].q_thousandths == 200);
    CHECK(table.put(binding("201", "sip:201@host.test:5061")));
    CHECK(table.size() == 2);
}

TEST_CASE("an Aor that is full takes no more, but lets the present ones change")
{
    LocationTable table;
    for (std::size_t i = 0; i < LocationTable::max_contacts; ++i)
        CHECK(table.put(binding("201", "sip:201@192.0.2." + std::to_string(i))));
    CHECK_FALSE(table.put(binding("201", "sip:201@198.51.100.1")));
    CHECK(table.size() == LocationTable::max_contacts);
    CHECK(table.put(binding("201", "sip:201@192.0.2.3", 10)));
    CHECK(table.find("201", uri("sip:201@192.0.2.3"))->q_thousandths == 10);
    CHECK(table.put(binding("202", "sip:202@198.51.100.1")));
}

TEST_CASE("a binding is removed once")
{
    LocationTable table;
    table.put(binding("201", "sip:a@192.0.2.1"));
    table.put(binding("201", "sip:b@192.0.2.1"));
    const auto removed = table.remove("201", uri("sip:a@192.0.2.1"));
    REQUIRE(removed);
    CHECK(removed->contact.user == "a");
    CHECK_FALSE(table.remove("201", uri("sip:a@192.0.2.1")));
    CHECK_FALSE(table.remove("299", uri("sip:a@192.0.2.1")));
    CHECK(users(table.bindings("201")) == std::vector<std::string>{"b"});
    CHECK(table.size() == 1);
}

TEST_CASE("a refresh moves expiry and CSeq and nothing else")
{
    LocationTable table;
    table.put(binding("201", "sip:a@192.0.2.1", 500, 7));
    const std::chrono::sys_seconds later{std::chrono::seconds{900}};
    CHECK(table.refresh("201", uri("sip:a@192.0.2.1"), 42, later));
    const auto* const found = table.find("201", uri("sip:a@192.0.2.1"));
    REQUIRE(found);
    CHECK(found->cseq == 42);
    CHECK(found->expires_at == later);
    CHECK(found->generation == 7);
    CHECK_FALSE(table.refresh("201", uri("sip:b@192.0.2.1"), 42, later));
    CHECK_FALSE(table.refresh("299", uri("sip:a@192.0.2.1"), 42, later));
}

TEST_CASE("the bindings over a closed connection have none any more")
{
    LocationTable table;
    table.put(over_tcp("201", "sip:201@192.0.2.7:5070", 11));
    table.put(over_tcp("202", "sip:202@192.0.2.7:5070", 11));
    table.put(over_tcp("203", "sip:203@192.0.2.7:5070", 12));
    table.forget_connection(ConnectionId{11});
    CHECK_FALSE(table.bindings("201")[0].flow.connection);
    CHECK_FALSE(table.bindings("202")[0].flow.connection);
    CHECK(table.bindings("203")[0].flow.connection == ConnectionId{12});
    CHECK(table.size() == 3);
}

TEST_CASE("a binding that moved to another connection survives the end of the old one")
{
    LocationTable table;
    table.put(over_tcp("201", "sip:201@192.0.2.7:5070", 11));
    table.put(over_tcp("201", "sip:201@192.0.2.7:5070", 12));
    table.forget_connection(ConnectionId{11});
    CHECK(table.bindings("201")[0].flow.connection == ConnectionId{12});
    table.forget_connection(ConnectionId{12});
    CHECK_FALSE(table.bindings("201")[0].flow.connection);
}

TEST_CASE("two bindings of one Aor may share a connection, and one may leave")
{
    LocationTable table;
    table.put(over_tcp("201", "sip:a@192.0.2.7:5070", 11));
    table.put(over_tcp("201", "sip:b@192.0.2.7:5070", 11));
    table.remove("201", uri("sip:a@192.0.2.7:5070"));
    table.forget_connection(ConnectionId{11});
    CHECK_FALSE(table.bindings("201")[0].flow.connection);
}

TEST_CASE("a phone is reached where its REGISTER came from")
{
    const auto behind_nat = binding("201", "sip:201@10.0.0.5:5060");
    const auto target = target_of(behind_nat);
    CHECK(target.request_uri == behind_nat.contact);
    CHECK(target.route.empty());
    CHECK(target.flow == behind_nat.flow);
}

TEST_CASE(
    "a phone on TCP is reached over its connection, and without one at the port of its contact")
{
    auto phone = over_tcp("201", "sip:201@192.0.2.7:5070;transport=tcp", 11);
    CHECK(target_of(phone).flow == phone.flow);
    phone.flow.connection = {};
    CHECK(target_of(phone).flow == Flow{Transport::tcp, "192.0.2.7", 5070, {}, 2});
    phone.contact.port = 0;
    CHECK(target_of(phone).flow.port == 5060);
}

TEST_CASE("a phone behind a proxy is reached over its Path, top first (RFC 3327 §5)")
{
    auto phone = binding("201", "sip:201@10.0.0.5");
    phone.path = {"<sip:192.0.2.7:5080;lr>", "<sip:inner.test;lr>"};
    const auto target = target_of(phone);
    CHECK(target.request_uri == phone.contact);
    CHECK(target.route == phone.path);
    CHECK(target.flow == Flow{Transport::udp, "192.0.2.7", 5080, {}, 1});

    phone.flow.host = "2001:db8::1";
    phone.path = {"\"P\" <sip:[2001:db8::1];lr;transport=tcp>"};
    CHECK(target_of(phone).flow == Flow{Transport::tcp, "2001:db8::1", 5060, {}, 1});
}

TEST_CASE(
    "a Path that names another host, or none, leaves the next hop where the REGISTER came from")
{
    auto phone = binding("201", "sip:201@10.0.0.5");
    for (const auto* path :
         {"<sip:edge.test;lr>", "<sip:192.0.2.80:5060;lr>", "<sip:192.0.2.7", "nonsense",
          "<tel:123>", ""}) {
        phone.path = {path};
        CHECK(target_of(phone).flow == phone.flow);
    }
}

TEST_CASE("the connection of a proxy is used on for its Path (RFC 3327 §5)")
{
    auto phone = over_tcp("201", "sip:201@10.0.0.5", 11);
    phone.path = {"<sip:192.0.2.7:5080;lr;transport=tcp>"};
    CHECK(target_of(phone).flow == phone.flow);
}

TEST_CASE("a phone behind a proxy is its own contact, over whatever connection of the proxy")
{
    LocationTable table;
    for (const auto& [aor, host, connection] :
         {std::tuple{"101", "10.0.0.1", 7U}, std::tuple{"101", "10.0.0.9", 8U},
          std::tuple{"102", "10.0.0.2", 8U}}) {
        auto phone = over_tcp(aor, "sip:" + std::string{aor} + "@" + host, connection);
        phone.path = {"<sip:192.0.2.7;lr>"};
        table.put(phone);
    }
    const auto at = [](std::string_view contact, std::string aor) {
        return PhoneAddress{{Transport::tcp, "192.0.2.7", 49152, ConnectionId{8}, 2},
                            uri(contact), std::move(aor)};
    };
    const auto desk = at("sip:101@10.0.0.1", "101");
    REQUIRE(table.targets("101", &desk).size() == 1);
    CHECK(table.targets("101", &desk).front()->contact.host == "10.0.0.9");

    const auto unknown = at("sip:101@gruu.example", "101");
    const auto colleague = at("sip:102@10.0.0.2", "102");
    CHECK_FALSE(table.are_same(unknown, colleague));
    CHECK_FALSE(table.are_same(colleague, unknown));
    CHECK(table.are_same(unknown, at("sip:101@10.0.0.9", "101")));
}
