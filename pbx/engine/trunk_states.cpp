#include "engine/trunk_states.hpp"

namespace lampline {

std::vector<TrunkPath> ConfiguredTrunkStates::paths(const Trunk& trunk) const
{
    constexpr std::uint16_t sip_port = 5060;
    std::vector<TrunkPath> paths;
    for (const auto& server : trunk.servers)
        if (is_numeric_address(server.host))
            paths.push_back({Flow{server.transport.value_or(Transport::udp), server.host,
                                  server.port ? server.port : sip_port, ConnectionId{}, 0}});
    return paths;
}

}  // namespace lampline
