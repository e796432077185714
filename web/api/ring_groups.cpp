#include <boost/json.hpp>

#include "admin/ring_group_service.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"
#include "web/url.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const db::StoredRingGroup& row)
{
    json::array members;
    for (const auto& member : row.group.members)
        members.push_back(json::object{{"number", member.number},
                                       {"delay", member.delay.count()},
                                       {"logged_in", member.logged_in}});
    json::object body{{"number", row.group.number},
                      {"display_name", row.group.display_name},
                      {"strategy", db::strategy_word(row.group.strategy)},
                      {"members", std::move(members)},
                      {"ring_time", row.group.ring_time.count()},
                      {"overflow", nullptr},
                      {"skip_busy", row.group.skip_busy},
                      {"created_at", time_text(row.stamp.created_at)},
                      {"updated_at", time_text(row.stamp.updated_at)}};
    if (!row.group.overflow.empty()) body["overflow"] = row.group.overflow;
    return body;
}

std::string named(const std::string& number)
{
    return "ring group " + number;
}

/// `before` are the members until now.
RingGroupMember member_in(const json::object& body, const RingGroup& before)
{
    RingGroupMember member;
    member.number = json::value_to<std::string>(body.at("number"));
    if (const auto* delay = body.if_contains("delay"))
        member.delay = std::chrono::seconds{delay->to_number<int>()};
    // Phones log in and out while somebody edits the group: what is not said stays.
    if (const auto* logged_in = body.if_contains("logged_in"))
        member.logged_in = logged_in->as_bool();
    else if (const auto* row = before.member(member.number))
        member.logged_in = row->logged_in;
    return member;
}

/// Puts the members of `body` into `group`; null brings the default back (RFC 7396). `before` is
/// the group as it is stored.
void merge(const json::object& body, const RingGroup& before, RingGroup& group)
{
    const RingGroup defaults;
    const auto text = [&](std::string_view name, std::string& to) {
        if (const auto* member = body.if_contains(name))
            to = member->is_null() ? "" : json::value_to<std::string>(*member);
    };
    text("display_name", group.display_name);
    text("overflow", group.overflow);
    if (const auto* strategy = body.if_contains("strategy"))
        group.strategy = strategy->is_null() ? defaults.strategy
                                             : db::strategy_named(strategy->as_string()).value();
    if (const auto* ring_time = body.if_contains("ring_time"))
        group.ring_time = ring_time->is_null() ? defaults.ring_time
                                               : std::chrono::seconds{ring_time->to_number<int>()};
    if (const auto* skip = body.if_contains("skip_busy"))
        group.skip_busy = skip->is_null() ? defaults.skip_busy : skip->as_bool();
    if (const auto* members = body.if_contains("members")) {
        group.members.clear();
        if (const auto* rows = members->if_array())
            for (const auto& row : *rows)
                group.members.push_back(member_in(row.as_object(), before));
    }
}

/// The key is the path's; the body may repeat it.
std::optional<HttpResponse> other_key(const ApiRequest& request, const json::object& body)
{
    const auto* number = body.if_contains("number");
    if (number == nullptr || number->as_string() == request.param("group")) return std::nullopt;
    const admin::FieldFault fault{"/number", "mismatch", "is not the number of the path"};
    return invalid({&fault, 1});
}

ApiAnswer save(const ApiRequest& request, const RingGroup& group,
               const admin::Precondition& condition)
{
    auto saved =
        admin::RingGroupService{request.database}.put(group, condition, request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(group.number))};
    auto response = json_answer(saved->created ? 201 : 200, shown(saved->row));
    response.fields.add("ETag", etag(saved->row.stamp.version));
    if (saved->created)
        response.fields.add("Location", "/api/v1/ring-groups/" + escaped_segment(group.number));
    return {std::move(response), std::move(saved->change)};
}

}  // namespace

ApiAnswer list_ring_groups(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& row : admin::RingGroupService{request.database}.all())
        items.push_back(shown(row));
    static const ListRules rules{{"number"},
                                 {"number", "display_name", "strategy", "created_at", "updated_at"},
                                 {"number", "display_name"},
                                 {}};
    return {list_page(std::move(items), rules, request.query)};
}

ApiAnswer get_ring_group(const ApiRequest& request)
{
    const auto& number = request.param("group");
    const auto row = admin::RingGroupService{request.database}.find(number);
    if (!row) return {problem(404, "unknown", named(number) + " does not exist")};
    auto response = is_known(request.fields, row->stamp.version) ? HttpResponse{304, {}, {}}
                                                                 : json_answer(200, shown(*row));
    response.fields.add("ETag", etag(row->stamp.version));
    return {std::move(response)};
}

ApiAnswer put_ring_group(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    if (auto response = other_key(request, body)) return {std::move(*response)};
    RingGroup group;
    group.number = request.param("group");
    const auto before = admin::RingGroupService{request.database}.find(group.number);
    merge(body, before ? before->group : RingGroup{}, group);
    return save(request, group, precondition_of(request.fields));
}

ApiAnswer patch_ring_group(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    if (auto response = other_key(request, body)) return {std::move(*response)};
    const auto& number = request.param("group");
    auto present = admin::RingGroupService{request.database}.find(number);
    auto condition = precondition_of(request.fields);
    if (const auto refusal = admin::check(condition, present ? present->stamp.version : 0))
        return {refused(*refusal, named(number))};
    if (!present) return {problem(404, "unknown", named(number) + " does not exist")};
    merge(body, RingGroup{present->group}, present->group);
    condition.only_versions = {{present->stamp.version}};  // what was merged into
    return save(request, present->group, condition);
}

ApiAnswer delete_ring_group(const ApiRequest& request)
{
    const auto& number = request.param("group");
    auto change = admin::RingGroupService{request.database}.remove(
        number, precondition_of(request.fields), request.actor, request.now);
    if (!change) return {refused(change.error(), named(number))};
    return {HttpResponse{204, {}, {}}, std::move(*change)};
}

}  // namespace lampline::web
