#include "engine/trunk_states.hpp"

#include "core/server_location.hpp"

namespace lampline {

std::vector<TrunkPath> ConfiguredTrunkStates::paths(const Trunk& trunk) const
{
    constexpr std::uint16_t sip_port = 5060;
    std::vector<TrunkPath> paths;
    for (const auto& server : trunk.servers)
        if (is_numeric_address(server.host))
            paths.push_back({Flow{server.transport.value_or(Transport::udp), server.host,
                                  server.port ? server.port : sip_port, ConnectionId{},
                                  listener_by_way}});
    return paths;
}

}  // namespace lampline
