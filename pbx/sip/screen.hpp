#pragma once
// The pre-screen: what never reaches the transaction layer.
//
// Sofia calls sip_sanity_check() for every message it has parsed, through the dynamic linker.
// screen.cpp defines a function of that name, and the one of the executable comes first. So no
// message gets past it, and no library has to be patched. prove_screen() shows at start that this
// is really so.
#include <chrono>
#include <cstdint>
#include <string_view>

namespace lampline::sip {

/// How many messages the screen has turned away since start.
std::uint64_t screened_out() noexcept;

/// Sends a message through a stack of its own on the loopback interface and sees whether the screen
/// is asked. Once per process; later calls return at once.
/// @throws std::runtime_error when it was not asked: the program must not serve then.
void prove_screen();

/// Turns away ACKs with this Call-ID from now on for `time`. A final response to INVITE that could
/// not be sent leaves a transaction in the stack for a moment on which any ACK would end the
/// process. SIP thread only.
void turn_away_acks(std::string_view call_id, std::chrono::milliseconds time);

}  // namespace lampline::sip
