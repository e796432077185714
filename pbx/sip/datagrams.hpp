#pragma once
// Finished messages, sent past the stack: many UDP datagrams in one system call.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>

#include "sip/transports.hpp"

namespace lampline::sip {

/// A message in its final form. The body may be in three parts that it shares with other messages.
struct Packet {
    std::string text;                              ///< headers, and the body unless it is below
    std::shared_ptr<const std::string> body_head;  ///< null: none
    std::array<char, 10> version{};
    std::uint8_t version_length = 0;
    std::shared_ptr<const std::string> body_tail;
    /// Call-ID by which it is kept with the messages of a call; null: it belongs to none.
    std::shared_ptr<const std::string> kept_as;

    [[nodiscard]] std::size_t size() const noexcept;
    /// All of it in one piece.
    [[nodiscard]] std::string whole() const;
};
using PacketRef = std::shared_ptr<const Packet>;

/// A numeric address, as the socket calls want it.
struct SocketAddress {
    sockaddr_in6 storage{};  // the larger one; starts with the family, like all
    socklen_t length = 0;    ///< 0: not an address

    static SocketAddress of(std::string_view host, std::uint16_t port) noexcept;
    friend bool operator==(const SocketAddress& left, const SocketAddress& right) noexcept;
};

/// Collects datagrams until flush(). What the socket does not take is lost, as UDP is; the
/// retransmission timers of both sides are there for that. Loop thread only.
class DatagramSender {
public:
    void add(PacketRef packet, const SocketAddress& to, const Listener& from);
    void flush() noexcept;

private:
    struct Entry {
        PacketRef packet;
        SocketAddress to;
        int descriptor;
    };
    void send_run(std::size_t begin, std::size_t end) noexcept;

    std::vector<Entry> entries_;
};

}  // namespace lampline::sip

template <>
struct std::hash<lampline::sip::SocketAddress> {
    std::size_t operator()(const lampline::sip::SocketAddress& address) const noexcept
    {
        return std::hash<std::string_view>{}({reinterpret_cast<const char*>(&address.storage),
                                              static_cast<std::size_t>(address.length)});
    }
};
