#pragma once
// IP addresses as text, without asking the system.
#include <string>
#include <string_view>

namespace lampline {

/// `host` is a numeric address, not a name; IPv6 without brackets.
bool is_numeric_address(std::string_view host) noexcept;

/// An IPv6 address as a URI has it, bare; anything else as it is.
std::string_view without_brackets(std::string_view host) noexcept;

/// The one text of all that mean the same address, as the system writes it (RFC 5952); what is none
/// as it is.
std::string canonical_address(std::string_view host);

/// Both name the same host: case does not count (RFC 3261 §19.1.4), nor whether an IPv6 address is
/// in brackets, nor how it is abbreviated.
bool same_host(std::string_view left, std::string_view right);

}  // namespace lampline
