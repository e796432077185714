#pragma once
// The target of a request, taken apart, and parts to put one together.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lampline::web {

/// Path and query with percent-escapes resolved.
struct Url {
    std::vector<std::string> segments;  ///< `/a/b` is two, `/` is one empty one
    std::vector<std::pair<std::string, std::string>> query;

    /// nullopt when `target` is neither in origin form nor in absolute form (RFC 9112 §3.2.1, §3.2.2)
    /// with http or https. Whatever server an absolute form names is this one, as in Host.
    static std::optional<Url> parse(std::string_view target);
};

/// `text` as one segment of a path, with whatever else would end it escaped (RFC 3986 §3.3).
std::string escaped_segment(std::string_view text);

}  // namespace lampline::web
