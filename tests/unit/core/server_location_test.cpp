// From names of SIP servers to addresses (RFC 3263, RFC 2782).
#include <doctest/doctest.h>

#include "core/server_location.hpp"

using namespace lampline;
using namespace std::chrono_literals;

namespace {

/// A small piece of the DNS, and the walk through it.
struct Dns {
    std::chrono::steady_clock::time_point now{1000h};
    DnsAnswers answers;
    LocalMeans means;
    RandomSource random = [](std::uint32_t) { return 0U; };

    DnsAnswer& knows(DnsType type, const std::string& name, std::chrono::seconds ttl = 300s)
    {
        auto& answer = answers[{type, name}];
        answer.valid_until = now + ttl;
        return answer;
    }
    void has(const std::string& name, const std::string& address)
    {
        knows(DnsType::a, name).addresses.push_back(address);
    }
    [[nodiscard]] Location locate(std::vector<TrunkServer> servers) const
    {
        return lampline::locate(servers, answers, means, random, now);
    }
};

/// `udp:192.0.2.1:5060 tcp:...`
std::string text(const Location& location)
{
    std::string result;
    for (const auto& [server, flow, rank] : location.addresses)
        result += (result.empty() ? "" : " ") + std::string{name(flow.transport)} + ':' +
                  flow.host + ':' + std::to_string(flow.port);
    return result;
}

/// Those that share the load have the same.
std::vector<std::uint32_t> ranks(const Location& location)
{
    std::vector<std::uint32_t> result;
    for (const auto& address : location.addresses)
        result.push_back(address.rank - location.addresses.front().rank);
    return result;
}

}  // namespace

TEST_CASE("a numeric server needs nobody")
{
    const Dns dns;
    const auto found =
        dns.locate({{"192.0.2.1", 0, std::nullopt}, {"192.0.2.2", 5080, Transport::tcp}});
    CHECK(text(found) == "udp:192.0.2.1:5060 tcp:192.0.2.2:5080");
    CHECK(found.missing.empty());
    CHECK_FALSE(found.valid_until);
}

TEST_CASE("a name with a port is only an address")
{
    Dns dns;
    const TrunkServer server{"sip.carrier.test", 5070, Transport::tcp};
    const auto asked = dns.locate({server});
    REQUIRE(asked.missing.size() == 1);
    CHECK(asked.missing[0] == DnsQuestion{DnsType::a, "sip.carrier.test"});
    dns.has("sip.carrier.test", "192.0.2.1");
    CHECK(text(dns.locate({server})) == "tcp:192.0.2.1:5070");
}

TEST_CASE("NAPTR tells transport and service, SRV port and host, A the address")
{
    Dns dns;
    const TrunkServer server{"Carrier.TEST", 0, std::nullopt};
    CHECK(dns.locate({server}).missing[0] == DnsQuestion{DnsType::naptr, "carrier.test"});
    dns.knows(DnsType::naptr, "carrier.test").naptr = {
        {20, 50, "s", "SIP+D2U", "_sip._udp.carrier.test"},
        {10, 50, "S", "sip+d2t", "_sip._tcp.carrier.test"},
        {5, 50, "s", "SIPS+D2T", "_sips._tcp.carrier.test"},
        {7, 50, "a", "SIP+D2U", "nothing.carrier.test"}};
    dns.knows(DnsType::srv, "_sip._tcp.carrier.test").srv = {{0, 0, 5070, "one.carrier.test"}};
    dns.knows(DnsType::srv, "_sip._udp.carrier.test", 60s).srv = {{0, 0, 5060, "two.carrier.test"}};
    dns.has("one.carrier.test", "192.0.2.1");
    dns.has("two.carrier.test", "192.0.2.2");
    const auto found = dns.locate({server});
    CHECK(text(found) == "tcp:192.0.2.1:5070 udp:192.0.2.2:5060");
    CHECK(found.valid_until == dns.now + 60s);
    dns.means.tcp = false;
    CHECK(text(dns.locate({server})) == "udp:192.0.2.2:5060");
}

TEST_CASE("without NAPTR both transports are tried by SRV, and without SRV the name itself")
{
    Dns dns;
    const TrunkServer server{"carrier.test", 0, std::nullopt};
    dns.knows(DnsType::naptr, "carrier.test");
    dns.knows(DnsType::srv, "_sip._udp.carrier.test");
    SUBCASE("SRV of one transport")
    {
        dns.knows(DnsType::srv, "_sip._tcp.carrier.test").srv = {{0, 0, 5071, "one.carrier.test"}};
        dns.has("one.carrier.test", "192.0.2.1");
        CHECK(text(dns.locate({server})) == "tcp:192.0.2.1:5071");
    }
    SUBCASE("no SRV")
    {
        dns.knows(DnsType::srv, "_sip._tcp.carrier.test");
        dns.has("carrier.test", "192.0.2.3");
        CHECK(text(dns.locate({server})) == "udp:192.0.2.3:5060");
    }
    SUBCASE("the transport is given: no NAPTR is asked")
    {
        dns.answers.erase({DnsType::naptr, "carrier.test"});
        dns.has("carrier.test", "192.0.2.3");
        CHECK(text(dns.locate({{"carrier.test", 0, Transport::udp}})) == "udp:192.0.2.3:5060");
    }
}

