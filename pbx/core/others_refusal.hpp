#pragma once
// What others refuse, told in our name.
#include <string_view>
#include <vector>

#include "core/call.hpp"

namespace lampline {

/// `refusal` of a phone or a carrier as the exchange may tell it. Who hears 503 keeps away from
/// whoever says it (RFC 3261 §21.5.4): another's becomes 500 with `phrase`, and its cause a Reason
/// (§16.7 step 6, RFC 3326). Retry-After stays where it is about whom was called: with 480, 486 and
/// 600.
BestResponse told_as_ours(BestResponse refusal, std::string_view phrase);

/// All headers of a final response of `status`: `why`, and behind it those of `best`, where that is
/// what is told.
std::vector<Header> told_with(const BestResponse& best, unsigned status, std::vector<Header> why);

}  // namespace lampline
