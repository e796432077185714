#include "web/problem.hpp"

#include <algorithm>
#include <array>

#include <boost/json.hpp>

#include "web/api/text.hpp"
#include "web/url.hpp"
#include "web/etag.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

std::string_view title(unsigned status)
{
    switch (status) {
    case 400: return "Malformed request";
    case 401: return "Not authenticated";
    case 403: return "Not allowed";
    case 404: return "Not found";
    case 405: return "Method not allowed";
    case 408: return "Request took too long";
    case 409: return "In conflict";
    case 412: return "Precondition failed";
    case 413: return "Body too large";
    case 415: return "Media type not supported";
    case 422: return "Cannot be accepted";
    case 428: return "Precondition required";
    case 429: return "Too many attempts";
    case 431: return "Header too large";
    case 503: return "Not ready";
    default: return "Failed";
    }
}

}  // namespace

HttpResponse json_answer(unsigned status, const json::object& body)
{
    HttpResponse response{status, {}, json_text(body)};
    response.fields.add("Content-Type", "application/json");
    response.fields.add("Cache-Control", "no-store");
    return response;
}

HttpResponse problem(unsigned status, std::string_view slug, std::string_view detail,
                     json::object more)
{
    json::object body{{"type", "/problems/" + std::string{slug}},
                      {"title", title(status)},
                      {"status", status},
                      {"detail", detail}};
    for (auto& [name, value] : more) body.emplace(name, std::move(value));
    HttpResponse response{status, {}, json_text(body)};
    response.fields.add("Content-Type", "application/problem+json");
    response.fields.add("Cache-Control", "no-store");
    return response;
}

HttpResponse invalid(std::span<const admin::FieldFault> faults)
{
    json::array errors;
    for (const auto& fault : faults)
        errors.push_back(json::object{
            {"pointer", fault.pointer}, {"code", fault.code}, {"message", fault.message}});
    const auto place = [](const admin::FieldFault& fault) {
        return fault.pointer.empty() ? "the body" : fault.pointer;
    };
    const auto detail = faults.empty() ? std::string{"the body cannot be accepted"}
                                       : place(faults[0]) + ' ' + faults[0].message;
    return problem(422, "invalid-body", detail, {{"errors", std::move(errors)}});
}

HttpResponse bad_parameter(const admin::FieldFault& fault)
{
    json::array errors;
    errors.push_back(json::object{
        {"parameter", fault.pointer}, {"code", fault.code}, {"message", fault.message}});
    return problem(400, "bad-parameter", fault.pointer + ' ' + fault.message,
                   {{"errors", std::move(errors)}});
}

namespace {

/// Where the thing that refers is read and changed; empty: it has no resource of its own.
std::string href_of(const db::GroupReference& reference)
{
    struct Resource {
        std::string_view type;
        std::string_view path;
    };
    constexpr std::array<Resource, 6> resources{{{"group", "groups/"},
                                                 {"ring_group", "ring-groups/"},
                                                 {"trunk", "trunks/"},
                                                 {"device_profile", "device-profiles/"},
                                                 {"digit_rule", "digit-plan"},
                                                 {"park_lot", "park-lot"}}};
    for (const auto& [type, path] : resources) {
        if (type != reference.type) continue;
        auto href = std::string{"/api/v1/"}.append(path);
        if (path.ends_with('/')) href += escaped_segment(reference.group);
        return href;
    }
    return {};
}

/// By whom, for people: the first few.
std::string users_of(const admin::Refusal& refusal)
{
    constexpr std::size_t most = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(most, refusal.references.size()); ++i) {
        const auto& one = refusal.references[i];
        std::string type = one.type;
        std::ranges::replace(type, '_', ' ');
        text.append(i == 0 ? " by " : ", ").append(type + ' ' + one.group + " (" + one.as + ')');
    }
    if (refusal.references.size() > most)
        text.append(" and " + std::to_string(refusal.references.size() - most) + " more");
    return text;
}

}  // namespace

HttpResponse refused(const admin::Refusal& refusal, std::string_view what, std::string_view way_out)
{
    const auto named = [&](std::string_view rest) { return std::string{what}.append(rest); };
    switch (refusal.kind) {
    case admin::RefusalKind::invalid: return invalid(refusal.faults);
    case admin::RefusalKind::unknown: return problem(404, "unknown", named(" does not exist"));
    case admin::RefusalKind::precondition_failed: {
        auto response =
            problem(412, "precondition-failed",
                    named(refusal.version == 0 ? " does not exist" : " is in another state"));
        if (refusal.version != 0) response.fields.add("ETag", etag(refusal.version));
        return response;
    }
    case admin::RefusalKind::precondition_required:
        return problem(428, "precondition-required",
                       named(" exists: say If-Match, or If-None-Match: *"));
    case admin::RefusalKind::in_use: {
        json::array references;
        for (const auto& reference : refusal.references) {
            json::object one{{"type", reference.type}, {"name", reference.group}, {"as", reference.as}};
            if (!reference.number.empty()) one["number"] = reference.number;
            if (!reference.pointer.empty()) one["pointer"] = reference.pointer;
            if (auto href = href_of(reference); !href.empty()) one["href"] = std::move(href);
            references.push_back(std::move(one));
        }
        return problem(409, "in-use", named(" is in use").append(users_of(refusal)).append(way_out),
                       {{"references", std::move(references)}});
    }
    }
    return problem(500, "failed", "unhandled refusal");
}

}  // namespace lampline::web
