#pragma once
// Two legs that talk to each other, and what ends that.
#include <utility>

#include "core/call.hpp"
#include "core/sip_input.hpp"

namespace lampline {

/// Neither waits for anybody else any more.
void connect(Leg& left, Leg& right) noexcept;
/// Proxied: the same, and the caller's dialog is with the phone of `callee`.
void talks_to(Leg& caller, Leg& callee);
/// Two legs that talk to each other, who is in the call for longest first; null: there are none.
[[nodiscard]] std::pair<Leg*, Leg*> talking_pair(Call& call) noexcept;
/// Proxied: a phone beside `than` that has answered, and was not hung up; nullptr: there is none.
[[nodiscard]] Leg* also_answered(Call& call, const Leg& than) noexcept;

/// Whether the call is over without the phone of `leg`: it talks, or is the caller of a call that
/// rings.
[[nodiscard]] bool takes_part(Call& call, const Leg& leg) noexcept;
/// The dialog is gone at the answerer (RFC 3261 §12.2.1.2, RFC 5057 §5.1).
[[nodiscard]] bool ends_dialog(const ResponseReceived& response) noexcept;
/// How the caller's dialog ends that is told `status` while it rings.
[[nodiscard]] LegInput end_of_ringing(unsigned status) noexcept;

}  // namespace lampline
