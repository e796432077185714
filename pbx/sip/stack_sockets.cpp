#include "sip/stack_sockets.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <memory>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/table_room.hpp"
#include "sip/sofia.hpp"

// Of Sofia's tport_internal.h.
struct tport_pri_s;
extern "C" void tport_recv_event(tport_t* transport);
extern "C" tport_t* tport_alloc_secondary(tport_pri_s* primary, int socket, int accepted,
                                          char const** reason);
extern "C" void tport_zap_secondary(tport_t* connection);
extern "C" ssize_t tport_send_stream(tport_t const* connection, msg_t* message, msg_iovec_t parts[],
                                     std::size_t count);
extern "C" int tport_tcp_ping(tport_t* connection, su_time_t now);
extern "C" int tport_tcp_pong(tport_t* connection);

namespace lampline::sip {
namespace {

constexpr std::size_t largest_datagram = 65535;

/// Datagrams fetched from one socket and not yet read by the stack.
class Fetched {
public:
    Fetched(int descriptor, const tport_t* primary)
        : descriptor_{descriptor}, primary_{primary}, bytes_{std::make_unique_for_overwrite<char[]>(
                                                          per_read * largest_datagram)}
    {
        for (std::size_t i = 0; i < per_read; ++i) {
            parts_[i] = {bytes_.get() + i * largest_datagram, largest_datagram};
            auto& header = headers_[i].msg_hdr;
            header = {};
            header.msg_name = &sources_[i];
            header.msg_iov = &parts_[i];
            header.msg_iovlen = 1;
        }
    }

