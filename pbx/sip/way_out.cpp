#include "sip/way_out.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/datagrams.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {

std::string address_towards(std::string_view host)
{
    constexpr std::uint16_t discard_port = 9;  // any; the kernel wants one
    const auto there = SocketAddress::of(host, discard_port);
    if (there.length == 0) return {};
    const auto& address = reinterpret_cast<const sockaddr&>(there.storage);
    const int fd = socket(address.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return {};
    su_sockaddr_t here{};
    socklen_t length = sizeof here;
    // Of a datagram socket this only chooses the way.
    const bool known = connect(fd, &address, there.length) == 0 &&
                       getsockname(fd, &here.su_sa, &length) == 0;
    close(fd);
    char text[SU_ADDRSIZE] = "";
    if (known) su_inet_ntop(here.su_family, SU_ADDR(&here), text, sizeof text);
    return text;
}

const std::string& WaysOut::towards(const std::string& host, TimePoint now)
{
    if (const auto known = ways_.find(host); known != ways_.end() && now < known->second.until)
        return known->second.address;
    if (ways_.size() >= most) ways_.clear();
    auto& way = ways_[host];
    way = {look_up_(host), now + valid_for};
    return way.address;
}

}  // namespace lampline::sip
