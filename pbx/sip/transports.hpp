#pragma once
// The addresses we listen on, and the connections that phones keep open to them.
#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/sip_types.hpp"
#include "sip/endpoint.hpp"
#include "sip/sofia.hpp"
#include "sip/stack_sockets.hpp"
#include "sip/tcp_repetition.hpp"
#include "sip/way_out.hpp"

namespace lampline::sip {

/// One socket of ours. A wildcard address has one for each address of the machine.
struct Listener {
    ListenAddress address;       ///< the real one
    tport_t* primary = nullptr;  ///< belongs to the agent
    int descriptor = -1;         ///< UDP: the socket itself, for sending past the stack
    std::string ident;           ///< names the transport to the stack
    std::string sent_by;         ///< `host:port`, as in our Via (RFC 3261 §18.1.1)
    std::string
        contact_tail;  ///< what follows the user part in our Contact: `@host:port;transport=tcp`
};

/// Connections over which an authenticated phone has spoken. They are kept open, and their end is
/// reported.
class Connections {
public:
    using OnClosed = std::function<void(ConnectionId)>;
    explicit Connections(OnClosed on_closed) : on_closed_{std::move(on_closed)} {}
    ~Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    /// The id of this connection, given on first sight. 0 for datagrams.
    ConnectionId adopt(tport_t& transport);
    /// The connection, when it can still be sent on.
    [[nodiscard]] tport_t* live(ConnectionId id) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return by_id_.size(); }
    /// A phone has authenticated over this connection: it is the phone's, whatever else is at its
    /// address.
    void note_phone(ConnectionId id) noexcept;
    [[nodiscard]] bool is_phones(const tport_t& transport) const noexcept;

    /// Closes connections that somebody else has opened and nobody has authenticated on, the oldest first, until there are
    /// at most `of_host` from one address (IPv6: from one /64) and `all` together. Not to be called by the stack. Costs
    /// nothing while no connection comes.
    void limit_strangers(std::size_t of_host, std::size_t all);

    /// The stack says that a transport is gone.
    void closed(tport_t& transport) noexcept;

    /// Has the kernel repeat in time what a peer does not acknowledge. To be called at least each
    /// TcpRepetition::interval. Costs nothing for a connection that nothing is written to.
    void hasten(std::chrono::steady_clock::time_point now);

private:
    struct Connection {
        TransportRef transport;
        int pending = -1;     // our registration with the transport
        int descriptor = -1;  // valid as long as the transport can be sent on
        bool phone = false;
        TcpRepetition repetition;
    };
    static void look_at(Connection& connection, std::chrono::steady_clock::time_point now) noexcept;

    OnClosed on_closed_;
    IdSource<ConnectionId> ids_;
    std::unordered_map<std::uint64_t, Connection> by_id_;
    std::unordered_map<const tport_t*, ConnectionId> by_transport_;
    std::vector<ConnectionId> unacknowledged_;  // not at rest; some may be closed
    std::chrono::steady_clock::time_point next_look_{};
};

/// Binds the addresses and translates between flows and transports. Loop thread only.
class Transports {
public:
    /// @throws CannotBind for the first address that cannot be bound.
    Transports(nta_agent_t& agent, const EndpointSettings& settings,
               Connections::OnClosed on_closed);

    /// The real addresses, in the order of the settings.
    [[nodiscard]] const std::vector<ListenAddress>& listening() const noexcept
    {
        return listening_;
    }
    [[nodiscard]] const std::vector<Listener>& listeners() const noexcept { return listeners_; }

    /// Where a message that is being delivered came from; without the id of a connection.
    [[nodiscard]] Flow source_of(msg_t& message, tport_t* transport) const;
    /// The transport that a message being delivered came by.
    [[nodiscard]] tport_t* transport_of(const msg_t& message) const noexcept;

    /// The listener that requests of this flow go out from; nullptr when we have none of that
    /// transport and family.
    [[nodiscard]] const Listener* listener_of(const Flow& flow) const;
    /// `flow` with the index of that listener, so that it stays this one.
    [[nodiscard]] Flow settled(Flow flow) const;
    /// Whether the stack takes this listener by itself, as the first of its transport and family.
    [[nodiscard]] bool is_first_of_its_kind(const Listener& listener) const noexcept;
    /// The open connection of the flow; nullptr for UDP, and when a new one has to be opened.
    [[nodiscard]] tport_t* connection_of(const Flow& flow) const noexcept
    {
        return connections_.live(flow.connection);
    }
    /// The address to connect or send to, as the stack wants it: `sip:10.0.0.5:5060;transport=udp`.
    /// A phone whose connection is gone is called at the port of `request_uri`, if that names its
    /// host; no contact leads to another one.
    [[nodiscard]] static std::string next_hop(const Flow& flow, const SipUri& request_uri);
    /// The same for who is where the flow says, whatever its contact is.
    [[nodiscard]] static std::string next_hop(const Flow& flow);

    /// Whether a host (and port, 0: any) of a URI means us: the domain, or an address that we
    /// listen on.
    [[nodiscard]] bool is_ours(std::string_view host) const;
    /// Whether a URI leads to us, and not to another program at an address of ours.
    [[nodiscard]] bool is_us(const url_t& url) const;
    [[nodiscard]] bool is_our_sent_by(std::string_view host, std::string_view port) const noexcept;

    Connections& connections() noexcept { return connections_; }
    /// Takes no new connections while `refuse`.
    void refuse_connections(bool refuse) noexcept;
    /// The share of the fullest UDP receive buffer that is in use, in percent.
    [[nodiscard]] unsigned backlog_percent() const noexcept;

private:
    void bind(const ListenAddress& address);

    nta_agent_t& agent_;
    std::string domain_;
    std::vector<ListenAddress> listening_;
    std::vector<Listener> listeners_;
    mutable WaysOut ways_;
    std::deque<StackSocket> sockets_;  // of the UDP listeners
    Connections connections_;
    bool refusing_ = false;
};

/// The one that requests of `flow` go out from: which it names, if that is of its transport and
/// family; else, of those that are, the first one at the address that the way to its host leads out
/// of; else the first. nullptr: there is none.
const Listener* choose_listener(const std::vector<Listener>& listeners, const Flow& flow,
                                WaysOut& ways);

/// `host` or `[host]`, for a URI.
std::string uri_host(std::string_view numeric_host);

}  // namespace lampline::sip
