#include "sip/transports.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <utility>

#include <fmt/format.h>

#include "core/numeric_address.hpp"
#include "sip/field_values.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t max_listeners = 255;
constexpr unsigned receive_buffer = 8U << 20;
constexpr unsigned send_buffer = 4U << 20;
constexpr unsigned silent_connection_ms = 60'000;  // a peer that never authenticated
constexpr unsigned partial_message_ms =
    30'000;  // between the first and the last byte of one message
constexpr unsigned connection_keepalive_ms = 120'000;

bool is_wildcard(std::string_view host) noexcept
{
    return host == "0.0.0.0" || host == "::";
}

bool is_six(const Listener& listener) noexcept
{
    return listener.address.host.find(':') != std::string::npos;
}

std::string numeric_host(const su_sockaddr_t& address)
{
    char text[SU_ADDRSIZE] = "";
    su_inet_ntop(address.su_family, SU_ADDR(&address), text, sizeof text);
    return text;
}

std::uint16_t port_of(const su_sockaddr_t& address) noexcept
{
    return ntohs(address.su_port);
}

bool same(const sockaddr* left, const sockaddr_storage& right, socklen_t length) noexcept
{
    if (left->sa_family != right.ss_family) return false;
    if (left->sa_family == AF_INET) {
        const auto& a = reinterpret_cast<const sockaddr_in&>(*left);
        const auto& b = reinterpret_cast<const sockaddr_in&>(right);
        return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
    }
    return std::memcmp(left, &right, length) == 0;
}

/// The address of the peer, or what of it a site has to itself (RFC 6177).
std::string network_of(const tport_t& connection)
{
    const auto* address = tport_get_address(&connection)->ai_addr;
    if (address->sa_family == AF_INET6) {
        const auto& six = reinterpret_cast<const sockaddr_in6&>(*address).sin6_addr;
        return {reinterpret_cast<const char*>(&six), 8};
    }
    const auto& four = reinterpret_cast<const sockaddr_in&>(*address).sin_addr;
    return {reinterpret_cast<const char*>(&four), sizeof four};
}

/// The stack does not tell the descriptor of its UDP socket; the one that is bound to its address
/// is it.
int descriptor_of(const su_addrinfo_t& address) noexcept
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const int highest = static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 65536));
    for (int fd = 3; fd < highest; ++fd) {
        sockaddr_storage bound{};
        socklen_t length = sizeof bound;
        if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) < 0 ||
            !same(address.ai_addr, bound, static_cast<socklen_t>(address.ai_addrlen)))
            continue;
        int type = 0;
        length = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_DGRAM)
            return fd;
    }
    return -1;
}

extern "C" void connection_error(tp_stack_t*, Connections* connections, tport_t* transport, msg_t*,
                                 int)
{
    connections->closed(*transport);
}

}  // namespace

std::string uri_host(std::string_view numeric_host)
{
    return numeric_host.find(':') == std::string_view::npos ? std::string{numeric_host}
                                                            : fmt::format("[{}]", numeric_host);
}

CannotBind::CannotBind(const ListenAddress& address, const std::string& why)
    : std::runtime_error{fmt::format("cannot listen on {}:{}:{}: {}", name(address.transport),
                                     uri_host(address.host), address.port, why)},
      address_{address}
{
}

Connections::~Connections()
{
    for (auto& [id, connection] : by_id_)
        tport_release(connection.transport.get(), connection.pending, nullptr, nullptr, this, 0);
}

ConnectionId Connections::adopt(tport_t& transport)
{
    if (!tport_is_secondary(&transport)) return {};
    if (const auto known = by_transport_.find(&transport); known != by_transport_.end())
        return known->second;
    const int pending = tport_pend(&transport, nullptr, connection_error, this);
    if (pending < 0) return {};
    const auto id = ids_.next();
    auto& connection = by_id_[id.value];
    connection.transport.reset(tport_ref(&transport));
    connection.pending = pending;
    connection.descriptor = descriptor_of(transport);
    look_at(connection, std::chrono::steady_clock::now());
    if (!connection.repetition.at_rest()) unacknowledged_.push_back(id);
    by_transport_.emplace(&transport, id);
    return id;
}

void Connections::note_phone(ConnectionId id) noexcept
{
    if (const auto found = by_id_.find(id.value); found != by_id_.end()) found->second.phone = true;
}

bool Connections::is_phones(const tport_t& transport) const noexcept
{
    const auto known = by_transport_.find(&transport);
    return known != by_transport_.end() && by_id_.at(known->second.value).phone;
}

tport_t* Connections::live(ConnectionId id) const noexcept
{
    const auto found = by_id_.find(id.value);
    if (found == by_id_.end()) return nullptr;
    auto* transport = found->second.transport.get();
    return tport_is_clear_to_send(transport) ? transport : nullptr;
}

