#pragma once
// Text of phones in answers of ours.
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace lampline::web {

/// Nothing else is (RFC 3629 §4).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
/// `text` with U+FFFD for every byte that is not UTF-8.
std::string utf8_text(std::string_view text);

/// `object` as it leaves us, with U+FFFD as above: JSON is UTF-8 (RFC 8259 §8.1), and what phones,
/// carriers and clients have sent need not be.
std::string json_text(const boost::json::object& object);

/// A string, or null when there is none.
boost::json::value text_or_null(std::string_view text);

}  // namespace lampline::web
