#include <boost/json.hpp>

#include <algorithm>

#include "admin/extension_service.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"
#include "web/url.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const admin::ExtensionView& extension)
{
    return {{"number", extension.number},
            {"display_name", extension.display_name},
            {"visibility", name(extension.visibility)},
            {"mode", name(extension.mode)},
            {"trusted", extension.trusted},
            {"appearances", extension.appearances},
            {"phone_notifies", extension.phone_notifies},
            {"created_at", time_text(extension.stamp.created_at)},
            {"updated_at", time_text(extension.stamp.updated_at)}};
}

/// An absent member and null are the same: the schema has said where null may be.
std::optional<std::string> text_of(const json::object& body, std::string_view name)
{
    const auto* member = body.if_contains(name);
    if (member == nullptr || member->is_null()) return std::nullopt;
    return json::value_to<std::string>(*member);
}

bool is_null(const json::object& body, std::string_view name)
{
    const auto* member = body.if_contains(name);
    return member != nullptr && member->is_null();
}

/// The schema has said which words there are; without one, and with null, all is seen.
Visibility visibility_in(const json::object& body)
{
    return visibility(text_of(body, "visibility").value_or("")).value_or(Visibility::open);
}

/// As visibility_in(): without a word calls are bridged.
CallMode mode_in(const json::object& body)
{
    return call_mode(text_of(body, "mode").value_or("")).value_or(CallMode::bridge);
}

bool flag_in(const json::object& body, std::string_view name)
{
    const auto* member = body.if_contains(name);
    return member != nullptr && !member->is_null() && member->as_bool();
}

unsigned count_in(const json::object& body, std::string_view name)
{
    const auto* member = body.if_contains(name);
    return member == nullptr || member->is_null() ? 0 : member->to_number<unsigned>();
}

std::string named(const std::string& number)
{
    return "extension " + number;
}

/// The key is the path's; the body may repeat it.
std::optional<HttpResponse> other_key(const ApiRequest& request, const json::object& body)
{
    const auto number = text_of(body, "number");
    if (!number || *number == request.param("number")) return std::nullopt;
    const admin::FieldFault fault{"/number", "mismatch", "is not the number of the path"};
    return invalid({&fault, 1});
}

ApiAnswer save(const ApiRequest& request, const admin::ExtensionDraft& draft,
               const admin::Precondition& condition)
{
    auto saved =
        admin::ExtensionService{request.database}.put(draft, condition, request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(draft.number))};
    auto body = shown(saved->extension);
    if (saved->generated_password) body["sip_password"] = *saved->generated_password;
    auto response = json_answer(saved->created ? 201 : 200, body);
    response.fields.add("ETag", etag(saved->extension.stamp.version));
    if (saved->created) {
        response.fields.add("Location", "/api/v1/extensions/" + escaped_segment(draft.number));
    }
    return {std::move(response), std::move(saved->change)};
}

/// What to do about an extension that others name.
std::string_view way_out(const std::vector<db::GroupReference>& uses)
{
    const auto memberships = std::ranges::count_if(
        uses, [](const auto& use) { return use.as == "member" || use.as == "watcher"; });
    if (memberships == 0) return "; change what uses it first";
    return memberships == std::ssize(uses)
               ? "; ?recursive=true removes its memberships"
               : "; ?recursive=true removes its memberships once the others are changed";
}

}  // namespace

ApiAnswer list_extensions(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& extension : admin::ExtensionService{request.database}.all())
        items.push_back(shown(extension));
    static const ListRules rules{{"number"},
                                 {"number", "display_name", "created_at", "updated_at"},
                                 {"number", "display_name"},
                                 {}};
    return {list_page(std::move(items), rules, request.query)};
}

ApiAnswer get_extension(const ApiRequest& request)
{
    const auto extension = admin::ExtensionService{request.database}.find(request.param("number"));
    if (!extension)
        return {problem(404, "unknown", named(request.param("number")) + " does not exist")};
    auto response = is_known(request.fields, extension->stamp.version)
                        ? HttpResponse{304, {}, {}}
                        : json_answer(200, shown(*extension));
    response.fields.add("ETag", etag(extension->stamp.version));
    return {std::move(response)};
}

ApiAnswer put_extension(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    if (auto response = other_key(request, body)) return {std::move(*response)};
    return save(request,
                {request.param("number"), text_of(body, "display_name").value_or(""),
                 text_of(body, "sip_password"), false, visibility_in(body), mode_in(body),
                 flag_in(body, "trusted"), count_in(body, "appearances"),
                 flag_in(body, "phone_notifies")},
                precondition_of(request.fields));
}

ApiAnswer patch_extension(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    if (auto response = other_key(request, body)) return {std::move(*response)};
    const auto& number = request.param("number");
    const auto present = admin::ExtensionService{request.database}.find(number);
    auto condition = precondition_of(request.fields);
    if (const auto refusal = admin::check(condition, present ? present->stamp.version : 0))
        return {refused(*refusal, named(number))};
    if (!present) return {problem(404, "unknown", named(number) + " does not exist")};

    admin::ExtensionDraft draft{number,
                                present->display_name,
                                text_of(body, "sip_password"),
                                is_null(body, "sip_password"),
                                present->visibility,
                                present->mode,
                                present->trusted,
                                present->appearances,
                                present->phone_notifies};
    if (body.contains("mode")) draft.mode = mode_in(body);
    if (body.contains("visibility")) draft.visibility = visibility_in(body);
    if (body.contains("trusted")) draft.trusted = flag_in(body, "trusted");
    if (body.contains("phone_notifies")) draft.phone_notifies = flag_in(body, "phone_notifies");
    if (body.contains("appearances")) draft.appearances = count_in(body, "appearances");
    if (body.contains("display_name"))
        draft.display_name = text_of(body, "display_name").value_or("");
    condition.only_versions = {{present->stamp.version}};  // what was merged into
    return save(request, draft, condition);
}

ApiAnswer delete_extension(const ApiRequest& request)
{
    const auto& number = request.param("number");
    const bool recursive = find(request.query, "recursive") == "true";
    auto change = admin::ExtensionService{request.database}.remove(
        number, recursive ? admin::Memberships::remove : admin::Memberships::keep,
        precondition_of(request.fields), request.actor, request.now);
    if (!change)
        return {refused(change.error(), named(number), way_out(change.error().references))};
    return {HttpResponse{204, {}, {}}, std::move(*change)};
}

}  // namespace lampline::web
