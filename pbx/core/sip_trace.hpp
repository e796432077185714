#pragma once
// The SIP messages of a call, as they passed.
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/call_record.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// A numeric address as the network writes it.
struct PacketAddress {
    std::array<std::uint8_t, 16> bytes{};  ///< IPv4: the first four
    std::uint16_t port = 0;
    bool six = false;

    friend bool operator==(const PacketAddress&, const PacketAddress&) = default;
};
/// `192.0.2.1:5060`, `[2001:db8::1]:5060`
std::string write(const PacketAddress& address);

/// When and which way a message passed.
struct PacketHead {
    std::chrono::system_clock::time_point at;
    bool received = false;  ///< by us; else sent by us
    Transport transport = Transport::udp;
    PacketAddress local;  ///< ours
    PacketAddress remote;
};

struct TracedMessage {
    PacketHead head;
    std::size_t dialog = 0;  ///< position among the dialogs of the trace
    bool repeated = false;   ///< the same bytes have passed before, the same way
    std::string text;        ///< all of it
};

/// One phone's dialog with the exchange.
struct TracedDialog {
    std::string sip_call_id;
    std::string extension;
    PartKind kind = PartKind::called;
    bool truncated = false;  ///< it had more messages than are kept
};

struct SipTrace {
    CallRecordId record;
    std::vector<TracedDialog> dialogs;
    std::vector<TracedMessage> messages;  ///< in order of time
};
using SipTraceRef = std::shared_ptr<const SipTrace>;  ///< null: nothing is kept of this call

/// `message` with what must stay secret replaced by `x`, letter by letter, so that all lengths stay
/// right: of Authorization, Proxy-Authorization and their -Info headers everything but names that
/// help no attacker (RFC 7616), passwords and such headers in URIs (RFC 3261 §19.1.1), keys in SDP (`a=crypto`,
/// `a=key-mgmt`, `a=ice-pwd`, `k=`), keys that somebody has pressed (in INFO, and RFC 4730), which
/// may be a PIN, and all that a MESSAGE says.
std::string without_secrets(std::string message);

}  // namespace lampline
