#include <boost/json.hpp>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "db/directory_loader.hpp"
#include "db/group_store.hpp"
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

/// `reg` shows addresses: one's own, and to who is trusted those of all.
bool sees_registrations(const WatchRight& right, const Directory& directory)
{
    return directory.find(right.member) &&
           (right.member == right.watcher || directory.find(right.watcher)->trusted);
}

/// What `number` may watch without a group: itself, and the registrations of all if it is trusted.
std::vector<WatchRight> ungranted(const std::string& number, const Directory& directory,
                                  std::set<std::string> named)
{
    std::vector<WatchRight> rights;
    const auto* self = directory.right(number, number);
    if (self && named.insert(number).second) {
        rights.push_back(*self);
        rights.back().watcher = rights.back().member = number;
        rights.back().unsolicited = false;
    }
    if (!directory.find(number)->trusted) return rights;
    for (const auto* extension : directory.extensions())
        if (named.insert(extension->number).second)
            rights.push_back({.watcher = number,
                              .member = extension->number,
                              .rights = {.parties = false, .pickup = false, .join = false}});
    return rights;
}

/// A group that is watched as a list (RFC 4662). Rights are those to its members.
json::object shown_list(const Group& group)
{
    json::array groups;
    groups.emplace_back(group.name);
    return {{"member", group.name},
            {"kind", "group"},
            {"display_name", group.display_name},
            {"groups", std::move(groups)},
            {"state", true},
            {"parties", false},
            {"pickup", false},
            {"join", false},
            {"unsolicited", false},
            {"told_by_phone", false},
            {"registrations", false},
            {"profile", "auto"}};
}

json::object shown(const WatchRight& right, const Directory& directory)
{
    const auto key = directory.key(right.watcher, right.member);
    const std::string_view owner = key ? key->owner : std::string_view{right.member};
    const auto* member = directory.find(owner);
    auto groups = groups_behind(right, owner, directory);
    const bool oneself = right.member == right.watcher && groups.empty();
    return {{"member", right.member},
            {"kind", key       ? "key"
                     : oneself ? "oneself"
                     : member  ? "extension"
                               : "park_slot"},
            {"display_name", member ? member->display_name : std::string{}},
            {"groups", std::move(groups)},
            {"state", directory.right(right.watcher, right.member) != nullptr},
            {"parties", right.rights.parties},
            {"pickup", directory.may_pick_up(right.watcher, right.member)},
            {"join", right.rights.join},
            {"unsolicited", right.unsolicited},
            {"told_by_phone", told_by_phone(&right, right.member)},
            {"registrations", sees_registrations(right, directory)},
            {"profile", right.profile ? right.profile->name : "auto"}};
}

}  // namespace

ApiAnswer list_watches(const ApiRequest& request)
{
    const auto directory = db::load_directory(request.database);
    const auto& number = request.param("number");
    if (!directory->find(number))
        return {problem(404, "unknown", "extension " + number + " does not exist")};
    auto rights = directory->watchable(number);
    auto fellows = unseen_fellows(number, *directory);
    std::ranges::move(fellows, std::back_inserter(rights));
    std::set<std::string> named;
    for (const auto& right : rights) named.insert(right.member);
    auto more = ungranted(number, *directory, std::move(named));
    std::ranges::move(more, std::back_inserter(rights));
    std::vector<json::object> items;
    for (const auto& right : rights) items.push_back(shown(right, *directory));
    for (const auto& stored : db::GroupStore{request.database}.all())
        if (directory->listed(number, stored.group.name))
            items.push_back(shown_list(stored.group));
    static const ListRules rules{
        {"member", "kind"}, {"member", "display_name"}, {"member", "display_name"}, {"kind"}};
    return {list_page(std::move(items), rules, request.query)};
}

}  // namespace lampline::web
