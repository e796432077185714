#pragma once
// What the files of the forwarder share.
#include <charconv>

#include "sip/field_values.hpp"
#include "sip/forwarder.hpp"
#include "sip/header_text.hpp"
#include "sip/passed_text.hpp"

namespace lampline::sip {

/// Our branches: cookie and mark, number of the branch, connection and listener of the sender, the
/// session that it asks for (asked_session()), '.', signature of all that, loop mark. So a response
/// finds its way, and gets what it lacks, also when nobody remembers the request.
inline constexpr std::string_view branch_mark = "z9hG4bKpass";
inline constexpr std::string_view probe_mark = "z9hG4bKprobe";
inline constexpr std::string_view subscribe_mark = "z9hG4bKsubs";
inline constexpr std::size_t max_repetitions = 16384;
inline constexpr std::string_view pass_parameter = "pass=";

inline PacketRef packet_of(std::string text)
{
    auto packet = std::make_shared<Packet>();
    packet->text = std::move(text);
    return packet;
}

/// The value of our parameter in a URI; empty: it has none.
inline std::string_view token_in(const url_t& url) noexcept
{
    std::string_view params = text_of(url.url_params);
    while (!params.empty()) {
        const auto end = std::min(params.find(';'), params.size());
        const auto each = params.substr(0, end);
        if (each.starts_with(pass_parameter)) return each.substr(pass_parameter.size());
        params.remove_prefix(std::min(end + 1, params.size()));
    }
    return {};
}

inline bool is_loose(const url_t& url) noexcept
{
    return url_has_param(&url, "lr") != 0;
}

/// The route to us for its dialog: where a strict router has put it, or on top (RFC 3261 §16.4);
/// null: it has none.
inline const url_t* route_of_ours(const sip_t& sip) noexcept
{
    if (!token_in(*sip.sip_request->rq_url).empty()) return sip.sip_request->rq_url;
    const bool first = sip.sip_route && !token_in(*sip.sip_route->r_url).empty();
    return first ? sip.sip_route->r_url : nullptr;
}

inline std::uint16_t port_in(const char* text) noexcept
{
    std::uint16_t port = 0;
    const auto digits = text_of(text);
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return port;
}

/// How long a session the request asks for, whose sender knows session timers (RFC 4028 §7.1); 0:
/// none.
inline std::chrono::seconds asked_session(const sip_t& request)
{
    const auto method = to_method(request);
    if (method != Method::invite && method != Method::update) return {};
    const auto known = to_option_tags(request.sip_supported) | to_option_tags(request.sip_require);
    return has(known, OptionTag::timer) ? to_session_timer(request).expires
                                        : std::chrono::seconds{};
}

/// What the proxy adds to a 2xx whose sender knows no session timers (§8.2); nothing without one.
inline void append_added_session(std::string& text, const SessionTimer& added)
{
    append_session_timer(text, added);
    if (added.expires.count() > 0) append_header(text, "Require", "timer");
}

/// An INVITE that is passed on: the transaction of its sender (RFC 3261 §17.2.1, RFC 6026).
struct Forwarder::Passing {
    enum class State : std::uint8_t { proceeding, accepted, completed, confirmed };

    TransactionId id;
    LegId caller;
    std::string key;
    HeldRequest request;  // its message is given back once no branch needs it
    Hop back;
    State state = State::proceeding;
    PacketRef answer;
    std::vector<ClientTransactionId> branches;
    std::chrono::milliseconds interval{};
};

/// One copy of it: a client transaction (§17.1.1).
struct Forwarder::Branch {
    enum class State : std::uint8_t { calling, proceeding, completed };

    ClientTransactionId id;
    LegId leg;
    Passing* of = nullptr;
    Hop hop;
    std::string request_uri;
    std::string via;
    std::vector<std::string> routes;
    std::string token;  // in our Record-Route
    PacketRef invite;
    PacketRef cancel;
    std::string cancel_headers;
    State state = State::calling;
    bool wants_cancel = false;
    bool reported = false;  // the engine has its final response
    std::chrono::milliseconds interval{};
};

/// A request that came over a connection and leaves by UDP, where nobody else would repeat it; a
/// probe; a NOTIFY whose sender is told when it is lost.
struct Forwarder::Repetition {
    std::string branch;
    Hop hop;
    PacketRef packet;
    bool invite = false;
    LegId leg{};  // of a probe
    ClientTransactionId probe{};
    std::uint64_t subscribing = 0;  // the SUBSCRIBE it is a branch of
    std::optional<HeldRequest> notify{};
    bool repeated_by_sender = false;
    std::chrono::milliseconds interval{};
    TimePoint give_up{};
};

/// A SUBSCRIBE that was passed on and is not answered by all.
struct Forwarder::Subscribing {
    HeldRequest request{};
    Hop back{};
    SubscriptionId subscription{};
    std::size_t open = 0;  // branches
    bool answered = false;
    unsigned status = 0;  // the best so far
    std::string text{};   // of it; empty: ours to write
    std::optional<std::chrono::seconds> expires{};
    std::string notifier_tag{};  // of who said so
    SipUri contact{};
    Flow source{};
};

/// The way of a request within a dialog. Views in `change` refer to the request; it does not have
/// the Request-URI yet.
struct Forwarder::Passage {
    DialogSides sides;
    bool to_callee = false;
    Hop hop;
    std::string request_uri;  // empty: as it came
    PassedRequest change;
};

/// A message that the engine decides about, kept whole until then.
struct ReceivedMessage final : WireMessage {
    ReceivedMessage(MessageRef message, const sip_t& of) : held{std::move(message)}, sip{of} {}
    MessageRef held;
    const sip_t& sip;
};

inline const sip_t& sip_of(const WireMessageRef& message) noexcept
{
    return static_cast<const ReceivedMessage&>(*message).sip;
}

template <class SofiaHeader>
void append_all(std::string& text, const SofiaHeader* header)
{
    if (header) append_headers(text, reinterpret_cast<const msg_header_t*>(header));
}

}  // namespace lampline::sip
