#include "health.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

namespace lampline {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
public:
    explicit Socket(int fd) noexcept : fd_{fd} {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket()
    {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] int fd() const noexcept { return fd_; }

    /// False when `deadline` passes first.
    [[nodiscard]] bool wait_for(short events, Clock::time_point deadline) const noexcept
    {
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0) return false;
            pollfd wanted{fd_, events, 0};
            const int ready = ::poll(&wanted, 1, static_cast<int>(left.count()));
            if (ready > 0) return true;
            if (ready == 0 || errno != EINTR) return false;
        }
    }

private:
    int fd_;
};

struct AddressFree {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressFree>;

AddressList numeric(const ListenAddress& address)
{
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list);
    return AddressList{list};
}

bool connect(const Socket& socket, const addrinfo& to, Clock::time_point deadline) noexcept
{
    if (::connect(socket.fd(), to.ai_addr, to.ai_addrlen) == 0) return true;
    if (errno != EINPROGRESS || !socket.wait_for(POLLOUT, deadline)) return false;
    int error = 0;
    socklen_t length = sizeof error;
    return ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0;
}

}  // namespace

bool is_healthy(const ListenAddress& address, std::chrono::milliseconds patience)
{
    constexpr std::string_view request =
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    constexpr std::string_view well = "HTTP/1.1 200 ";
    const auto deadline = Clock::now() + patience;

    const auto to = numeric(address);
    if (!to) return false;
    const Socket socket{::socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (socket.fd() < 0 || !connect(socket, *to, deadline)) return false;
    if (::send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size()))
        return false;

    std::string answer(well.size(), '\0');
    for (std::size_t have = 0; have < answer.size();) {
        if (!socket.wait_for(POLLIN, deadline)) return false;
        const auto got = ::recv(socket.fd(), answer.data() + have, answer.size() - have, 0);
        if (got <= 0) return false;
        have += static_cast<std::size_t>(got);
    }
    return answer == well;
}

}  // namespace lampline
