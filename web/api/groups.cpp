#include <boost/json.hpp>

#include "admin/group_service.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const db::StoredGroup& row)
{
    json::array watchers;
    for (const auto& watcher : row.group.watchers)
        watchers.push_back(json::object{{"number", watcher.number},
                                        {"unsolicited", watcher.unsolicited},
                                        {"profile", db::profile_word(watcher.profile)}});
    json::array watching_groups;
    for (const auto& watching : row.group.watching_groups)
        watching_groups.push_back(json::object{{"name", watching.name},
                                               {"unsolicited", watching.unsolicited},
                                               {"profile", db::profile_word(watching.profile)}});
    const auto& rights = row.group.rights;
    return {
        {"name", row.group.name},
        {"display_name", row.group.display_name},
        {"members", json::array(row.group.members.begin(), row.group.members.end())},
        {"watchers", std::move(watchers)},
        {"watching_groups", std::move(watching_groups)},
        {"rights", {{"parties", rights.parties}, {"pickup", rights.pickup}, {"join", rights.join}}},
        {"members_pick_up", row.group.members_pick_up},
        {"created_at", time_text(row.stamp.created_at)},
        {"updated_at", time_text(row.stamp.updated_at)}};
}

std::string named(const std::string& name)
{
    return "group " + name;
}

GroupWatcher watcher_in(const json::object& body)
{
    GroupWatcher watcher;
    watcher.number = json::value_to<std::string>(body.at("number"));
    if (const auto* unsolicited = body.if_contains("unsolicited"))
        watcher.unsolicited = unsolicited->as_bool();
    if (const auto* profile = body.if_contains("profile"))
        watcher.profile = db::profile_named(profile->as_string());
    return watcher;
}

WatchingGroup watching_group_in(const json::object& body)
{
    WatchingGroup watching;
    watching.name = json::value_to<std::string>(body.at("name"));
    if (const auto* unsolicited = body.if_contains("unsolicited"))
        watching.unsolicited = unsolicited->as_bool();
    if (const auto* profile = body.if_contains("profile"))
        watching.profile = db::profile_named(profile->as_string());
    return watching;
}

/// A right that is not named stays as it is; null brings its default back (RFC 7396).
void merge_right(const json::object& rights, std::string_view name, bool& right, bool by_default)
{
    if (const auto* given = rights.if_contains(name))
        right = given->is_null() ? by_default : given->as_bool();
}

void merge_rights(const json::value& body, GroupRights& rights)
{
    if (body.is_null()) rights = {};
    if (const auto* given = body.if_object()) {
        constexpr GroupRights defaults;
        merge_right(*given, "parties", rights.parties, defaults.parties);
        merge_right(*given, "pickup", rights.pickup, defaults.pickup);
        merge_right(*given, "join", rights.join, defaults.join);
    }
}

/// Puts the members of `body` into `group`; null empties one (RFC 7396).
void merge(const json::object& body, Group& group)
{
    if (const auto* name = body.if_contains("display_name"))
        group.display_name = name->is_null() ? "" : json::value_to<std::string>(*name);
    if (const auto* members = body.if_contains("members")) {
        group.members.clear();
        if (const auto* numbers = members->if_array())
            for (const auto& number : *numbers)
                group.members.push_back(json::value_to<std::string>(number));
    }
    if (const auto* watchers = body.if_contains("watchers")) {
        group.watchers.clear();
        if (const auto* rows = watchers->if_array())
            for (const auto& row : *rows) group.watchers.push_back(watcher_in(row.as_object()));
    }
    if (const auto* watching = body.if_contains("watching_groups")) {
        group.watching_groups.clear();
        if (const auto* rows = watching->if_array())
            for (const auto& row : *rows)
                group.watching_groups.push_back(watching_group_in(row.as_object()));
    }
    if (const auto* rights = body.if_contains("rights")) merge_rights(*rights, group.rights);
    merge_right(body, "members_pick_up", group.members_pick_up, Group{}.members_pick_up);
}

/// The key is the path's; the body may repeat it.
std::optional<HttpResponse> other_key(const ApiRequest& request, const json::object& body)
{
    const auto* name = body.if_contains("name");
    if (name == nullptr || name->as_string() == request.param("name")) return std::nullopt;
    const admin::FieldFault fault{"/name", "mismatch", "is not the name of the path"};
    return invalid({&fault, 1});
}

ApiAnswer save(const ApiRequest& request, const Group& group, const admin::Precondition& condition)
{
    auto saved =
        admin::GroupService{request.database}.put(group, condition, request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(group.name))};
    auto response = json_answer(saved->created ? 201 : 200, shown(saved->row));
    response.fields.add("ETag", etag(saved->row.stamp.version));
    if (saved->created) response.fields.add("Location", "/api/v1/groups/" + group.name);
    return {std::move(response), std::move(saved->change)};
}

}  // namespace

ApiAnswer list_groups(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& row : admin::GroupService{request.database}.all()) items.push_back(shown(row));
    static const ListRules rules{{"name"},
                                 {"name", "display_name", "created_at", "updated_at"},
                                 {"name", "display_name"},
                                 {}};
    return {list_page(std::move(items), rules, request.query)};
}

ApiAnswer get_group(const ApiRequest& request)
{
    const auto row = admin::GroupService{request.database}.find(request.param("name"));
    if (!row) return {problem(404, "unknown", named(request.param("name")) + " does not exist")};
    auto response = is_known(request.fields, row->stamp.version) ? HttpResponse{304, {}, {}}
                                                                 : json_answer(200, shown(*row));
    response.fields.add("ETag", etag(row->stamp.version));
    return {std::move(response)};
}

ApiAnswer put_group(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    if (auto response = other_key(request, body)) return {std::move(*response)};
    Group group;
    group.name = request.param("name");
    merge(body, group);
    return save(request, group, precondition_of(request.fields));
}

ApiAnswer patch_group(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    if (auto response = other_key(request, body)) return {std::move(*response)};
    const auto& name = request.param("name");
    auto present = admin::GroupService{request.database}.find(name);
    auto condition = precondition_of(request.fields);
    if (const auto refusal = admin::check(condition, present ? present->stamp.version : 0))
        return {refused(*refusal, named(name))};
    if (!present) return {problem(404, "unknown", named(name) + " does not exist")};
    merge(body, present->group);
    condition.only_versions = {{present->stamp.version}};  // what was merged into
    return save(request, present->group, condition);
}

ApiAnswer delete_group(const ApiRequest& request)
{
    const auto& name = request.param("name");
    auto change = admin::GroupService{request.database}.remove(
        name, precondition_of(request.fields), request.actor, request.now);
    if (!change) return {refused(change.error(), named(name))};
    return {HttpResponse{204, {}, {}}, std::move(*change)};
}

}  // namespace lampline::web
