#pragma once
// Extension <-> its SIP address.
#include <string>
#include <string_view>

#include "core/sip_uri.hpp"

namespace lampline {

/// `sip:207@office.test`; characters of a number that a user part may not have (`#`) are escaped.
SipUri extension_uri(std::string_view number, std::string_view domain);

/// The number that `uri` addresses: its user part with the escapes resolved, without parameters of
/// the number (RFC 3966 §3).
std::string extension_of(const SipUri& uri);

/// `number` without what is there for eyes only (RFC 3966 §5.1.1): `0900-12(34)` and `09001234`
/// are the same. As it is when it has anything but that and what telephones have keys for.
std::string plain_number(std::string_view number);

}  // namespace lampline
