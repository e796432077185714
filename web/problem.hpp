#pragma once
// Error answers: application/problem+json (RFC 9457).
#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <string_view>

#include "admin/change.hpp"
#include "web/http_message.hpp"

namespace lampline::web {

/// `slug` ends the problem's `type`; the title belongs to the status. `instance` is added by the
/// dispatcher.
HttpResponse problem(unsigned status, std::string_view slug, std::string_view detail,
                     boost::json::object more = {});

/// 422 with `errors`, each at a pointer.
HttpResponse invalid(std::span<const admin::FieldFault> faults);
/// 400 with `errors`, where the fault's pointer is the name of a query parameter.
HttpResponse bad_parameter(const admin::FieldFault& fault);
/// The answer that a refused change deserves; `what` names the thing, `way_out` says what to do
/// about one that is in use.
HttpResponse refused(const admin::Refusal& refusal, std::string_view what,
                     std::string_view way_out = "; change what uses it first");

/// A body that is JSON.
HttpResponse json_answer(unsigned status, const boost::json::object& body);

}  // namespace lampline::web
