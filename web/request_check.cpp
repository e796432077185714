#include "web/request_check.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "web/body_excess.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

/// The text of a parameter as the value that the description speaks of; nullopt when it is none.
std::optional<json::value> value_of(QueryParameter::Type type, const std::string& text)
{
    switch (type) {
    case QueryParameter::Type::string: return json::string{text};
    case QueryParameter::Type::boolean:
        if (text == "true" || text == "false") return text == "true";
        return std::nullopt;
    case QueryParameter::Type::integer: {
        std::int64_t number = 0;
        const auto* end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc{} || stop != end) return std::nullopt;
        return number;
    }
    }
    return std::nullopt;
}

std::string_view type_demanded(QueryParameter::Type type)
{
    switch (type) {
    case QueryParameter::Type::string: return "must be text";
    case QueryParameter::Type::boolean: return "must be true or false";
    case QueryParameter::Type::integer: return "must be an integer";
    }
    return "is of the wrong type";
}

/// `application/json; charset=utf-8` is `application/json`.
bool is_of(std::string_view content_type, std::string_view media_type)
{
    auto type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return same_word(type, media_type);
}

}  // namespace

Result<Query, HttpResponse> check_query(const Operation& operation, Query query)
{
    for (std::size_t i = 0; i < query.size(); ++i) {
        const auto& [name, text] = query[i];
        const auto known = std::find_if(operation.query.begin(), operation.query.end(),
                                        [&](const auto& each) { return each.name == name; });
        if (known == operation.query.end())
            return unexpected{bad_parameter({name, "unknown_parameter", "is not known here"})};
        const auto first = std::find_if(query.begin(), query.end(),
                                        [&](const auto& each) { return each.first == name; });
        if (first != query.begin() + static_cast<std::ptrdiff_t>(i))
            return unexpected{bad_parameter({name, "duplicate", "is there twice"})};
        const auto value = value_of(known->type, text);
        if (!value) return unexpected{bad_parameter({name, "type", std::string{type_demanded(known->type)}})};
        if (const auto faults = known->check(*value); !faults.empty())
            return unexpected{bad_parameter({name, faults[0].code, faults[0].message})};
    }
    return query;
}

Result<std::optional<json::value>, HttpResponse> check_body(const Operation& operation,
                                                            const HttpRequest& request)
{
    if (!operation.body) return std::nullopt;
    if (!operation.body->required && request.body.empty()) return std::nullopt;
    const auto type = request.fields.find("Content-Type");
    const auto coding = request.fields.find("Content-Encoding");
    if (!type || !is_of(*type, operation.body->media_type) ||
        (coding && !same_word(*coding, "identity"))) {
        auto response = problem(415, "unsupported-media-type",
                                "the body must be " + operation.body->media_type);
        response.fields.add(operation.method == "PATCH" ? "Accept-Patch" : "Accept",
                            operation.body->media_type);
        return unexpected{std::move(response)};
    }
    json::error_code error;
    auto body = json::parse(request.body, error);
    if (error)
        return unexpected{problem(400, "not-json", "the body is not JSON: " + error.message())};
    if (const auto fault = excess_of(body)) return unexpected{invalid({&*fault, 1})};
    if (const auto faults = operation.body->check(body); !faults.empty())
        return unexpected{invalid(faults)};
    return body;
}

}  // namespace lampline::web
