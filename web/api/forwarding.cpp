#include <boost/json.hpp>

#include "admin/forwarding_service.hpp"
#include "db/forwarding_store.hpp"
#include "web/api/request.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const CallerException& exception)
{
    return {{"match", db::word(exception.match)},
            {"caller", text_or_null(exception.caller)},
            {"treatment", db::word(exception.treatment)},
            {"to", text_or_null(exception.to)}};
}

CallerException exception_in(const json::object& body)
{
    CallerException exception;
    const auto text = [&](std::string_view name) {
        const auto* member = body.if_contains(name);
        return member && !member->is_null() ? json::value_to<std::string>(*member) : std::string{};
    };
    if (const auto match = db::caller_match_named(text("match"))) exception.match = *match;
    exception.treatment = db::caller_treatment_named(text("treatment")).value();
    exception.caller = text("caller");
    exception.to = text("to");
    return exception;
}

json::object shown(const admin::ForwardingView& view)
{
    const auto& forwarding = view.forwarding;
    json::array exceptions;
    for (const auto& exception : forwarding.exceptions) exceptions.push_back(shown(exception));
    json::object body{{"always", text_or_null(forwarding.always)},
                      {"busy", text_or_null(forwarding.busy)},
                      {"no_answer", text_or_null(forwarding.no_answer)},
                      {"unregistered", text_or_null(forwarding.unregistered)},
                      {"no_answer_after", forwarding.no_answer_after.count()},
                      {"do_not_disturb", forwarding.do_not_disturb},
                      {"call_waiting", forwarding.call_waiting},
                      {"call_limit", nullptr},
                      {"forking", db::forking_word(forwarding.forking)},
                      {"exceptions", std::move(exceptions)},
                      {"updated_at", time_text(view.updated_at)}};
    if (forwarding.call_limit) body["call_limit"] = *forwarding.call_limit;
    return body;
}

std::string named(const std::string& number)
{
    return "extension " + number;
}

/// Puts the members of `body` into `forwarding`; null brings the default back (RFC 7396).
void merge(const json::object& body, Forwarding& forwarding)
{
    const Forwarding defaults;
    const auto number = [&](std::string_view name, std::string& to) {
        if (const auto* member = body.if_contains(name))
            to = member->is_null() ? "" : json::value_to<std::string>(*member);
    };
    const auto flag = [&](std::string_view name, bool& to, bool otherwise) {
        if (const auto* member = body.if_contains(name))
            to = member->is_null() ? otherwise : member->as_bool();
    };
    number("always", forwarding.always);
    number("busy", forwarding.busy);
    number("no_answer", forwarding.no_answer);
    number("unregistered", forwarding.unregistered);
    flag("do_not_disturb", forwarding.do_not_disturb, defaults.do_not_disturb);
    flag("call_waiting", forwarding.call_waiting, defaults.call_waiting);
    if (const auto* member = body.if_contains("no_answer_after"))
        forwarding.no_answer_after = member->is_null()
                                         ? defaults.no_answer_after
                                         : std::chrono::seconds{member->to_number<int>()};
    if (const auto* member = body.if_contains("call_limit")) {
        forwarding.call_limit.reset();
        if (!member->is_null()) forwarding.call_limit = member->to_number<unsigned>();
    }
    if (const auto* member = body.if_contains("forking"))
        forwarding.forking =
            member->is_null() ? defaults.forking : db::forking_named(member->as_string()).value();
    if (const auto* member = body.if_contains("exceptions")) {
        forwarding.exceptions.clear();
        if (!member->is_null())
            for (const auto& exception : member->as_array())
                forwarding.exceptions.push_back(exception_in(exception.as_object()));
    }
}

ApiAnswer save(const ApiRequest& request, const Forwarding& forwarding,
               const admin::Precondition& condition)
{
    const auto& number = request.param("number");
    auto saved = admin::ForwardingService{request.database}.put(number, forwarding, condition,
                                                                request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(number))};
    auto response = json_answer(200, shown(saved->view));
    response.fields.add("ETag", etag(saved->view.version));
    return {std::move(response), std::move(saved->change)};
}

}  // namespace

ApiAnswer get_forwarding(const ApiRequest& request)
{
    const auto& number = request.param("number");
    const auto view = admin::ForwardingService{request.database}.find(number);
    if (!view) return {problem(404, "unknown", named(number) + " does not exist")};
    auto response = is_known(request.fields, view->version) ? HttpResponse{304, {}, {}}
                                                            : json_answer(200, shown(*view));
    response.fields.add("ETag", etag(view->version));
    return {std::move(response)};
}

ApiAnswer put_forwarding(const ApiRequest& request)
{
    Forwarding forwarding;
    merge(request.body->as_object(), forwarding);
    return save(request, forwarding, precondition_of(request.fields));
}

ApiAnswer patch_forwarding(const ApiRequest& request)
{
    const auto& number = request.param("number");
    auto present = admin::ForwardingService{request.database}.find(number);
    auto condition = precondition_of(request.fields);
    if (const auto refusal = admin::check(condition, present ? present->version : 0))
        return {refused(*refusal, named(number))};
    if (!present) return {problem(404, "unknown", named(number) + " does not exist")};
    merge(request.body->as_object(), present->forwarding);
    condition.only_versions = {{present->version}};  // what was merged into
    return save(request, present->forwarding, condition);
}

}  // namespace lampline::web
