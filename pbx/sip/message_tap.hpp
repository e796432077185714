#pragma once
// Every message that passes the stack, shown to whoever keeps the messages of calls.
//
// The stack's transports hand each received message up, and prepare each one to be sent, through
// two functions of the library, which message_tap.cpp takes the place of (as screen.hpp explains).
// There a message is whole, repetitions by either side pass as well, and nothing is written twice.
#include "core/message_ring.hpp"
#include "sip/sofia.hpp"
#include "sip/transports.hpp"

namespace lampline::sip {

/// While it lives, messages with a Call-ID are added to `ring`. One at a time; loop thread only.
class MessageTap {
public:
    explicit MessageTap(MessageRing& ring) noexcept;
    ~MessageTap();
    MessageTap(const MessageTap&) = delete;
    MessageTap& operator=(const MessageTap&) = delete;
};

/// An answer to `request` that goes past the stack.
void tap_answer(MessageRing& ring, const sip_t& request, const Listener& listener,
                const Flow& source, std::string_view answer);

/// A request of ours, in a dialog of that Call-ID, that goes past the stack.
void tap_datagram(std::string_view sip_call_id, std::string_view text, const Listener& from,
                  const sockaddr& to) noexcept;

}  // namespace lampline::sip
