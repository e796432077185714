#pragma once
// What was accepted, and should be looked at all the same.
#include <boost/json/array.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "admin/numbers.hpp"

namespace lampline::web {

/// Which settings lead to nobody: of the things of this `type` (as in the `references` of a 409), or
/// of the one with this `name`. Each as faults are told: pointer, code, message.
boost::json::array shown_warnings(const std::vector<admin::Lead>& to_nobody, std::string_view type,
                                  std::string_view name = {});

/// To tell an answer with these from one with others (see etag()); empty: there are none.
std::string mark_of(const boost::json::array& warnings);

}  // namespace lampline::web
