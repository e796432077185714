#include <boost/json.hpp>

#include <algorithm>
#include <iterator>
#include <set>

#include "db/directory_loader.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

/// By which `right.watcher` sees `owner`, or takes its calls as a fellow member.
json::array groups_behind(const WatchRight& right, std::string_view owner,
                          const Directory& directory)
{
    std::set<std::string> names;
    for (const auto& grant : directory.grants(right.watcher, owner)) names.insert(grant.group);
    if (right.member != right.watcher)
        std::ranges::set_intersection(directory.pickup_groups(right.watcher),
                                      directory.pickup_groups(right.member),
                                      std::inserter(names, names.end()));
    json::array groups;
    for (const auto& name : names) groups.emplace_back(name);
    return groups;
}

/// Whom `number` may pick up as a fellow member alone: it has no right to see them.
std::vector<WatchRight> unseen_fellows(const std::string& number, const Directory& directory)
{
    std::set<std::string> fellows;
    for (const auto& group : directory.pickup_groups(number))
        for (const auto& member : directory.find_group(group)->members)
            if (!directory.right(number, member) && directory.may_pick_up(number, member))
                fellows.insert(member);
    std::vector<WatchRight> rights;
    for (const auto& fellow : fellows)
        rights.push_back({.watcher = number,
                          .member = fellow,
                          .rights = {.parties = false, .pickup = true, .join = false}});
    return rights;
}

json::object shown(const WatchRight& right, const Directory& directory)
{
    const auto key = directory.key(right.watcher, right.member);
    const std::string_view owner = key ? key->owner : std::string_view{right.member};
    const auto* member = directory.find(owner);
    return {{"member", right.member},
            {"kind", key      ? "key"
                     : member ? "extension"
                              : "park_slot"},
            {"display_name", member ? member->display_name : std::string{}},
            {"groups", groups_behind(right, owner, directory)},
            {"state", directory.right(right.watcher, right.member) != nullptr},
            {"parties", right.rights.parties},
            {"pickup", directory.may_pick_up(right.watcher, right.member)},
            {"join", right.rights.join},
            {"unsolicited", right.unsolicited},
            {"told_by_phone", told_by_phone(&right, right.member)},
            {"profile", right.profile ? right.profile->name : "auto"}};
}

}  // namespace

ApiAnswer list_watches(const ApiRequest& request)
{
    const auto directory = db::load_directory(request.database);
    const auto& number = request.param("number");
    if (!directory->find(number))
        return {problem(404, "unknown", "extension " + number + " does not exist")};
    std::vector<json::object> items;
    for (const auto& right : directory->watchable(number))
        items.push_back(shown(right, *directory));
    for (const auto& right : unseen_fellows(number, *directory))
        items.push_back(shown(right, *directory));
    static const ListRules rules{
        {"member"}, {"member", "display_name"}, {"member", "display_name"}, {"kind"}};
    return {list_page(std::move(items), rules, request.query)};
}

}  // namespace lampline::web
