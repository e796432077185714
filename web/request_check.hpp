#pragma once
// A request against its operation's description: query, media type, body.
#include <boost/json/value.hpp>

#include <optional>

#include "base/result.hpp"
#include "web/api/request.hpp"

namespace lampline::web {

/// The query's parameters, or 400 naming the one that is unknown, there twice, or not as described.
Result<Query, HttpResponse> check_query(const Operation& operation, Query query);

/// The body; nullopt when the operation has none, or needs none and there is none. 415, 400 when it is not JSON, 422 naming members.
Result<std::optional<boost::json::value>, HttpResponse> check_body(const Operation& operation,
                                                                   const HttpRequest& request);

}  // namespace lampline::web
