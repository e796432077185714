#pragma once
// Words that the SIP inputs and commands share.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "core/sip_uri.hpp"

namespace lampline {

enum class Method : std::uint8_t {
    invite, ack, bye, cancel, options, info, update, prack, refer, notify, subscribe, publish, message, register_, other,
};

enum class Transport : std::uint8_t { udp, tcp };

constexpr std::string_view name(Transport transport) noexcept { return transport == Transport::udp ? "udp" : "tcp"; }

/// One header that passes through or is added, never parsed by a rule.
struct Header {
    std::string name;
    std::string value;

    friend bool operator==(const Header&, const Header&) = default;
};

/// The body of a message and the headers that merely pass from one leg to the other (allow-list in sip/translate).
struct Payload {
    std::string content_type;  ///< empty when there is no body
    std::string body;
    std::vector<Header> headers;
};
using PayloadRef = std::shared_ptr<const Payload>;  ///< null: neither body nor headers

[[nodiscard]] inline std::string_view body_of(const PayloadRef& payload) noexcept
{
    return payload ? std::string_view{payload->body} : std::string_view{};
}
[[nodiscard]] inline bool has_body(const PayloadRef& payload) noexcept
{
    return payload && !payload->body.empty();
}
[[nodiscard]] inline PayloadRef session_payload(std::string sdp)
{
    return std::make_shared<const Payload>(Payload{"application/sdp", std::move(sdp), {}});
}

/// A message as it came, for who passes it on; no rule looks into it. The adapter knows what it is.
struct WireMessage {
    WireMessage() = default;
    WireMessage(const WireMessage&) = delete;
    WireMessage& operator=(const WireMessage&) = delete;
    virtual ~WireMessage() = default;
};
using WireMessageRef = std::shared_ptr<const WireMessage>;

/// Where a message came from, and so where its sender is reached again: address, and the connection if there was one.
struct Flow {
    Transport transport = Transport::udp;
    std::string host;            ///< numeric; IPv6 without brackets
    std::uint16_t port = 0;
    ConnectionId connection{};   ///< 0 for UDP, and for TCP when one has to be opened
    std::uint8_t listener = 0;   ///< index of the `--sip` address it came in on, and goes out from; or `listener_by_way`

    friend bool operator==(const Flow&, const Flow&) = default;
};

/// Where a request goes: the Request-URI, the preloaded Route (Path of the binding, RFC 3327), and the next hop.
struct Target {
    SipUri request_uri;
    std::vector<std::string> route;  ///< Route header values, in order
    Flow flow;
};

/// Names a dialog from our side (RFC 3261 §12).
struct DialogId {
    std::string call_id;
    std::string local_tag;
    std::string remote_tag;

    friend bool operator==(const DialogId&, const DialogId&) = default;
};

/// Our CSeq numbers of a dialog count up from here, by one with each request.
inline constexpr std::uint32_t initial_cseq = 1;

/// What a dialog knows besides its id and the flow (RFC 3261 §12): requests in it can be sent from these values alone.
struct DialogState {
    NameAddr local_party;            ///< From of our requests, without tag
    NameAddr remote_party;           ///< To of our requests, without tag
    std::string contact_user;        ///< user part of our Contact
    SipUri target;                   ///< the remote target: Request-URI of our requests
    std::vector<std::string> route;  ///< the route set: Route header values, in order
    std::uint32_t cseq = initial_cseq;  ///< ours: none was sent with a higher one
    std::uint32_t remote_cseq = 0;   ///< the last one seen; 0: none yet

    friend bool operator==(const DialogState&, const DialogState&) = default;
};

/// Option tags that a rule reads (RFC 3261 §19.2); others never cross.
enum class OptionTag : std::uint8_t {
    none = 0,
    timer = 1,
    reliable = 2,
    replaces = 4,
    eventlist = 8,
    join = 16,
    norefersub = 32,
    early_end = 64  ///< `199` (RFC 6228)
};
constexpr OptionTag operator|(OptionTag a, OptionTag b) noexcept
{
    return static_cast<OptionTag>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr OptionTag operator&(OptionTag a, OptionTag b) noexcept
{
    return static_cast<OptionTag>(static_cast<unsigned>(a) & static_cast<unsigned>(b));
}
constexpr bool has(OptionTag set, OptionTag tag) noexcept { return (set & tag) == tag; }

enum class Refresher : std::uint8_t { unspecified, uac, uas };

/// Session-Expires and Min-SE of a message (RFC 4028 §4, §5).
struct SessionTimer {
    std::chrono::seconds expires{};  ///< 0: no Session-Expires
    Refresher refresher = Refresher::unspecified;
    std::chrono::seconds min_se{};   ///< 0: no Min-SE

    friend bool operator==(const SessionTimer&, const SessionTimer&) = default;
};

/// RSeq/RAck of a reliable provisional response (RFC 3262); `rseq` 0: not reliable.
struct ReliableSequence {
    std::uint32_t rseq = 0;
};

/// A Replaces header (RFC 3891 §6.1).
struct Replaces {
    std::string call_id;
    std::string to_tag;
    std::string from_tag;
    bool early_only = false;
};

/// What the To and From of a message say.
struct Parties {
    NameAddr from;
    std::string from_tag;
    NameAddr to;
    std::string to_tag;  ///< empty: outside a dialog
};

}  // namespace lampline
