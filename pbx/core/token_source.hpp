#pragma once
// Where tags, Call-IDs and the like come from.
#include <functional>
#include <string>

namespace lampline {

/// Returns a new token of SIP `token` characters at each call: unguessable in the product (RFC 3261 §19.3),
/// counting in tests.
using TokenSource = std::function<std::string()>;

}  // namespace lampline
