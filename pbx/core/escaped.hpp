#pragma once
// Escaped characters of URIs (RFC 3986 §2.1, RFC 3261 §19.1.2).
#include <string>
#include <string_view>

namespace lampline {

/// `text` with its escapes (`%4A`) resolved; what is no whole escape stays as it is. Control characters come out as any
/// other, so the result is for comparing, not for a message.
std::string unescaped(std::string_view text);

}  // namespace lampline
