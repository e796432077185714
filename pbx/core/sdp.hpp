#pragma once
// The one thing the exchange reads in an SDP body; the body itself passes through untouched.
#include <string_view>

namespace lampline {

/// Whether who sent `sdp` wants to receive media on any stream: false for sendonly, inactive, or
/// the old hold with connection address 0.0.0.0 (RFC 3264 §8.4, RFC 4566 §6). A body without media
/// lines receives.
bool receives_media(std::string_view sdp) noexcept;

}  // namespace lampline