void Connections::look_at(Connection& connection,
                          std::chrono::steady_clock::time_point now) noexcept
{
    if (connection.descriptor >= 0 && tport_is_clear_to_send(connection.transport.get()))
        connection.repetition.look(connection.descriptor, now);
}

void Connections::hasten(std::chrono::steady_clock::time_point now)
{
    if (now < next_look_) return;
    next_look_ = now + TcpRepetition::interval;
    for (const auto& [transport, at] : take_written()) {
        const auto known = by_transport_.find(transport);
        if (known == by_transport_.end()) continue;
        auto& repetition = by_id_.at(known->second.value).repetition;
        if (!repetition.at_rest()) continue;
        repetition.written(at);
        unacknowledged_.push_back(known->second);
    }
    std::erase_if(unacknowledged_, [&](ConnectionId id) {
        const auto found = by_id_.find(id.value);
        if (found == by_id_.end()) return true;
        look_at(found->second, now);
        return found->second.repetition.at_rest();
    });
}

void Connections::limit_strangers(std::size_t of_host, std::size_t all)
{
    auto strangers = take_accepted();
    std::erase_if(strangers, [&](const tport_t* each) {
        return by_transport_.contains(each) || tport_is_closed(each);
    });
    std::unordered_map<std::string, std::size_t> of_network;
    for (const auto* each : strangers) ++of_network[network_of(*each)];
    auto left = strangers.size();
    for (auto* each : strangers) {
        auto& of_its_network = of_network[network_of(*each)];
        if (left <= all && of_its_network <= of_host) continue;
        --left;
        --of_its_network;
        tport_shutdown(each, 2);
    }
}

void Connections::closed(tport_t& transport) noexcept
{
    const auto known = by_transport_.find(&transport);
    if (known == by_transport_.end()) return;
    const auto id = known->second;
    by_transport_.erase(known);
    auto node = by_id_.extract(id.value);
    tport_release(&transport, node.mapped().pending, nullptr, nullptr, this, 0);
    on_closed_(id);
}

Transports::Transports(nta_agent_t& agent, const EndpointSettings& settings,
                       Connections::OnClosed on_closed)
    : agent_{agent}, domain_{settings.domain}, connections_{std::move(on_closed)}
{
    for (const auto& address : settings.listen) bind(address);
    // The stack would show the name of the transport as a comment in every Via.
    for (const auto& listener : listeners_)
        for (auto* via = tport_magic(listener.primary); via; via = via->v_next)
            via->v_comment = nullptr;
}

void Transports::bind(const ListenAddress& address)
{
    const auto ident = fmt::format("listener-{}", listening_.size());
    const auto url = fmt::format("sip:{}:{};transport={}", uri_host(address.host), address.port,
                                 name(address.transport));
    const int bound = nta_agent_add_tport(
        &agent_, url_text(url.c_str()), TPTAG_IDENT(ident.c_str()), TPTAG_UDP_RMEM(receive_buffer),
        TPTAG_UDP_WMEM(send_buffer), TPTAG_IDLE(silent_connection_ms),
        TPTAG_TIMEOUT(partial_message_ms), TPTAG_KEEPALIVE(connection_keepalive_ms),
        TPTAG_PONG2PING(1), TPTAG_SDWN_ERROR(1), TPTAG_STUN_SERVER(0), TAG_END());
    if (bound < 0) throw CannotBind{address, std::strerror(errno)};

    ListenAddress real = address;
    bool first = true;
    for (auto* primary = tport_primaries(nta_agent_tports(&agent_)); primary;
         primary = tport_next(primary)) {
        const auto* info = tport_get_address(primary);
        const auto* transport_ident = tport_ident(primary);
        if (!transport_ident || ident != transport_ident) continue;
        if (listeners_.size() == max_listeners)
            throw CannotBind{address, "more than 255 addresses"};
        const auto& socket_address = *reinterpret_cast<const su_sockaddr_t*>(info->ai_addr);
        auto& listener = listeners_.emplace_back();
        listener.address = {address.transport, numeric_host(socket_address),
                            port_of(socket_address)};
        listener.primary = primary;
        listener.ident = ident;
        listener.sent_by =
            fmt::format("{}:{}", uri_host(listener.address.host), listener.address.port);
        listener.contact_tail = fmt::format(
            "@{}{}", listener.sent_by, address.transport == Transport::tcp ? ";transport=tcp" : "");
        if (address.transport == Transport::udp) {
            listener.descriptor = descriptor_of(*info);
            if (listener.descriptor < 0) throw CannotBind{address, "its socket cannot be found"};
            sockets_.emplace_back(listener.descriptor, primary);
        }
        if (std::exchange(first, false)) real.port = listener.address.port;
    }
    if (first) throw CannotBind{address, "the SIP library made no socket"};
    if (!is_wildcard(real.host)) real.host = listeners_.back().address.host;
    listening_.push_back(real);
}

