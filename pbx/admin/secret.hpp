#pragma once
// Making secrets, and the digests that are kept of them.
#include <string>
#include <string_view>

namespace lampline::admin {

/// 24 characters of lower-case letters and digits that are not mistaken for each other: 120 random
/// bits.
std::string make_sip_password();

/// `ll_` and 160 random bits in lower-case base32.
std::string make_token();

/// H(number:realm:password) in lower-case hex (RFC 7616 §3.4.2).
std::string ha1_md5(std::string_view number, std::string_view realm, std::string_view password);
std::string ha1_sha256(std::string_view number, std::string_view realm, std::string_view password);

/// Lower-case hex.
std::string sha256(std::string_view text);

}  // namespace lampline::admin
