#pragma once
// Text of phones in answers of ours.
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

namespace lampline::web {

/// `text` with U+FFFD for every byte that is not UTF-8, as JSON needs it (RFC 8259 §8.1).
std::string utf8_text(std::string_view text);

/// The same as a string, or null when there is none.
boost::json::value text_or_null(std::string_view text);

}  // namespace lampline::web
