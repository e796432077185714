#pragma once
// How the stack reads and writes its UDP sockets: in fewer system calls than it would by itself;
// which sockets its connections have, and which of these it writes to. Takes the place of ten
// functions of Sofia's, through the dynamic linker like screen.hpp.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

struct tport_s;

namespace lampline::sip {

/// The socket of one UDP listener, from construction on. Pinned; destroyed before the stack closes
/// the socket, on the thread of its loop, as all of this is.
///
/// Reading: what waits in the kernel is fetched with one recvmmsg, at most `datagrams_per_read`,
/// and handed to the stack one by one, in order, before the loop goes on. Empty datagrams are
/// passed over. The stack would ask for the size of each, read it, and ask the poll for the next.
///
/// Writing: an error that an earlier datagram left on the socket (an ICMP message) is passed over
/// by repeating the call; the stack would ask for it before each. What the send itself meets is
/// reported as ever.
class StackSocket {
public:
    StackSocket(int descriptor, const tport_s* primary);
    ~StackSocket();
    StackSocket(const StackSocket&) = delete;
    StackSocket& operator=(const StackSocket&) = delete;

    static constexpr std::size_t datagrams_per_read = 32;

private:
    int descriptor_;
};

/// The datagram that the stack has read last, as it was on the wire; until it reads the next one.
/// Empty when that did not come over a StackSocket.
[[nodiscard]] std::string_view last_datagram() noexcept;

/// Offers each datagram that waits on a StackSocket to `take` before the stack reads it; true: it is
/// done with, and the stack never sees it. Null: no more. Of this thread.
using TakesDatagram = std::function<bool(std::string_view)>;
void offer_datagrams_to(TakesDatagram take) noexcept;

/// The socket of a connection that the stack has opened or accepted on this thread; -1: it has none
/// of these. The stack may have closed it: until then the connection can be sent on.
[[nodiscard]] int descriptor_of(const tport_s& connection) noexcept;

/// The connections that the stack has accepted on this thread, the oldest first, until it frees them; empty when it has
/// accepted none since the last call.
[[nodiscard]] std::vector<tport_s*> take_accepted();

/// The connections that the stack has written anything to on this thread since the last call, open
/// ones only, with the time of the first writing.
[[nodiscard]] std::unordered_map<const tport_s*, std::chrono::steady_clock::time_point>
take_written() noexcept;

/// How often a socket, of UDP or TCP, brought something on this thread.
[[nodiscard]] std::uint64_t readings() noexcept;

}  // namespace lampline::sip
