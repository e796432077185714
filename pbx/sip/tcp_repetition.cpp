#include "sip/tcp_repetition.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
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

}  // namespace

void TcpRepetition::look(int descriptor, Clock::time_point now) noexcept
{
    tcp_info info{};
    socklen_t length = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) < 0) return;
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
