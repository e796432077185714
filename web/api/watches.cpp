#include <boost/json.hpp>

#include "db/directory_loader.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const WatchRight& right, const Directory& directory)
{
    const auto key = directory.key(right.watcher, right.member);
    const std::string_view owner = key ? key->owner : std::string_view{right.member};
    const auto* member = directory.find(owner);
    json::array groups;
    for (const auto& grant : directory.grants(right.watcher, owner))
        groups.emplace_back(grant.group);
    return {{"member", right.member},
            {"kind", key      ? "key"
                     : member ? "extension"
                              : "park_slot"},
            {"display_name", member ? member->display_name : std::string{}},
            {"groups", std::move(groups)},
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
    static const ListRules rules{
        {"member"}, {"member", "display_name"}, {"member", "display_name"}, {"kind"}};
    return {list_page(std::move(items), rules, request.query)};
}

}  // namespace lampline::web