TEST_CASE("where nobody answers about SRV the name itself is not tried: it may be a web server's")
{
    Dns dns;
    dns.knows(DnsType::naptr, "carrier.test");
    dns.knows(DnsType::srv, "_sip._udp.carrier.test").failed = true;
    dns.knows(DnsType::srv, "_sip._tcp.carrier.test");
    dns.has("carrier.test", "192.0.2.9");
    for (const auto& server : {TrunkServer{"carrier.test", 0, std::nullopt},
                               TrunkServer{"carrier.test", 0, Transport::udp}}) {
        const auto found = dns.locate({server});
        CHECK(text(found) == "");
        CHECK(found.missing.empty());
        CHECK(found.error == "no name server answers about _sip._udp.carrier.test");
    }
    dns.knows(DnsType::srv, "_sip._tcp.carrier.test").srv = {{0, 0, 5071, "one.carrier.test"}};
    dns.has("one.carrier.test", "192.0.2.1");
    CHECK(text(dns.locate({{"carrier.test", 0, std::nullopt}})) == "tcp:192.0.2.1:5071");
}

TEST_CASE("SRV goes by priority, and by weight within one")
{
    Dns dns;
    dns.knows(DnsType::srv, "_sip._udp.carrier.test").srv = {
        {20, 0, 5060, "last.test"}, {10, 10, 5060, "light.test"}, {10, 90, 5060, "heavy.test"}};
    dns.has("last.test", "192.0.2.3");
    dns.has("light.test", "192.0.2.1");
    dns.has("heavy.test", "192.0.2.2");
    const TrunkServer server{"carrier.test", 0, Transport::udp};
    dns.random = [](std::uint32_t) { return 5U; };
    CHECK(text(dns.locate({server})) == "udp:192.0.2.1:5060 udp:192.0.2.2:5060 udp:192.0.2.3:5060");
    CHECK(ranks(dns.locate({server})) == std::vector<std::uint32_t>{0, 0, 1});
    dns.random = [](std::uint32_t below) { return below - 1; };
    CHECK(text(dns.locate({server})) == "udp:192.0.2.2:5060 udp:192.0.2.1:5060 udp:192.0.2.3:5060");

    int heavy_first = 0;
    std::uint32_t state = 1;
    dns.random = [&](std::uint32_t below) {
        state = state * 1664525U + 1013904223U;
        return (state >> 8) % below;
    };
    for (int i = 0; i < 1000; ++i)
        heavy_first += text(dns.locate({server})).starts_with("udp:192.0.2.2");
    CHECK(heavy_first > 850);
    CHECK(heavy_first < 950);
}

TEST_CASE("several servers keep their order, each address once")
{
    Dns dns;
    dns.has("one.test", "192.0.2.1");
    dns.answers[{DnsType::a, "one.test"}].addresses.emplace_back("192.0.2.2");
    dns.has("two.test", "192.0.2.3");
    const auto found = dns.locate({{"two.test", 5060, std::nullopt},
                                   {"one.test", 5060, std::nullopt},
                                   {"one.test", 5060, std::nullopt}});
    CHECK(text(found) == "udp:192.0.2.3:5060 udp:192.0.2.1:5060 udp:192.0.2.2:5060");
    CHECK(ranks(found) == std::vector<std::uint32_t>{0, 1, 1});
}

TEST_CASE("one IPv6 address is one, however it is written")
{
    Dns dns;
    dns.means.ipv6 = true;
    const auto found =
        dns.locate({{"2001:DB8:0:0::1", 5060, std::nullopt}, {"2001:db8::1", 5060, std::nullopt}});
    CHECK(text(found) == "udp:2001:db8::1:5060");
}

TEST_CASE("what is missing is said")
{
    Dns dns;
    const TrunkServer server{"gone.test", 5060, std::nullopt};
    SUBCASE("no such name")
    {
        dns.knows(DnsType::a, "gone.test");
        CHECK(dns.locate({server}).error == "gone.test has no address");
    }
    SUBCASE("nobody answers")
    {
        dns.knows(DnsType::a, "gone.test").failed = true;
        CHECK(dns.locate({server}).error == "no name server answers about gone.test");
    }
    SUBCASE("not a transport of ours")
    {
        dns.has("gone.test", "192.0.2.1");
        dns.means.udp = false;
        CHECK(dns.locate({server}).error ==
              "gone.test is only reached over udp, which has no --sip address");
    }
    SUBCASE("outdated answers do not count")
    {
        dns.knows(DnsType::a, "gone.test", 0s);
        CHECK(dns.locate({server}).missing.size() == 1);
    }
}
