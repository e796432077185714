#pragma once
// Where a REFER points to (RFC 3515 §2.1, RFC 3891 §6.1).
#include <optional>
#include <string_view>

#include "core/sip_types.hpp"

namespace lampline {

/// Reads `call-id;to-tag=x;from-tag=y;early-only`. Missing tags stay empty; nullopt without a
/// Call-ID, or when longer than 1024 bytes.
std::optional<Replaces> parse_replaces(std::string_view text);

/// A Refer-To header: the URI, and of the headers it carries only Replaces; others are never sent
/// on.
struct ReferTo {
    SipUri uri;
    std::optional<Replaces> replaces;
    bool wants_invite = true;  ///< false: the `method` parameter says something else
};

/// Reads the value of a Refer-To header. nullopt: no SIP or tel URI, a malformed Replaces, or
/// broken escapes.
std::optional<ReferTo> parse_refer_to(std::string_view value);

}  // namespace lampline
