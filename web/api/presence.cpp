// What `presence`, `appearance` and `published` events tell the changes of.
#include <boost/json.hpp>

#include "web/api/listing.hpp"
#include "web/api/live_json.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

template <class Live> std::vector<json::object> all_of(const std::vector<Live>& live)
{
    std::vector<json::object> items;
    items.reserve(live.size());
    for (const auto& one : live) items.push_back(shown(one));
    return items;
}

}  // namespace

ApiAnswer list_presence(const ApiRequest& request)
{
    static const ListRules rules{{"extension"}, {"extension"}, {"extension"}, {"extension"}};
    return {list_page(all_of(request.live->presence), rules, request.query)};
}

ApiAnswer list_appearances(const ApiRequest& request)
{
    static const ListRules rules{{"extension", "appearance"},
                                 {"extension", "appearance", "state"},
                                 {"extension", "with", "with_name"},
                                 {"extension", "state"}};
    return {list_page(all_of(request.live->appearances), rules, request.query)};
}

ApiAnswer list_published_dialogs(const ApiRequest& request)
{
    std::vector<json::object> items;
    items.reserve(request.live->published.size());
    for (const auto& one : request.live->published) {
        items.push_back(shown(one.dialog));
        items.back()["publisher"] = one.publisher;
        items.back()["expires_at"] = time_text(one.expires_at);
    }
    static const ListRules rules{{"extension", "call_id", "direction", "publisher", "with"},
                                 {"extension", "publisher", "state", "expires_at"},
                                 {"extension", "publisher", "with", "with_name", "call_id"},
                                 {"extension", "publisher"}};
    return {list_page(std::move(items), rules, request.query)};
}

}  // namespace lampline::web
