#pragma once
// Extension <-> its SIP address.
#include <string>
#include <string_view>

#include "core/sip_uri.hpp"

namespace lampline {

/// `sip:207@office.test`; characters of a number that a user part may not have (`#`) are escaped.
SipUri extension_uri(std::string_view number, std::string_view domain);

/// The number that `uri` addresses: its user part with the escapes resolved.
std::string extension_of(const SipUri& uri);

}  // namespace lampline
