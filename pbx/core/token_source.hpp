#pragma once
// Where tags, Call-IDs and other things that nobody may guess come from.
#include <cstdint>
#include <functional>
#include <string>

namespace lampline {

/// Returns a new token of SIP `token` characters at each call: unguessable in the product (RFC 3261
/// §19.3), counting in tests.
using TokenSource = std::function<std::string()>;

/// Returns a number from 0 to `below` - 1 at each call, each as likely in the product. `below` is
/// at least 1.
using RandomSource = std::function<std::uint32_t(std::uint32_t below)>;

}  // namespace lampline
