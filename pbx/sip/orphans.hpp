#pragma once
// INVITEs of an earlier run: their transactions died with it, their phones did not.
#include <chrono>
#include <string>

#include "core/sip_command.hpp"
#include "sip/sofia.hpp"
#include "sip/transports.hpp"

namespace lampline::sip {

/// Brings phones that an earlier run left ringing, or with a 2xx that nobody acknowledged, to where
/// they know how things are. Loop thread only.
class Orphans {
public:
    Orphans(nta_agent_t& agent, Transports& transports, const EndpointSettings& settings)
        : agent_{agent}, transports_{transports}, settings_{settings}
    {
    }

    /// A final response without a transaction, to an INVITE. A 2xx is acknowledged when its call
    /// goes on, else acknowledged and hung up (RFC 3261 §13.2.2.4): that phone now believes to be
    /// in a call. A refusal is acknowledged too. It came over `connection`, null for UDP. False: it
    /// is no such response.
    bool take(const sip_t& sip, const Flow& source, tport_t* connection);

    /// CANCEL of an INVITE that we sent (RFC 3261 §9.1).
    void cancel(const StoredInvite& invite);
    /// The final response to an INVITE that we received, as text.
    [[nodiscard]] std::string refusal_of(const StoredInvite& invite) const;

private:
    void end(const sip_t& sip, const Flow& source, tport_t* connection);

    nta_agent_t& agent_;
    Transports& transports_;
    const EndpointSettings& settings_;
    std::chrono::steady_clock::time_point since_{};
    unsigned ended_ = 0;  // since then
};

}  // namespace lampline::sip
