#pragma once
// What several behaviours of the call engine say in the same words.
#include <string_view>

namespace lampline {

/// Why an order or a request is refused.
inline constexpr std::string_view in_proxy_mode =
    "the phones of this call share one dialog (proxy mode), so only they can change it";
/// Reason of what ends because a phone does not know its dialog any more (RFC 3326).
inline constexpr std::string_view peer_gone = "SIP;cause=481;text=\"Peer is gone\"";
/// Reason of what ends because another phone has the call.
inline constexpr std::string_view completed_elsewhere =
    "SIP;cause=200;text=\"Call completed elsewhere\"";

}  // namespace lampline
