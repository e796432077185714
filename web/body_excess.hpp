#pragma once
// What no body of ours has, and what would be dear to validate.
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "admin/change.hpp"

namespace lampline::web {

/// The first text over 1024 bytes (patterns are matched by std::regex, whose stack grows with the
/// text), or the value that is the 5001st: a full group, 500 members and 500 watchers, has half as
/// many. nullopt: neither.
std::optional<admin::FieldFault> excess_of(const boost::json::value& body);

/// Adds a token to a JSON Pointer; `~` and `/` are escaped (RFC 6901 §3).
void append_to_pointer(std::string& pointer, std::string_view token);

}  // namespace lampline::web
