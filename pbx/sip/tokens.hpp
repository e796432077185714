#pragma once
// Random text for tags and branches.
#include <string>

namespace lampline::sip {

/// 16 lower-case hexadecimal digits from the kernel's random source; they cannot be guessed from
/// earlier ones (RFC 3261 §19.3). Asks the kernel once for many. Any thread.
/// @throws std::runtime_error when the kernel gives none.
std::string random_token();

}  // namespace lampline::sip
