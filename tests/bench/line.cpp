#include "bench/line.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr std::string_view session =
    "v=0\r\no=- 20518 0 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 49170 RTP/AVP 0 8 9 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:9 G722/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";

int open_socket(const sockaddr_in& server, std::uint16_t& port)
{
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw std::system_error{errno, std::generic_category(), "socket"};
    const int on = 1;
    const int receive_buffer = 1 << 20;
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof local;
    if (bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0 ||
        connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0 ||
        getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
        const int error = errno;
        close(fd);
        throw std::system_error{error, std::generic_category(), "bind or connect"};
    }
    port = ntohs(local.sin_port);
    return fd;
}

Stamp arrival_of(msghdr& header) noexcept
{
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec stamp{};
        std::copy_n(CMSG_DATA(c), sizeof stamp, reinterpret_cast<unsigned char*>(&stamp));
        return std::chrono::seconds{stamp.tv_sec} + std::chrono::nanoseconds{stamp.tv_nsec};
    }
    return now_stamp();
}

}  // namespace

Line::Line(Loop& loop, const Server& server, std::string number, std::string secret,
           OnMessage on_message)
    : loop_{loop}, number_{std::move(number)}, domain_{server.domain},
      digest_{number_, std::move(secret)}, on_message_{std::move(on_message)}
{
    std::uint16_t port = 0;
    socket_ = open_socket(server.address, port);
    sent_by_ = "127.0.0.1:" + std::to_string(port);
    address_of_record_.append("<").append(uri_of_number(number_)).append(">");
    contact_header_ = "Contact: <sip:" + number_ + "@" + sent_by_ + ">\r\n";
    sdp_ = sdp_body(std::string{session} + "a=sendrecv\r\n");
    held_sdp_ = sdp_body(std::string{session} + "a=sendonly\r\n");
    loop_.watch(socket_, *this);
}

Line::~Line()
{
    close(socket_);
}

void Line::send(std::string_view message) const noexcept
{
    ::send(socket_, message.data(), message.size(), 0);
}

void Line::readable()
{
    static std::array<char, 65536> buffer;
    alignas(cmsghdr) std::array<char, 128> control;
    iovec vector{buffer.data(), buffer.size()};
    msghdr header{};
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const auto size = recvmsg(socket_, &header, 0);
    if (size <= 0) return;
    SipMessage message;
    if (!parse({buffer.data(), static_cast<std::size_t>(size)}, message)) return;
    message.arrived = arrival_of(header);
    on_message_(message);
}

std::string Line::request(const RequestHead& head) const
{
    std::string text;
    text.reserve(1400);
    text.append(head.method)
        .append(" ")
        .append(head.uri)
        .append(" SIP/2.0\r\nVia: SIP/2.0/UDP ")
        .append(sent_by_);
    text.append(";branch=z9hG4bK").append(head.branch).append(";rport\r\nFrom: ").append(head.from);
    text.append("\r\nTo: ").append(head.to).append("\r\nCall-ID: ").append(head.call_id);
    text.append("\r\nCSeq: ").append(std::to_string(head.cseq)).append(" ").append(head.method);
    return text.append("\r\n").append(max_forwards_and_agent);
}

std::string Line::next_token()
{
    static const std::string run = std::to_string(now_stamp().count() / 1000) + "-";
    return run + number_ + "-" + std::to_string(++tokens_);
}

std::string Line::uri_of_number(std::string_view number) const
{
    return std::string{"sip:"}.append(number).append("@").append(domain_);
}

std::string sdp_body(std::string_view body)
{
    return std::string{"Content-Type: application/sdp\r\nContent-Length: "}
        .append(std::to_string(body.size()))
        .append("\r\n\r\n")
        .append(body);
}

}  // namespace bench
