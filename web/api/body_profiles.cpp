#include <boost/json.hpp>

#include "admin/body_profile_json.hpp"
#include "admin/body_profile_service.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const BodyProfile& profile, const std::optional<db::RowStamp>& stamp)
{
    auto object = admin::object_of(profile);
    object["built_in"] = !stamp.has_value();
    object["created_at"] = stamp ? json::value(time_text(stamp->created_at)) : json::value{};
    object["updated_at"] = stamp ? json::value(time_text(stamp->updated_at)) : json::value{};
    return object;
}

std::string named(const std::string& name)
{
    return "body profile " + name;
}

ApiAnswer faulty(std::string pointer, std::string code, std::string message)
{
    const admin::FieldFault fault{std::move(pointer), std::move(code), std::move(message)};
    return {invalid({&fault, 1})};
}

}  // namespace

ApiAnswer list_body_profiles(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& row : admin::BodyProfileService{request.database}.all())
        items.push_back(shown(row.profile, row.stamp));
    static const ListRules rules{{"name"}, {"name", "created_at", "updated_at"}, {"name"}, {}};
    return {list_page(std::move(items), rules, request.query)};
}

ApiAnswer get_body_profile(const ApiRequest& request)
{
    const auto& name = request.param("name");
    const auto row = admin::BodyProfileService{request.database}.find(name);
    if (!row) return {problem(404, "unknown", named(name) + " does not exist")};
    if (!row->stamp) return {json_answer(200, shown(row->profile, row->stamp))};
    auto response = is_known(request.fields, row->stamp->version)
                        ? HttpResponse{304, {}, {}}
                        : json_answer(200, shown(row->profile, row->stamp));
    response.fields.add("ETag", etag(row->stamp->version));
    return {std::move(response)};
}

ApiAnswer put_body_profile(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    admin::BodyProfileService profiles{request.database};
    BodyProfile profile;
    if (const auto* like = body.if_contains("like")) {
        const auto model = profiles.find(like->as_string());
        if (!model)
            return faulty("/like", "unknown_profile",
                          "there is no " + named(json::value_to<std::string>(*like)));
        profile = model->profile;
        profile.user_agents.clear();  // its phones stay its own
    }
    profile.name = request.param("name");
    if (const auto* name = body.if_contains("name"); name && name->as_string() != profile.name)
        return faulty("/name", "mismatch", "is not the name of the path");
    admin::merge(body, profile);

    auto saved = profiles.put(profile, precondition_of(request.fields), request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(profile.name))};
    auto response =
        json_answer(saved->created ? 201 : 200, shown(saved->row.profile, saved->row.stamp));
    response.fields.add("ETag", etag(saved->row.stamp.version));
    if (saved->created) response.fields.add("Location", "/api/v1/body-profiles/" + profile.name);
    return {std::move(response), std::move(saved->change)};
}

ApiAnswer delete_body_profile(const ApiRequest& request)
{
    const auto& name = request.param("name");
    auto change = admin::BodyProfileService{request.database}.remove(
        name, precondition_of(request.fields), request.actor, request.now);
    if (!change)
        return {refused(change.error(), named(name), ": its watchers must choose another first")};
    return {HttpResponse{204, {}, {}}, std::move(*change)};
}

}  // namespace lampline::web
