#pragma once
// Conditional requests (RFC 9110 §13, RFC 7240).
#include <cstdint>
#include <string>

#include "admin/change.hpp"
#include "web/http_message.hpp"

namespace lampline::web {

/// The strong entity tag of a row's version.
std::string etag(std::uint64_t version);

/// What If-Match, If-None-Match and Prefer of a change say. A tag that is not one of ours matches
/// nothing.
admin::Precondition precondition_of(const HttpFields& fields);

/// True when the client of a GET has `version` already (If-None-Match, compared weakly).
bool is_known(const HttpFields& fields, std::uint64_t version);

}  // namespace lampline::web
