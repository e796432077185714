#pragma once
// How the phone of one leg is reached within its dialog.
#include <cstdint>
#include <string>

#include "core/call.hpp"
#include "core/location_table.hpp"
#include "core/sip_input.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// CSeq numbers are stored so many ahead of their use that a request needs no write.
inline constexpr std::uint32_t cseq_block = 64;
/// The first request that we send in a dialog.
inline constexpr std::uint32_t initial_invite_cseq = initial_cseq + 1;

/// The dialog that `invite` begins, as we are in it.
[[nodiscard]] DialogState dialog_state_of(const InviteReceived& invite);
[[nodiscard]] PhoneAddress address_of(const Leg& leg);
/// Its phone is reached where it registers, unless other requests of it say otherwise.
[[nodiscard]] bool follows_registration(const Leg& leg) noexcept;
/// Proxied: what passes to the phone of `leg` goes along with it, like our probes.
void passes_along(const Leg& leg, Outbox& outbox);
/// The tag that a response to the INVITE of `leg` has.
void note_tag(Leg& leg, const std::string& tag, Outbox& outbox);
/// Our CSeq in the dialog of `leg`, which is one of `call`, has come to `cseq`: that is to be stored
/// where few are left of those that are reserved.
void count_request(Call& call, Leg& leg, std::uint32_t cseq);

}  // namespace lampline
