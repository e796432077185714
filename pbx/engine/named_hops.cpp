#include "engine/named_hops.hpp"

#include <algorithm>

#include "core/numeric_address.hpp"

namespace lampline {
namespace {

std::uint16_t port_of(std::uint16_t port) noexcept
{
    constexpr std::uint16_t sip_port = 5060;
    return port == 0 ? sip_port : port;
}

/// The URI of a Route or Path value; nullopt: it cannot be read.
std::optional<SipUri> uri_in(std::string_view value)
{
    const auto open = value.find('<');
    if (open == value.npos) return SipUri::parse(value.substr(0, value.find(';')));
    const auto close = value.find('>', open);
    if (close == value.npos) return std::nullopt;
    return SipUri::parse(value.substr(open + 1, close - open - 1));
}

bool is_at(const SipUri& hop, std::string_view host, std::uint16_t port)
{
    return same_host(hop.host, host) && port_of(hop.port) == port_of(port);
}

/// Whichever of its servers has been found by the name.
bool is_name_of(const SipUri& hop, const Trunk& trunk)
{
    if (is_numeric_address(without_brackets(hop.host))) return false;
    return same_host(hop.host, trunk.domain) ||
           std::ranges::any_of(trunk.servers, [&](const TrunkServer& server) {
               return same_host(hop.host, server.host) &&
                      (hop.port == 0 || port_of(hop.port) == port_of(server.port));
           });
}

}  // namespace

bool leads_along(Target& target, std::span<const SipUri> hops, const Trunk* trunk)
{
    if (hops.empty()) return true;
    const bool loose = std::ranges::all_of(hops, [](const SipUri& hop) {
        return hop.scheme == UriScheme::sip && hop.param("lr").has_value();
    });
    if (!loose) return false;
    if (!target.route.empty()) {
        if (hops.size() > target.route.size()) return false;
        return std::ranges::equal(
            hops, std::span{target.route}.first(hops.size()),
            [](const SipUri& hop, const std::string& value) {
                const auto own = uri_in(value);
                return own && own->user == hop.user && is_at(hop, own->host, own->port);
            });
    }
    if (!trunk || hops.size() != 1) return false;
    const SipUri& hop = hops.front();
    if (!is_at(hop, target.flow.host, target.flow.port) && !is_name_of(hop, *trunk)) return false;
    // A user part or other parameters would be read as ours by a peer that trusts us.
    SipUri told;
    told.host = hop.host;
    told.port = hop.port;
    told.params = ";lr";
    target.route = {'<' + write(told) + '>'};
    return true;
}

bool goes_along(Hunting& hunting, Target& target, const Trunk* trunk)
{
    const bool for_help = hunting.hunt.unlimited || hunting.hunt.emergency;
    if (!for_help && !leads_along(target, hunting.along, trunk)) {
        hunting.off_route = true;
        return false;
    }
    hunting.on_route = true;
    return true;
}

}  // namespace lampline
