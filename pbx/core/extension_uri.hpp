#pragma once
// Extension <-> its SIP address.
#include <optional>
#include <string>
#include <string_view>

#include "core/sip_uri.hpp"

namespace lampline {

/// `sip:207@office.test`; characters of a number that a user part may not have (`#`) are escaped.
SipUri extension_uri(std::string_view number, std::string_view domain);

/// The number that `uri` addresses: its user part with the escapes resolved, without parameters of
/// the number (RFC 3966 §3).
std::string extension_of(const SipUri& uri);

/// Where the number that `uri` addresses is one (RFC 3966 §5.1.5): a domain, or the global prefix that it is written without,
/// which begins with `+`. It is a parameter of the number: of a tel URI, and of the user part of another (RFC 3261
/// §19.1.6), which extension_of() reads as a number too, `user=phone` or not. nullopt: it has none, or the number is
/// global (`+`) and so the same everywhere.
std::optional<std::string> phone_context(const SipUri& uri);

/// `number` without what is there for eyes only (RFC 3966 §5.1.1): `0900-12(34)` and `09001234`
/// are the same. As it is when it has anything but that and what telephones have keys for.
std::string plain_number(std::string_view number);

}  // namespace lampline
