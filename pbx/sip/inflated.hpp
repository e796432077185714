#pragma once
// Content-Encoding: deflate (RFC 2616 §3.5, RFC 1950).
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lampline::sip {

/// What `text` is when it is inflated. nullopt: it is damaged, or not complete, or longer than
/// `most` bytes then, of which no more are made. Any thread.
std::optional<std::string> inflated(std::string_view text, std::size_t most);

}  // namespace lampline::sip
