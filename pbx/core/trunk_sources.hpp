#pragma once
// Whose a request from outside is, by where it came from.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_types.hpp"
#include "core/trunk.hpp"
#include "core/trunk_line.hpp"

namespace lampline {

/// Where a trunk's requests come from.
struct TrunkAddress {
    Transport transport = Transport::udp;
    std::string host;  ///< numeric; IPv6 without brackets
    std::uint16_t port =
        0;  ///< 0: any. Over TCP it is not looked at: a peer connects from any port

    friend bool operator==(const TrunkAddress&, const TrunkAddress&) = default;
};

/// The numeric addresses that `trunk` is configured with.
std::vector<TrunkAddress> configured_addresses(const Trunk& trunk);
/// Where requests of servers come from that were found at `servers`.
std::vector<TrunkAddress> resolved_addresses(const std::vector<ServerAddress>& servers);

/// Addresses to trunks, configured and resolved. Lookups take time with the trunks at one address,
/// not with all. One thread.
class TrunkSources {
public:
    /// The trunks there are from now on; those that are disabled have no addresses.
    void configure(const std::vector<TrunkRef>& trunks);
    /// What the names among the servers of `trunk` resolve to, replacing what was told before.
    void resolved(const std::string& trunk, std::vector<TrunkAddress> addresses);

    /// Name of the trunk that a request from `source` to `user` belongs to; empty: none. Where
    /// several share an address, the one whose contact is called, else the first by name.
    [[nodiscard]] std::string_view find(const Flow& source, std::string_view user) const;
    /// Whether requests of `trunk` come from numeric address `host`, by whatever transport.
    [[nodiscard]] bool has(std::string_view trunk, std::string_view host) const;

private:
    struct Entry {
        std::string trunk;
        TrunkAddress address;
    };
    void index();

    std::map<std::string, std::vector<TrunkAddress>, std::less<>> configured_;
    std::map<std::string, std::vector<TrunkAddress>, std::less<>> resolved_;
    std::map<std::string, std::vector<Entry>, std::less<>> by_host_;
};

}  // namespace lampline
