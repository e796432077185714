#include "sip/transports.hpp"

#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace std::chrono_literals;

TEST_CASE("a phone whose connection is gone is called at the port of its contact, at its own host")
{
    const Flow flow{Transport::tcp, "192.0.2.7", 49152, {}, 0};
    const auto hop = [&](std::string_view contact) {
        return Transports::next_hop(flow, *SipUri::parse(contact));
    };
    CHECK(hop("sip:201@192.0.2.7:5070") == "sip:192.0.2.7:5070;transport=tcp");
    CHECK(hop("sip:201@192.0.2.7") == "sip:192.0.2.7:5060;transport=tcp");
    // No contact leads to somebody else.
    CHECK(hop("sip:0900@198.51.100.1:5060") == "sip:192.0.2.7:49152;transport=tcp");
    CHECK(hop("sip:0900@carrier.test") == "sip:192.0.2.7:49152;transport=tcp");
    const Flow six{Transport::tcp, "2001:db8::1", 49152, {}, 0};
    CHECK(Transports::next_hop(six, *SipUri::parse("sip:201@[2001:db8::1]:5070")) ==
          "sip:[2001:db8::1]:5070;transport=tcp");
    const Flow udp{Transport::udp, "192.0.2.7", 1024, {}, 0};
    CHECK(Transports::next_hop(udp, *SipUri::parse("sip:201@192.0.2.7:5070")) ==
          "sip:192.0.2.7:1024;transport=udp");
}

namespace {

/// A machine on two networks: where the kernel would send from, for each host.
struct TwoNetworks {
    std::vector<Listener> listeners;
    std::vector<std::string> asked;
    WaysOut ways{[this](std::string_view host) {
        asked.emplace_back(host);
        if (host.starts_with("203.0.113.")) return std::string{"203.0.113.5"};
        if (host.starts_with("192.168.1.")) return std::string{"192.168.1.1"};
        return host.starts_with("2001:db8:2:") ? std::string{"2001:db8:2::5"} : std::string{};
    }};

    TwoNetworks()
    {
        for (const auto& [transport, host] :
             {std::pair{Transport::udp, "192.168.1.1"}, std::pair{Transport::tcp, "192.168.1.1"},
              std::pair{Transport::udp, "203.0.113.5"}, std::pair{Transport::udp, "2001:db8:1::1"},
              std::pair{Transport::udp, "2001:db8:2::5"}})
            listeners.push_back({.address = {transport, host, 5060}});
    }
    /// Address that a request for `host` leaves from.
    std::string from(std::string host, Transport transport = Transport::udp,
                     std::uint8_t listener = 255)
    {
        const auto* chosen = choose_listener(
            listeners, Flow{transport, std::move(host), 5060, {}, listener}, ways);
        return chosen ? chosen->address.host : "none";
    }
};

}  // namespace

TEST_CASE("who has no flow of its own is sent to from the address that the way there leads out of")
{
    TwoNetworks machine;
    CHECK(machine.from("203.0.113.77") == "203.0.113.5");
    CHECK(machine.from("192.168.1.20") == "192.168.1.1");
    CHECK(machine.from("2001:db8:2::77") == "2001:db8:2::5");
    // No way that is ours: the first.
    CHECK(machine.from("198.51.100.1") == "192.168.1.1");
    CHECK(machine.from("2001:db8:9::1") == "2001:db8:1::1");
    // A phone is sent to from where it has called.
    machine.asked.clear();
    CHECK(machine.from("192.168.1.20", Transport::udp, 2) == "203.0.113.5");
    // One address leaves nothing to choose.
    CHECK(machine.from("203.0.113.77", Transport::tcp) == "192.168.1.1");
    CHECK(machine.from("2001:db8:2::77", Transport::tcp) == "none");
    CHECK(machine.asked.empty());
}

TEST_CASE("a way out is looked up once in five seconds, and few are remembered")
{
    unsigned asked = 0;
    WaysOut ways{[&](std::string_view) { return std::to_string(++asked); }};
    const WaysOut::TimePoint now{};
    CHECK(ways.towards("203.0.113.77", now) == "1");
    CHECK(ways.towards("203.0.113.77", now + WaysOut::valid_for - 1ms) == "1");
    CHECK(ways.towards("203.0.113.77", now + WaysOut::valid_for) == "2");
    for (std::size_t i = 0; i < WaysOut::most; ++i) (void)ways.towards(std::to_string(i), now);
    const auto before = asked;
    CHECK(ways.towards("203.0.113.77", now) == std::to_string(before + 1));
}

TEST_CASE("the kernel's way to a host of this machine leads out of loopback")
{
    CHECK(address_towards("127.0.0.1") == "127.0.0.1");
    CHECK(address_towards("not an address").empty());
    CHECK(address_towards("").empty());
}
