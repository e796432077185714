#pragma once
// What a caller may be told before the answer, and after it has had one early (RFC 3262).
#include "core/call.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// Reliable responses that a caller has not acknowledged: RFC 3262 §3 allows for one each.
inline constexpr std::size_t most_unacknowledged = 32;

/// The headers of `payload` alone; null: there are none.
[[nodiscard]] PayloadRef without_body(const PayloadRef& payload);
/// Sends the caller a provisional response; reliably where it takes no others.
void tell_progress(Call& call, Reply reply, Outbox& outbox);
/// What of `payload`, a response's of `leg`, is told to a caller that may have had its answer.
/// Notes whether that is stale by it.
[[nodiscard]] PayloadRef told_after_early(Call& call, const Leg& leg, const PayloadRef& payload);

}  // namespace lampline
