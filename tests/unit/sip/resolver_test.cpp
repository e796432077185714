// Answers of name servers as they come from the network.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "sip/resolver.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace std::chrono_literals;

namespace {

using Bytes = std::vector<unsigned char>;

Bytes name(std::string_view text)
{
    Bytes result;
    while (!text.empty()) {
        const auto label = text.substr(0, text.find('.'));
        result.push_back(static_cast<unsigned char>(label.size()));
        result.insert(result.end(), label.begin(), label.end());
        text.remove_prefix(std::min(label.size() + 1, text.size()));
    }
    result.push_back(0);
    return result;
}

void add(Bytes& to, const Bytes& more)
{
    to.insert(to.end(), more.begin(), more.end());
}

Bytes number(unsigned value)
{
    return {static_cast<unsigned char>(value >> 8), static_cast<unsigned char>(value)};
}

struct Record {
    unsigned type;
    unsigned ttl;
    Bytes data;
};

/// An answer about `a.test`.
Bytes message(unsigned type, const std::vector<Record>& records)
{
    Bytes result = {0x12, 0x34, 0x85, 0x80, 0, 1};
    add(result, number(static_cast<unsigned>(records.size())));
    add(result, {0, 0, 0, 0});
    add(result, name("a.test"));
    add(result, number(type));
    add(result, number(1));
    for (const auto& record : records) {
        add(result, {0xC0, 12});
        add(result, number(record.type));
        add(result, number(1));
        add(result, {0, 0});
        add(result, number(record.ttl));
        add(result, number(static_cast<unsigned>(record.data.size())));
        add(result, record.data);
    }
    return result;
}

Bytes srv(unsigned priority, unsigned weight, unsigned port, std::string_view target)
{
    Bytes data = number(priority);
    add(data, number(weight));
    add(data, number(port));
    add(data, name(target));
    return data;
}

Bytes naptr(std::string_view service, std::string_view replacement)
{
    Bytes data = number(10);
    add(data, number(20));
    add(data, {1, 's', static_cast<unsigned char>(service.size())});
    data.insert(data.end(), service.begin(), service.end());
    data.push_back(0);
    add(data, name(replacement));
    return data;
}

const ResolverSettings settings;
const std::chrono::steady_clock::time_point now{1000h};

}  // namespace

TEST_CASE("records are read, and the shortest life counts")
{
    auto found = parse_dns(message(1, {{1, 300, {192, 0, 2, 1}}, {1, 60, {192, 0, 2, 2}}}),
                           DnsType::a, settings, now);
    REQUIRE(found);
    CHECK(found->addresses == std::vector<std::string>{"192.0.2.1", "192.0.2.2"});
    CHECK(found->valid_until == now + 60s);

    found = parse_dns(message(33, {{33, 300, srv(1, 2, 5070, "SIP.a.test")}}), DnsType::srv,
                      settings, now);
    REQUIRE(found);
    REQUIRE(found->srv.size() == 1);
    CHECK(found->srv[0].port == 5070);
    CHECK(found->srv[0].target == "sip.a.test");

    found = parse_dns(message(35, {{35, 300, naptr("SIP+D2U", "_sip._udp.a.test")}}),
                      DnsType::naptr, settings, now);
    REQUIRE(found);
    REQUIRE(found->naptr.size() == 1);
    CHECK(found->naptr[0].service == "SIP+D2U");
    CHECK(found->naptr[0].replacement == "_sip._udp.a.test");
}

TEST_CASE("lives are kept within bounds, and nothing is remembered shortly")
{
    const auto brief = parse_dns(message(1, {{1, 0, {192, 0, 2, 1}}}), DnsType::a, settings, now);
    REQUIRE(brief);
    CHECK(brief->valid_until == now + settings.least_ttl);
    const auto none = parse_dns(message(1, {}), DnsType::a, settings, now);
    REQUIRE(none);
    CHECK(none->addresses.empty());
    CHECK(none->valid_until == now + settings.negative_ttl);
}

TEST_CASE("a record that is malformed is left out")
{
    const auto found =
        parse_dns(message(1, {{1, 300, {192, 0, 2}}, {1, 300, {192, 0, 2, 2}}, {28, 300, {1}}}),
                  DnsType::a, settings, now);
    REQUIRE(found);
    CHECK(found->addresses == std::vector<std::string>{"192.0.2.2"});
    const auto loop = parse_dns(message(33, {{33, 300, {0, 1, 0, 2, 0, 3, 0xC0, 0xFF}}}),
                                DnsType::srv, settings, now);
    CHECK((!loop || loop->srv.empty()));
}

TEST_CASE("of an answer without measure only the beginning counts")
{
    std::vector<Record> records;
    for (unsigned char i = 0; i < 200; ++i) records.push_back({1, 300, {192, 0, 2, i}});
    const auto found = parse_dns(message(1, records), DnsType::a, settings, now);
    REQUIRE(found);
    CHECK(found->addresses.size() == 64);
}

TEST_CASE("no bytes do harm")
{
    std::mt19937 random{7};
    const std::vector<std::pair<DnsType, Bytes>> whole{
        {DnsType::a, message(1, {{1, 300, {192, 0, 2, 1}}})},
        {DnsType::srv, message(33, {{33, 300, srv(1, 2, 5070, "sip.a.test")}})},
        {DnsType::naptr, message(35, {{35, 300, naptr("SIP+D2U", "_sip._udp.a.test")}})}};
    for (int round = 0; round < 20'000; ++round) {
        const auto& [type, text] = whole[random() % whole.size()];
        auto bytes = text;
        for (auto changes = random() % 6; changes > 0; --changes)
            bytes[random() % bytes.size()] = static_cast<unsigned char>(random());
        bytes.resize(random() % (bytes.size() + 1));
        const auto found = parse_dns(bytes, type, settings, now);
        if (found) CHECK(found->valid_until > now);
    }
}
