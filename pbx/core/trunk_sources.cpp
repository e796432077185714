#include "core/trunk_sources.hpp"

#include <algorithm>
#include <utility>

namespace lampline {
namespace {

constexpr std::uint16_t sip_port = 5060;

bool fits(const TrunkAddress& address, const Flow& source) noexcept
{
    return address.transport == source.transport &&
           (source.transport == Transport::tcp || address.port == 0 || address.port == source.port);
}

}  // namespace

std::vector<TrunkAddress> configured_addresses(const Trunk& trunk)
{
    std::vector<TrunkAddress> addresses;
    for (const auto& server : trunk.servers)
        if (is_numeric_address(server.host))
            addresses.push_back({server.transport.value_or(Transport::udp), server.host,
                                 server.port ? server.port : sip_port});
    for (const auto& source : trunk.sources)
        for (const auto transport : {Transport::udp, Transport::tcp})
            addresses.push_back({transport, source, 0});
    return addresses;
}

std::vector<TrunkAddress> resolved_addresses(const std::vector<ServerAddress>& servers)
{
    std::vector<TrunkAddress> addresses;
    for (const auto& server : servers)
        addresses.push_back({server.flow.transport, server.flow.host, server.flow.port});
    return addresses;
}

void TrunkSources::configure(const std::vector<TrunkRef>& trunks)
{
    configured_.clear();
    for (const auto& trunk : trunks)
        if (trunk->enabled) configured_[trunk->name] = configured_addresses(*trunk);
    std::erase_if(resolved_, [&](const auto& each) { return !configured_.contains(each.first); });
    index();
}

void TrunkSources::resolved(const std::string& trunk, std::vector<TrunkAddress> addresses)
{
    if (!configured_.contains(trunk)) return;
    resolved_[trunk] = std::move(addresses);
    index();
}

void TrunkSources::index()
{
    by_host_.clear();
    for (const auto* table : {&std::as_const(configured_), &std::as_const(resolved_)})
        for (const auto& [trunk, addresses] : *table)
            for (const auto& address : addresses)
                by_host_[address.host].push_back({trunk, address});
    for (auto& [host, entries] : by_host_) std::ranges::stable_sort(entries, {}, &Entry::trunk);
}

std::string_view TrunkSources::find(const Flow& source, std::string_view user) const
{
    const auto found = by_host_.find(source.host);
    if (found == by_host_.end()) return {};
    std::string_view first;
    for (const auto& entry : found->second) {
        if (!fits(entry.address, source)) continue;
        if (user == trunk_contact_user(entry.trunk)) return entry.trunk;
        if (first.empty()) first = entry.trunk;
    }
    return first;
}

bool TrunkSources::has(std::string_view trunk, std::string_view host) const
{
    const auto found = by_host_.find(host);
    return found != by_host_.end() && std::ranges::any_of(found->second, [&](const Entry& entry) {
               return entry.trunk == trunk;
           });
}

}  // namespace lampline
