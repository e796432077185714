#pragma once
// Values into header lines, as text.
#include <string>
#include <string_view>
#include <vector>

#include "core/sip_types.hpp"

namespace lampline::sip {

/// The methods that a phone may use towards us.
inline constexpr std::string_view allowed_methods =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, REGISTER, SUBSCRIBE, MESSAGE, "
    "PUBLISH";
/// The same in a call with one that does not know UPDATE.
inline constexpr std::string_view allowed_without_update =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, PRACK, REFER, REGISTER, SUBSCRIBE, MESSAGE, PUBLISH";

/// Appends `name: value` and a line end. Line breaks and control characters in either are left out,
/// so no value can add a header.
void append_header(std::string& text, std::string_view name, std::string_view value);
void append_headers(std::string& text, const std::vector<Header>& headers);
/// Supported and Require; nothing for an empty set.
void append_option_tags(std::string& text, OptionTag supported, OptionTag required);
/// Session-Expires and Min-SE (RFC 4028 §4, §5), as far as they are given.
void append_session_timer(std::string& text, const SessionTimer& timer);
/// The headers that pass through, and Content-Type when there is a body.
void append_payload_headers(std::string& text, const Payload* payload, bool outside = false);
/// Whether one of the headers has this name, compared without case.
bool names(const std::vector<Header>& headers, std::string_view name) noexcept;

/// A Request-URI out of a Contact: without `method` and `ttl`, which may not be there (RFC 3261
/// §19.1.1).
SipUri as_request_uri(const SipUri& contact);

}  // namespace lampline::sip
