#pragma once
// INVITEs of an earlier run: their transactions died with it, their phones did not.
#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>

#include "core/sip_command.hpp"
#include "core/sip_input.hpp"
#include "sip/sofia.hpp"
#include "sip/transports.hpp"

namespace lampline::sip {

/// Brings phones that an earlier run left ringing, or with a 2xx that nobody acknowledged, to where
/// they know how things are. Loop thread only.
class Orphans {
public:
    using OnInput = std::function<void(SipInput&&)>;

    Orphans(nta_agent_t& agent, Transports& transports, const EndpointSettings& settings,
            OnInput on_input)
        : agent_{agent}, transports_{transports}, settings_{settings},
          on_input_{std::move(on_input)}
    {
    }

    /// A final response without a transaction, to an INVITE. A 2xx is acknowledged; then its call
    /// goes on, and an AnsweredBefore says so, or is hung up (RFC 3261 §13.2.2.4): that phone now
    /// believes to be in a call. A refusal is acknowledged too. It came over `connection`, null for
    /// UDP. False: it is no such response.
    bool take(const sip_t& sip, const Flow& source, tport_t* connection);

    /// CANCEL of an INVITE that we sent (RFC 3261 §9.1).
    void cancel(const StoredInvite& invite);
    /// The final response to an INVITE that we received, as text.
    [[nodiscard]] std::string refuse(const StoredInvite& invite);
    /// What refuse() wrote for this INVITE, nullptr when it is none of those. One that comes again
    /// had heard nothing of us when that run ended, and has the same answer (RFC 3261 §17.2.1).
    [[nodiscard]] const std::string* refusal_of(const sip_t& invite);

private:
    void end(const sip_t& sip, const Flow& source, tport_t* connection);

    nta_agent_t& agent_;
    Transports& transports_;
    const EndpointSettings& settings_;
    OnInput on_input_;
    std::unordered_map<std::string, std::string> refused_;  // by RepeatedRequests::key_of
    std::chrono::steady_clock::time_point refused_until_{};
    std::chrono::steady_clock::time_point since_{};
    unsigned ended_ = 0;  // since then
};

}  // namespace lampline::sip
