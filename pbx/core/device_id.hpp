#pragma once
// By what a device is known, whoever is registered there.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_uri.hpp"

namespace lampline {

/// A MAC address or a UUID (also as `urn:uuid:`, RFC 4122) as 12 or 32 lower-case hexadecimal
/// digits; separators `:`, `-`, `.` do not count. nullopt: neither.
std::optional<std::string> device_id(std::string_view text);

/// The ids by which a phone names itself: its +sip.instance (RFC 5626 §4.1), the MAC address that
/// such a UUID may end in, and MAC addresses in its User-Agent and in the user part and parameters
/// of its Contact. At most 4, each once.
std::vector<std::string> device_ids(std::string_view instance, std::string_view user_agent,
                                    const SipUri& contact);

}  // namespace lampline
