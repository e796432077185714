#include "sip/datagrams.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

#include "sip/message_tap.hpp"

namespace lampline::sip {
namespace {

constexpr std::size_t per_call = 64;
constexpr std::size_t kept_before_flush = 256;

}  // namespace

std::size_t Packet::size() const noexcept
{
    return text.size() + (body_head ? body_head->size() : 0) + version_length +
           (body_tail ? body_tail->size() : 0);
}

std::string Packet::whole() const
{
    std::string all;
    all.reserve(size());
    all += text;
    if (body_head) all += *body_head;
    all.append(version.data(), version_length);
    if (body_tail) all += *body_tail;
    return all;
}

SocketAddress SocketAddress::of(std::string_view host, std::uint16_t port) noexcept
{
    SocketAddress address;
    char text[INET6_ADDRSTRLEN] = "";
    if (host.size() >= sizeof text) return address;
    std::ranges::copy(host, text);
    auto& four = reinterpret_cast<sockaddr_in&>(address.storage);
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        address.length = sizeof four;
    } else if (inet_pton(AF_INET6, text, &address.storage.sin6_addr) == 1) {
        address.storage.sin6_family = AF_INET6;
        address.storage.sin6_port = htons(port);
        address.length = sizeof address.storage;
    }
    return address;
}

bool operator==(const SocketAddress& left, const SocketAddress& right) noexcept
{
    return left.length == right.length &&
           std::memcmp(&left.storage, &right.storage, left.length) == 0;
}

void DatagramSender::add(PacketRef packet, const SocketAddress& to, const Listener& from)
{
    if (!to.length || from.descriptor < 0) return;
    if (packet->kept_as)
        tap_datagram(*packet->kept_as, packet->whole(), from,
                     reinterpret_cast<const sockaddr&>(to.storage));
    entries_.push_back({std::move(packet), to, from.descriptor});
    if (entries_.size() >= kept_before_flush) flush();
}

void DatagramSender::flush() noexcept
{
    for (std::size_t begin = 0; begin < entries_.size();) {
        auto end = begin + 1;
        while (end < entries_.size() && end - begin < per_call &&
               entries_[end].descriptor == entries_[begin].descriptor)
            ++end;
        send_run(begin, end);
        begin = end;
    }
    entries_.clear();
}

void DatagramSender::send_run(std::size_t begin, std::size_t end) noexcept
{
    std::array<mmsghdr, per_call> headers;
    std::array<std::array<iovec, 4>, per_call> parts;
    const auto piece = [](const char* data, std::size_t size) {
        return iovec{const_cast<char*>(data), size};  // sendmmsg does not write
    };
    for (std::size_t i = begin; i < end; ++i) {
        const auto& packet = *entries_[i].packet;
        auto& vector = parts[i - begin];
        std::size_t used = 0;
        vector[used++] = piece(packet.text.data(), packet.text.size());
        if (packet.body_head)
            vector[used++] = piece(packet.body_head->data(), packet.body_head->size());
        if (packet.version_length)
            vector[used++] = piece(packet.version.data(), packet.version_length);
        if (packet.body_tail)
            vector[used++] = piece(packet.body_tail->data(), packet.body_tail->size());
        auto& header = headers[i - begin];
        header = {};
        header.msg_hdr.msg_name = &entries_[i].to.storage;
        header.msg_hdr.msg_namelen = entries_[i].to.length;
        header.msg_hdr.msg_iov = vector.data();
        header.msg_hdr.msg_iovlen = used;
    }
    const auto count = static_cast<unsigned>(end - begin);
    bool repeated = false;
    for (unsigned sent = 0; sent < count;) {
        const int done =
            sendmmsg(entries_[begin].descriptor, headers.data() + sent, count - sent, MSG_NOSIGNAL);
        if (done > 0) {
            sent += static_cast<unsigned>(done);
            repeated = false;
        } else if (errno == EAGAIN) {
            return;
        } else if (errno == EINTR || !repeated) {
            // An ICMP error of an earlier datagram is reported on the next call, and only once.
            repeated = errno != EINTR;
        } else {
            ++sent;  // this one cannot be sent: no route, too large
            repeated = false;
        }
    }
}

}  // namespace lampline::sip
