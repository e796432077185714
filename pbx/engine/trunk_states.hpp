#pragma once
// What a call must know of trunks beside their configuration.
#include <string>
#include <vector>

#include "core/trunk.hpp"

namespace lampline {

/// One way to a trunk: the next hop, and what its registrar wants to be preloaded.
struct TrunkPath {
    Flow flow;
    std::vector<std::string> route{};  ///< Service-Route (RFC 3608), in order
};

/// Asked for each call; must not wait. SIP thread only.
class TrunkStates {
public:
    virtual ~TrunkStates() = default;
    /// Where `trunk` can be asked now, the best first; empty: it is not registered, or unreachable.
    [[nodiscard]] virtual std::vector<TrunkPath> paths(const Trunk& trunk) const = 0;
    /// The same for a call that must not fail for what was heard of `trunk`: all its servers, in
    /// whatever state it is.
    [[nodiscard]] virtual std::vector<TrunkPath> all_paths(const Trunk& trunk) const = 0;
    /// Datagrams from `source` are those of a trunk: whoever says there to be a phone has written
    /// the address of another, at which our calls are taken without a question.
    [[nodiscard]] virtual bool is_source(const Flow& source) const = 0;
};

/// Takes every server that is a numeric address for reachable, in the order of the configuration.
class ConfiguredTrunkStates final : public TrunkStates {
public:
    [[nodiscard]] std::vector<TrunkPath> paths(const Trunk& trunk) const override;
    [[nodiscard]] std::vector<TrunkPath> all_paths(const Trunk& trunk) const override
    {
        return paths(trunk);
    }
    [[nodiscard]] bool is_source(const Flow& /*source*/) const override { return false; }
};

}  // namespace lampline
