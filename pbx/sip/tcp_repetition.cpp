#include "sip/tcp_repetition.hpp"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>

namespace lampline::sip {
namespace {

void set_user_timeout(int descriptor, std::chrono::milliseconds time) noexcept
{
    const auto value = static_cast<unsigned>(time.count());
    setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof value);
}

/// The kernel counts TCP_USER_TIMEOUT from the first repetition, which it forgets only in this
/// state.
bool repeats_nothing(const tcp_info& info) noexcept
{
    return info.tcpi_unacked == 0 || (info.tcpi_ca_state == TCP_CA_Open &&
                                      info.tcpi_retransmits == 0 && info.tcpi_retrans == 0);
}

/// While the peer's window is closed nothing is on its way, but what waits here goes out unseen.
bool is_acknowledged(int descriptor, const tcp_info& info) noexcept
{
    int left = 0;
    return info.tcpi_unacked == 0 && ioctl(descriptor, SIOCOUTQ, &left) == 0 && left == 0;
}

}  // namespace

void TcpRepetition::written(Clock::time_point at) noexcept
{
    if (std::exchange(at_rest_, false)) calm_ = at;
}

void TcpRepetition::look(int descriptor, Clock::time_point now) noexcept
{
    tcp_info info{};
    socklen_t length = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return;
    at_rest_ = is_acknowledged(descriptor, info);
    if (repeats_nothing(info)) {
        calm_ = now;
        if (std::exchange(hastened_, false)) set_user_timeout(descriptor, {});
        return;
    }
    // Too short a time would end the connection: without a calm moment its beginning is unknown.
    if (!calm_ || now - *calm_ > give_up) return;
    hastened_ = true;
    set_user_timeout(descriptor,
                     ahead + std::chrono::duration_cast<std::chrono::milliseconds>(now - *calm_));
}

}  // namespace lampline::sip
