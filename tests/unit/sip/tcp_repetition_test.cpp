#include "sip/tcp_repetition.hpp"

#include <array>
#include <netinet/tcp.h>
#include <poll.h>

#include "sip_office.hpp"

using namespace lampline::sip;
using namespace lampline::sip::test;
using Clock = TcpRepetition::Clock;

namespace {

/// A connection whose other end can be out of reach.
struct Connection {
    Connection()
    {
        const Socket listener{socket(AF_INET, SOCK_STREAM, 0)};
        const auto address = loopback(bind_loopback(listener.fd()));
        REQUIRE(listen(listener.fd(), 1) == 0);
        connect(theirs.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
        pollfd arrives{listener.fd(), POLLIN, 0};
        REQUIRE(poll(&arrives, 1, 5000) == 1);
        ours = Socket{accept(listener.fd(), nullptr, nullptr)};
    }

    /// Nothing reaches it, so it acknowledges nothing.
    void goes_away() { lose_all(theirs.fd(), true); }
    void returns() { lose_all(theirs.fd(), false); }
    void send() { REQUIRE(::send(ours.fd(), "NOTIFY", 6, MSG_NOSIGNAL) == 6); }

    [[nodiscard]] tcp_info info() const
    {
        tcp_info info{};
        socklen_t length = sizeof info;
        REQUIRE(getsockopt(ours.fd(), IPPROTO_TCP, TCP_INFO, &info, &length) == 0);
        return info;
    }
    template <class Condition>
    void until(Condition done) const
    {
        for (const auto end = Clock::now() + 10s; !done(info()); poll(nullptr, 0, 5))
            REQUIRE(Clock::now() < end);
    }
    void until_repeated() const
    {
        until([](const tcp_info& info) { return info.tcpi_retransmits > 0; });
    }
    /// 0: as long as the kernel has it.
    [[nodiscard]] std::chrono::milliseconds user_timeout() const
    {
        int value = -1;
        socklen_t length = sizeof value;
        REQUIRE(getsockopt(ours.fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &value, &length) == 0);
        return std::chrono::milliseconds{value};
    }

    Socket ours, theirs{socket(AF_INET, SOCK_STREAM, 0)};
};

}  // namespace

TEST_CASE("what a peer does not acknowledge is repeated in time until it does, but not for ever")
{
    Connection connection;
    TcpRepetition repetition;
    const auto looks = [&](Clock::time_point now) {
        repetition.look(connection.ours.fd(), now);
        return connection.user_timeout();
    };
    const auto calm = Clock::now();
    CHECK(looks(calm) == 0ms);
    connection.goes_away();
    connection.send();
    connection.until_repeated();
    // Counted from the first repetition, which was after the calm moment.
    const auto later = [&](std::chrono::milliseconds time) { return TcpRepetition::ahead + time; };
    CHECK(looks(calm + 1s) == later(1s));
    CHECK(looks(calm + 30s) == later(30s));
    const auto last = later(TcpRepetition::give_up);
    CHECK(looks(calm + TcpRepetition::give_up) == last);
    CHECK(looks(calm + TcpRepetition::give_up + 1s) == last);
    connection.returns();
    connection.until([](const tcp_info& info) { return info.tcpi_unacked == 0; });
    CHECK(looks(Clock::now()) == 0ms);
}

TEST_CASE(
    "a connection that was never seen without a repetition is left to the kernel until it was")
{
    Connection connection;
    TcpRepetition repetition;
    const auto looks = [&] {
        repetition.look(connection.ours.fd(), Clock::now());
        return connection.user_timeout();
    };
    connection.goes_away();
    connection.send();
    connection.until_repeated();
    CHECK(looks() == 0ms);
    connection.returns();
    connection.until([](const tcp_info& info) { return info.tcpi_unacked == 0; });
    CHECK(looks() == 0ms);
    connection.goes_away();
    connection.send();
    connection.until_repeated();
    CHECK(looks() >= TcpRepetition::ahead);
}

TEST_CASE("a connection at rest need not be looked at until something is written to it")
{
    Connection connection;
    TcpRepetition repetition;
    const auto calm = Clock::now();
    repetition.look(connection.ours.fd(), calm);
    CHECK(repetition.at_rest());
    connection.goes_away();
    connection.send();
    repetition.written(calm + 1h);
    CHECK(!repetition.at_rest());
    connection.until_repeated();
    // Counted from what was written, though nobody has looked for an hour.
    repetition.look(connection.ours.fd(), calm + 1h + 500ms);
    CHECK(connection.user_timeout() == TcpRepetition::ahead + 500ms);
    // More of it moves nothing.
    repetition.written(calm + 1h + 600ms);
    repetition.look(connection.ours.fd(), calm + 1h + 1s);
    CHECK(connection.user_timeout() == TcpRepetition::ahead + 1s);
    CHECK(!repetition.at_rest());
    connection.returns();
    connection.until([](const tcp_info& info) { return info.tcpi_unacked == 0; });
    repetition.look(connection.ours.fd(), Clock::now());
    CHECK(repetition.at_rest());
}

TEST_CASE(
    "what waits for a peer's window to open goes out by itself: such a connection has no rest")
{
    Connection connection;
    TcpRepetition repetition;
    while (::send(connection.ours.fd(), "NOTIFY", 6, MSG_NOSIGNAL) > 0) continue;
    connection.until([](const tcp_info& info) { return info.tcpi_unacked == 0; });
    repetition.look(connection.ours.fd(), Clock::now());
    CHECK(!repetition.at_rest());
    CHECK(connection.user_timeout() == 0ms);
}