tport_t* Transports::transport_of(const msg_t& message) const noexcept
{
    return tport_delivered_by(nta_agent_tports(&agent_), &message);
}

Flow Transports::source_of(msg_t& message, tport_t* transport) const
{
    Flow flow;
    const auto* address = msg_addr(&message);
    flow.host = numeric_host(*address);
    flow.port = port_of(*address);
    if (transport) {
        flow.transport = tport_is_tcp(transport) ? Transport::tcp : Transport::udp;
        const auto* primary = tport_parent(transport);
        const auto listener = std::ranges::find(listeners_, primary, &Listener::primary);
        if (listener != listeners_.end())
            flow.listener = static_cast<std::uint8_t>(listener - listeners_.begin());
    }
    return flow;
}

const Listener* choose_listener(const std::vector<Listener>& listeners, const Flow& flow,
                                WaysOut& ways)
{
    const bool six = flow.host.find(':') != std::string::npos;
    const auto fits = [&](const Listener& listener) {
        return listener.address.transport == flow.transport && is_six(listener) == six;
    };
    if (flow.listener < listeners.size() && fits(listeners[flow.listener]))
        return &listeners[flow.listener];
    const auto first = std::ranges::find_if(listeners, fits);
    if (first == listeners.end()) return nullptr;
    if (std::find_if(first + 1, listeners.end(), fits) == listeners.end()) return &*first;
    const auto& here = ways.towards(flow.host, std::chrono::steady_clock::now());
    const auto found = std::ranges::find_if(listeners, [&](const Listener& listener) {
        return fits(listener) && listener.address.host == here;
    });
    return found == listeners.end() ? &*first : &*found;
}

const Listener* Transports::listener_of(const Flow& flow) const
{
    return choose_listener(listeners_, flow, ways_);
}

Flow Transports::settled(Flow flow) const
{
    if (const auto* listener = listener_of(flow))
        flow.listener = static_cast<std::uint8_t>(listener - listeners_.data());
    return flow;
}

bool Transports::is_first_of_its_kind(const Listener& listener) const noexcept
{
    return &listener == &*std::ranges::find_if(listeners_, [&](const Listener& other) {
        return other.address.transport == listener.address.transport &&
               is_six(other) == is_six(listener);
    });
}

std::string Transports::next_hop(const Flow& flow, const SipUri& request_uri)
{
    const std::string host = uri_host(flow.host);
    auto port = flow.port;
    // Where it listens; its connection came from any port. Another host would be anybody's.
    if (flow.transport == Transport::tcp && request_uri.host == host)
        port = request_uri.port ? request_uri.port : std::uint16_t{5060};
    std::string hop = "sip:";
    hop += host;
    hop += ':';
    hop += fmt::format_int{port ? port : std::uint16_t{5060}}.c_str();
    hop += ";transport=";
    hop += name(flow.transport);
    return hop;
}

std::string Transports::next_hop(const Flow& flow)
{
    return fmt::format("sip:{}:{};transport={}", uri_host(flow.host), flow.port ? flow.port : 5060,
                       name(flow.transport));
}

bool Transports::is_ours(std::string_view host) const
{
    return same_host(host, domain_) ||
           std::ranges::any_of(listeners_, [&](const Listener& listener) {
               return same_host(host, listener.address.host);
           });
}

bool Transports::is_us(const url_t& url) const
{
    const auto host = text_of(url.url_host);
    return is_our_sent_by(host, text_of(url.url_port)) ||
           (!is_numeric_address(without_brackets(host)) && is_ours(host));
}

bool Transports::is_our_sent_by(std::string_view host, std::string_view port) const noexcept
{
    unsigned number = 5060;
    if (!port.empty()) std::from_chars(port.data(), port.data() + port.size(), number);
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    return std::ranges::any_of(listeners_, [&](const Listener& listener) {
        return listener.address.port == number && listener.address.host == host;
    });
}

void Transports::refuse_connections(bool refuse) noexcept
{
    if (refuse == refusing_) return;
    refusing_ = refuse;
    for (const auto& listener : listeners_) {
        if (listener.address.transport != Transport::tcp) continue;
        if (refuse)
            tport_stall(listener.primary);
        else
            tport_continue(listener.primary);
    }
}

unsigned Transports::backlog_percent() const noexcept
{
    unsigned fullest = 0;
    for (const auto& listener : listeners_) {
        if (listener.descriptor < 0) continue;
        std::uint32_t memory[SK_MEMINFO_VARS] = {};
        socklen_t length = sizeof memory;
        if (getsockopt(listener.descriptor, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0) continue;
        const auto buffer = memory[SK_MEMINFO_RCVBUF];
        if (buffer)
            fullest = std::max(
                fullest,
                static_cast<unsigned>(std::uint64_t{memory[SK_MEMINFO_RMEM_ALLOC]} * 100 / buffer));
    }
    return fullest;
}

}  // namespace lampline::sip
