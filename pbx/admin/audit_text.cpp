#include "admin/audit_text.hpp"

#include <boost/json.hpp>

#include "db/group_store.hpp"

namespace lampline::admin {

namespace json = boost::json;

std::string audit_text(const Extension& extension)
{
    return json::serialize(
        json::object{{"number", extension.number}, {"display_name", extension.display_name}});
}

std::string audit_text(const Group& group)
{
    json::array watchers;
    for (const auto& watcher : group.watchers)
        watchers.push_back(json::object{{"number", watcher.number},
                                        {"unsolicited", watcher.unsolicited},
                                        {"profile", db::profile_word(watcher.profile)}});
    return json::serialize(
        json::object{{"name", group.name},
                     {"display_name", group.display_name},
                     {"members", json::array(group.members.begin(), group.members.end())},
                     {"watchers", std::move(watchers)}});
}

}  // namespace lampline::admin
