#pragma once
// Method and path -> operation.
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/api_description.hpp"

namespace lampline::web {

using PathParams = std::vector<std::pair<std::string, std::string>>;

struct Route {
    const Operation* operation = nullptr;  ///< null: `allowed` says what else the path can do
    PathParams params;
    std::vector<std::string> allowed;  ///< methods, for Allow; empty: there is no such path
};

/// Finds by segments; a literal one goes before `{any}:verb`, that before `{any}`. HEAD is served by
/// GET, OPTIONS by none.
Route find_route(std::span<const Operation> operations, std::string_view method,
                 const std::vector<std::string>& segments);

/// What any path can do, for `OPTIONS *` (RFC 9110 §9.3.7).
std::vector<std::string> methods_of(std::span<const Operation> operations);

}  // namespace lampline::web
