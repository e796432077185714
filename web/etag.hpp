#pragma once
// Conditional requests (RFC 9110 §13, RFC 7240).
#include <cstdint>
#include <string>
#include <string_view>

#include "admin/change.hpp"
#include "web/http_message.hpp"

namespace lampline::web {

/// The strong entity tag of a row's version. `live`: what is shown with it and changes by itself.
std::string etag(std::uint64_t version, std::string_view live = {});

/// What If-Match, If-None-Match and Prefer of a change say: of a tag only the version counts, since
/// nothing else can be changed. A tag that is not one of ours matches nothing.
admin::Precondition precondition_of(const HttpFields& fields);

/// True when the client of a GET has `version` with the same `live` already (If-None-Match,
/// compared weakly).
bool is_known(const HttpFields& fields, std::uint64_t version, std::string_view live = {});

}  // namespace lampline::web