    [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
    [[nodiscard]] const tport_t* primary() const noexcept { return primary_; }
    /// Whether something is left of what was fetched.
    [[nodiscard]] bool left() noexcept
    {
        while (next_ < count_ && headers_[next_].msg_len == 0) ++next_;
        return next_ < count_;
    }

    /// The size of the next datagram, which is fetched if need be; -1 with errno when there is
    /// none.
    issize_t size_of_next() noexcept
    {
        if (!left() && !fetch()) return -1;
        return static_cast<issize_t>(headers_[next_].msg_len);
    }

    /// The same, where it lies until more is fetched; only after size_of_next() has said that it is
    /// there.
    [[nodiscard]] std::string_view next() const noexcept
    {
        return {static_cast<const char*>(parts_[next_].iov_base), headers_[next_].msg_len};
    }

    /// As recvmsg would.
    issize_t take(const iovec* parts, std::size_t count, sockaddr* source,
                  socklen_t* length) noexcept
    {
        if (!left()) {
            errno = EAGAIN;
            return -1;
        }
        const std::size_t i = next_++;
        ++gone_;
        last_ = {static_cast<const char*>(parts_[i].iov_base), headers_[i].msg_len};
        if (source && length) {
            std::memcpy(source, &sources_[i],
                        std::min<std::size_t>(*length, headers_[i].msg_hdr.msg_namelen));
            *length = headers_[i].msg_hdr.msg_namelen;
        }
        std::size_t copied = 0;
        for (std::size_t part = 0; part < count && copied < last_.size(); ++part) {
            const auto size = std::min(parts[part].iov_len, last_.size() - copied);
            std::memcpy(parts[part].iov_base, last_.data() + copied, size);
            copied += size;
        }
        return static_cast<issize_t>(copied);
    }
    void pass_over() noexcept
    {
        ++next_;
        ++gone_;
    }
    /// How many were taken or passed over.
    [[nodiscard]] std::uint64_t gone() const noexcept { return gone_; }
    [[nodiscard]] std::string_view last() const noexcept { return last_; }

private:
    static constexpr auto per_read = StackSocket::datagrams_per_read;

    bool fetch() noexcept
    {
        for (auto& header : headers_) header.msg_hdr.msg_namelen = sizeof(sockaddr_in6);
        // The first error may be that of an earlier send, which is told once.
        int got = -1;
        for (int attempt = 0; attempt < 2 && got < 0; ++attempt) {
            got = recvmmsg(descriptor_, headers_.data(), per_read, MSG_DONTWAIT, nullptr);
            if (got < 0 && errno == EAGAIN) break;
        }
        next_ = 0;
        count_ = static_cast<std::size_t>(std::max(got, 0));
        if (left()) return true;
        if (got >= 0) errno = EAGAIN;
        return false;
    }

    int descriptor_;
    const tport_t* primary_;
    std::unique_ptr<char[]> bytes_;
    std::array<iovec, per_read> parts_;
    std::array<sockaddr_in6, per_read> sources_{};
    std::array<mmsghdr, per_read> headers_;
    std::size_t next_ = 0, count_ = 0;
    std::uint64_t gone_ = 0;
    std::string_view last_;
};

thread_local std::vector<std::unique_ptr<Fetched>> sockets;  // few: one for each UDP listener
thread_local Fetched* last_read = nullptr;
struct Connected {
    tport_t* transport = nullptr;
    int socket = -1;
    std::uint64_t accepted = 0;  // counts up; 0: we have opened it
};
thread_local std::unordered_map<const tport_t*, Connected> connected;
thread_local std::uint64_t last_accepted = 0, accepted_taken = 0;
thread_local std::unordered_map<const tport_t*, std::chrono::steady_clock::time_point> written;
thread_local std::uint64_t times_read = 0;
thread_local TakesDatagram takes_datagram;

Fetched* socket_of(int descriptor) noexcept
{
    for (const auto& socket : sockets)
        if (socket->descriptor() == descriptor) return socket.get();
    return nullptr;
}

Fetched* socket_of(const tport_t* primary) noexcept
{
    for (const auto& socket : sockets)
        if (socket->primary() == primary) return socket.get();
    return nullptr;
}

bool is_taken(Fetched& socket) noexcept
try {
    return takes_datagram && socket.size_of_next() > 0 && takes_datagram(socket.next());
} catch (...) {  // no memory: the stack may have some
    return false;
}

void note_written(const tport_t* connection) noexcept
try {
    written.try_emplace(connection, std::chrono::steady_clock::now());
} catch (...) {  // no memory: the kernel repeats what is written as rarely as it would by itself
}

/// Sofia's own function of that name.
template <class Function>
Function* of_the_stack(Function&, const char* name) noexcept
{
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

StackSocket::StackSocket(int descriptor, const tport_s* primary) : descriptor_{descriptor}
{
    sockets.push_back(std::make_unique<Fetched>(descriptor, primary));
}

StackSocket::~StackSocket()
{
    last_read = nullptr;
    std::erase_if(sockets, [&](const auto& socket) { return socket->descriptor() == descriptor_; });
}

std::string_view last_datagram() noexcept
{
    return last_read ? last_read->last() : std::string_view{};
}

int descriptor_of(const tport_s& connection) noexcept
{
    const auto found = connected.find(&connection);
    return found == connected.end() ? -1 : found->second.socket;
}

std::vector<tport_s*> take_accepted()
{
    std::vector<tport_s*> accepted;
    if (std::exchange(accepted_taken, last_accepted) == last_accepted) return accepted;
    std::vector<const Connected*> in_order;
    in_order.reserve(connected.size());
    for (const auto& [key, connection] : connected)
        if (connection.accepted > 0) in_order.push_back(&connection);
    std::ranges::sort(in_order, {}, &Connected::accepted);
    accepted.reserve(in_order.size());
    for (const auto* connection : in_order) accepted.push_back(connection->transport);
    return accepted;
}

std::unordered_map<const tport_s*, std::chrono::steady_clock::time_point> take_written() noexcept
{
    return std::exchange(written, {});
}

std::uint64_t readings() noexcept
{
    return times_read;
}

void offer_datagrams_to(TakesDatagram take) noexcept
{
    takes_datagram = std::move(take);
}

}  // namespace lampline::sip

namespace sip_floor = lampline::sip;

extern "C" __attribute__((visibility("default"))) void tport_recv_event(tport_t* transport)
{
    static auto* const receive = sip_floor::of_the_stack(tport_recv_event, "tport_recv_event");
    for (bool more = true; more;) {
        ++sip_floor::times_read;
        sip_floor::last_read = nullptr;
        auto* before = sip_floor::socket_of(transport);
        const auto gone = before ? before->gone() : 0;
        const bool taken = before && sip_floor::is_taken(*before);
        if (receive && !taken) receive(transport);
        // Looked up anew: who was called may have closed the listener, or read on itself.
        auto* socket = sip_floor::socket_of(transport);
        more = socket && socket->left();
        // The stack had no memory for it, or it was not for the stack.
        if (more && socket->gone() == gone) {
            socket->pass_over();
            more = socket->left();
        }
    }
}

extern "C" __attribute__((visibility("default"))) issize_t su_getmsgsize(su_socket_t descriptor)
{
    static auto* const size_of = sip_floor::of_the_stack(su_getmsgsize, "su_getmsgsize");
    if (auto* socket = sip_floor::socket_of(descriptor)) return socket->size_of_next();
    return size_of ? size_of(descriptor) : -1;
}

extern "C" __attribute__((visibility("default"))) issize_t
su_vrecv(su_socket_t descriptor, su_iovec_t parts[], isize_t count, int flags,
         su_sockaddr_t* source, socklen_t* length)
{
    static auto* const receive = sip_floor::of_the_stack(su_vrecv, "su_vrecv");
    if (auto* socket = sip_floor::socket_of(descriptor)) {
        sip_floor::last_read = socket;
        return socket->take(reinterpret_cast<const iovec*>(parts), static_cast<std::size_t>(count),
                            reinterpret_cast<sockaddr*>(source), length);
    }
    return receive ? receive(descriptor, parts, count, flags, source, length) : -1;
}

extern "C" __attribute__((visibility("default"))) int su_soerror(su_socket_t descriptor)
{
    static auto* const error_of = sip_floor::of_the_stack(su_soerror, "su_soerror");
    if (sip_floor::socket_of(descriptor)) return 0;
    return error_of ? error_of(descriptor) : 0;
}

extern "C" __attribute__((visibility("default"))) issize_t
su_vsend(su_socket_t descriptor, const su_iovec_t parts[], isize_t count, int flags,
         const su_sockaddr_t* to, socklen_t length)
{
    static auto* const send = sip_floor::of_the_stack(su_vsend, "su_vsend");
    if (!send) return -1;
    const auto sent = send(descriptor, parts, count, flags, to, length);
    if (sent >= 0 || errno == EAGAIN || !sip_floor::socket_of(descriptor)) return sent;
    return send(descriptor, parts, count, flags, to, length);
}

extern "C" __attribute__((visibility("default"))) tport_t*
tport_alloc_secondary(tport_pri_s* primary, int socket, int accepted, char const** reason)
{
    static auto* const allocate =
        sip_floor::of_the_stack(tport_alloc_secondary, "tport_alloc_secondary");
    auto* connection = allocate ? allocate(primary, socket, accepted, reason) : nullptr;
    if (connection)
        sip_floor::connected.insert_or_assign(
            connection, sip_floor::Connected{connection, socket,
                                             accepted ? ++sip_floor::last_accepted : 0});
    return connection;
}

extern "C" __attribute__((visibility("default"))) void tport_zap_secondary(tport_t* connection)
{
    static auto* const zap = sip_floor::of_the_stack(tport_zap_secondary, "tport_zap_secondary");
    sip_floor::written.erase(connection);
    sip_floor::connected.erase(connection);
    lampline::give_back_room(sip_floor::connected);
    if (zap) zap(connection);
}

extern "C" __attribute__((visibility("default"))) ssize_t
tport_send_stream(tport_t const* connection, msg_t* message, msg_iovec_t parts[], std::size_t count)
{
    static auto* const send = sip_floor::of_the_stack(tport_send_stream, "tport_send_stream");
    sip_floor::note_written(connection);
    return send ? send(connection, message, parts, count) : -1;
}

/// Keeps an idle connection alive: CRLF twice, past tport_send_stream.
extern "C" __attribute__((visibility("default"))) int tport_tcp_ping(tport_t* connection,
                                                                     su_time_t now)
{
    static auto* const ping = sip_floor::of_the_stack(tport_tcp_ping, "tport_tcp_ping");
    sip_floor::note_written(connection);
    return ping ? ping(connection, now) : -1;
}

/// Answers the same of the peer.
extern "C" __attribute__((visibility("default"))) int tport_tcp_pong(tport_t* connection)
{
    static auto* const pong = sip_floor::of_the_stack(tport_tcp_pong, "tport_tcp_pong");
    sip_floor::note_written(connection);
    return pong ? pong(connection) : -1;
}
