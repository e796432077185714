#include <array>
#include <string>

#include <doctest/doctest.h>

#include "sip/sofia.hpp"
#include "sip/stack_sockets.hpp"
#include "sip_office.hpp"

using namespace lampline;
using namespace lampline::sip;
using namespace lampline::sip::test;

namespace {

struct Pair {
    Pair()
        : ours{socket(AF_INET, SOCK_DGRAM, 0)}, theirs{socket(AF_INET, SOCK_DGRAM, 0)},
          to_us{loopback(bind_loopback(ours.fd()))}, to_them{loopback(bind_loopback(theirs.fd()))}
    {
    }
    void receive(std::string_view text)
    {
        REQUIRE(sendto(theirs.fd(), text.data(), text.size(), 0,
                       reinterpret_cast<const sockaddr*>(&to_us),
                       sizeof to_us) == static_cast<ssize_t>(text.size()));
    }

    Socket ours, theirs;
    sockaddr_in to_us, to_them;
};

/// What the stack does for each datagram. "-": there is none.
std::string read(int descriptor, sockaddr_in* source = nullptr)
{
    const auto size = su_getmsgsize(descriptor);
    if (size < 0) return errno == EAGAIN ? "-" : "error";
    std::string text(static_cast<std::size_t>(size), ' ');
    std::array<su_iovec_t, 2> parts{
        {{text.data(), text.size() / 2},
         {text.data() + text.size() / 2, text.size() - text.size() / 2}}};
    su_sockaddr_t from{};
    socklen_t length = sizeof from;
    REQUIRE(su_vrecv(descriptor, parts.data(), 2, 0, &from, &length) == size);
    if (source) *source = from.su_sin;
    return text;
}

}  // namespace

TEST_CASE("datagrams reach the stack in order and whole, with their source; empty ones do not")
{
    Pair pair;
    const StackSocket socket{pair.ours.fd(), nullptr};
    CHECK(read(pair.ours.fd()) == "-");
    const std::string large(60'000, 'x');
    for (const auto* text : {"one", "", "", "two"}) pair.receive(text);
    pair.receive(large);
    sockaddr_in source{};
    CHECK(read(pair.ours.fd(), &source) == "one");
    CHECK(source.sin_port == pair.to_them.sin_port);
    CHECK(source.sin_addr.s_addr == pair.to_them.sin_addr.s_addr);
    CHECK(read(pair.ours.fd()) == "two");
    pair.receive("three");
    CHECK(read(pair.ours.fd()) == large);
    CHECK(last_datagram() == large);
    CHECK(read(pair.ours.fd()) == "three");
    pair.receive("");
    CHECK(read(pair.ours.fd()) == "-");
}

TEST_CASE("more datagrams than one read takes")
{
    Pair pair;
    const StackSocket socket{pair.ours.fd(), nullptr};
    const auto count = static_cast<int>(2 * StackSocket::datagrams_per_read + 1);
    for (int i = 0; i < count; ++i) pair.receive(std::to_string(i));
    for (int i = 0; i < count; ++i) REQUIRE(read(pair.ours.fd()) == std::to_string(i));
    CHECK(read(pair.ours.fd()) == "-");
}

TEST_CASE("an error that an earlier datagram left does not fail the next one, its own error does")
{
    Pair pair;
    const StackSocket socket{pair.ours.fd(), nullptr};
    const int on = 1;  // as the stack sets it: errors are told although the socket is not connected
    setsockopt(pair.ours.fd(), IPPROTO_IP, IP_RECVERR, &on, sizeof on);
    std::string text = "hello";
    const su_iovec_t part{text.data(), text.size()};
    const auto send = [&](const sockaddr_in& to) {
        su_sockaddr_t address{};
        address.su_sin = to;
        return su_vsend(pair.ours.fd(), &part, 1, MSG_NOSIGNAL, &address, sizeof to);
    };
    std::uint16_t closed = 0;
    {
        const Socket gone{::socket(AF_INET, SOCK_DGRAM, 0)};
        closed = bind_loopback(gone.fd());
    }
    CHECK(send(loopback(closed)) == 5);
    CHECK(send(pair.to_them) == 5);
    char received[16];
    CHECK(recv(pair.theirs.fd(), received, sizeof received, 0) == 5);
    CHECK(send(loopback(closed)) == 5);
    CHECK(read(pair.ours.fd()) == "-");
    CHECK(send(loopback(0)) < 0);
    CHECK(errno == EINVAL);
}

TEST_CASE("other sockets are read and written by the stack itself")
{
    Pair pair;
    pair.receive("one");
    CHECK(su_getmsgsize(pair.ours.fd()) == 3);
    CHECK(su_soerror(pair.ours.fd()) == 0);
    CHECK(read(pair.ours.fd()) == "one");
}

TEST_CASE("a burst of requests is answered in one turn of the loop, in order")
{
    Office office;
    const Socket phone{socket(AF_INET, SOCK_DGRAM, 0)};
    const auto own_port = bind_loopback(phone.fd());
    const auto server = loopback(office.port(Transport::udp));
    constexpr int count = 10;
    for (int i = 0; i < count; ++i) {
        const auto text = fmt::format(
            "OPTIONS sip:{0} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{1};branch=z9hG4bK{2}\r\n"
            "From: <sip:a@{0}>;tag=1\r\nTo: <sip:{0}>\r\nCall-ID: burst\r\nCSeq: {2} OPTIONS\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
            domain, own_port, i + 1);
        REQUIRE(sendto(phone.fd(), text.data(), text.size(), 0,
                       reinterpret_cast<const sockaddr*>(&server), sizeof server) > 0);
    }
    const auto before = readings();
    while (readings() == before) office.loop.step(1s);
    for (int i = 0; i < count; ++i) {
        std::array<char, 4096> buffer{};
        const auto size = recv(phone.fd(), buffer.data(), buffer.size(), 0);
        REQUIRE(size > 0);
        const auto answer = Message::parse({buffer.data(), static_cast<std::size_t>(size)});
        CHECK(answer.status() == 200);
        CHECK(answer["CSeq"] == fmt::format("{} OPTIONS", i + 1));
    }
}
