#pragma once
// Where a REFER points to (RFC 3515 §2.1, RFC 3891 §6.1).
#include <optional>
#include <string_view>
#include <vector>

#include "core/sip_types.hpp"

namespace lampline {

/// Whether `text` can be the tag of a dialog, or that of none: a token (RFC 3261 §25.1), or what
/// phones use beyond that.
bool is_tag(std::string_view text) noexcept;

/// Reads `call-id;to-tag=x;from-tag=y;early-only`. Missing tags stay empty; nullopt without a
/// Call-ID, with a blank or comma in it, with what is no tag, one without `=` or a second one (RFC
/// 3891 §6.1), or when longer than 1024 bytes.
std::optional<Replaces> parse_replaces(std::string_view text);

/// Reads the Target-Dialog header of a request that a phone sends us (RFC 4538 §7): `call-id;local-tag=x;remote-tag=y`. Its
/// local tag, ours, becomes the to-tag. nullopt where parse_replaces() says so, and without one of the tags.
std::optional<Replaces> parse_target_dialog(std::string_view text);

/// A Refer-To header: the URI, and what of the headers it carries may go on. A `body` is checked
/// and left out: media is negotiated by the phones that talk, and an offer of somebody else's would
/// send it to wherever that one likes.
struct ReferTo {
    SipUri uri;
    std::optional<Replaces> replaces;
    std::vector<Header> headers{};  ///< Subject, Priority, Organization; at most 256 bytes each
    /// False: the `method` parameter says something else, or a Join (RFC 3911) asks for more than a call.
    bool wants_invite = true;
    bool elsewhere = false;    ///< it is of a scheme that no call is made to, and not read further
};

/// Reads the value of a Refer-To header. nullopt: no URI, several, a malformed SIP or tel URI or Replaces, or
/// broken escapes, or a control character where none belongs.
std::optional<ReferTo> parse_refer_to(std::string_view value);

/// Whether the headers of a URI, which stand behind its `?`, name a dialog: by a Replaces or a Join, however escaped.
bool name_dialog(std::string_view uri_headers);

/// Whether `value` is what a Referred-By header may hold (RFC 3892 §3): one address.
bool is_referred_by(std::string_view value);

}  // namespace lampline
