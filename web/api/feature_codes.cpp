#include <boost/json.hpp>

#include "admin/feature_code_service.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

/// What a phone dials, for people.
std::string dialled(const admin::FeatureCodeView& view)
{
    if (view.code.empty()) return {};
    switch (view.feature) {
    case Feature::forward_always:
    case Feature::forward_busy:
    case Feature::forward_unregistered:
        return view.code + "*NUMBER to set, " + view.code + " to clear";
    case Feature::forward_no_answer:
        return view.code + "*NUMBER or " + view.code + "*NUMBER*SECONDS to set, " + view.code +
               " to clear";
    case Feature::forward_nothing: return view.code + " to clear every forward";
    case Feature::do_not_disturb: return view.code + " not to be disturbed";
    case Feature::disturb: return view.code + " to be disturbed again";
    case Feature::except_caller:
        return view.code + "*CALLER to let CALLER ring through, " + view.code +
               "*CALLER*NUMBER to send CALLER's calls to NUMBER, " + view.code +
               " to end every exception";
    case Feature::end_exception:
        return view.code + "*CALLER to end the exception of CALLER, " + view.code +
               " to end every exception";
    case Feature::log_in:
        return view.code + " to log in to all of one's ring groups, " + view.code + "*GROUP to one";
    case Feature::log_out:
        return view.code + " to log out of all of one's ring groups, " + view.code +
               "*GROUP of one";
    case Feature::pickup_directed: return view.code + "NUMBER to take what rings there";
    case Feature::pickup_group:
        return view.code + " to take what rings longest in one's groups, " + view.code +
               "NUMBER what rings there";
    }
    return {};
}

json::object shown(const admin::FeatureCodeView& view)
{
    json::object body{{"feature", name(view.feature)},
                      {"code", nullptr},
                      {"dial", dialled(view)},
                      {"updated_at", time_or_null(std::nullopt)}};
    if (!view.code.empty()) body["code"] = view.code;
    if (view.updated_at) body["updated_at"] = time_text(*view.updated_at);
    return body;
}

std::string named(const std::string& feature)
{
    return "feature " + feature;
}

}  // namespace

ApiAnswer list_feature_codes(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& view : admin::FeatureCodeService{request.database}.all())
        items.push_back(shown(view));
    static const ListRules rules{{"feature"}, {"feature", "code"}, {"feature", "dial"}, {}};
    return {list_page(std::move(items), rules, request.query)};
}

ApiAnswer get_feature_code(const ApiRequest& request)
{
    const auto feature = feature_named(request.param("feature"));
    if (!feature)
        return {problem(404, "unknown", named(request.param("feature")) + " does not exist")};
    const auto view = admin::FeatureCodeService{request.database}.at(*feature);
    auto response = is_known(request.fields, view.version) ? HttpResponse{304, {}, {}}
                                                           : json_answer(200, shown(view));
    response.fields.add("ETag", etag(view.version));
    return {std::move(response)};
}

ApiAnswer put_feature_code(const ApiRequest& request)
{
    const auto feature = feature_named(request.param("feature"));
    if (!feature)
        return {problem(404, "unknown", named(request.param("feature")) + " does not exist")};
    const auto& code = request.body->as_object().at("code");
    auto saved = admin::FeatureCodeService{request.database}.put(
        *feature, code.is_null() ? "" : json::value_to<std::string>(code),
        precondition_of(request.fields), request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(request.param("feature")))};
    auto response = json_answer(200, shown(saved->view));
    response.fields.add("ETag", etag(saved->view.version));
    return {std::move(response), std::move(saved->change)};
}

}  // namespace lampline::web
