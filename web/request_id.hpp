#pragma once
// X-Request-Id: one name for a request in its answer, the log and the audit.
#include <string>
#include <string_view>

#include "web/http_message.hpp"

namespace lampline::web {

/// The client's, when it is 1 to 64 of [A-Za-z0-9._-]; otherwise a new one.
std::string request_id_of(const HttpFields& fields);

/// Names the request in its answer: X-Request-Id, and `instance` of a problem.
void stamp(HttpResponse& response, std::string_view request_id);

}  // namespace lampline::web
