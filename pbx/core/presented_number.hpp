#pragma once
// The number that a caller shows.
#include <span>
#include <string>

#include "core/sip_types.hpp"

namespace lampline {

/// The number in `from`; empty when its phone shows none: an anonymous From (RFC 3323 §4.1.1.3), or
/// a Privacy among `headers` that hides who calls (RFC 3323 §4.2, RFC 3325 §9.3).
std::string presented_number(const NameAddr& from, std::span<const Header> headers);

}  // namespace lampline
