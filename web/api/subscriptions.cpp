#include <boost/json.hpp>

#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

/// A lamp is a subscription to `dialog`.
template <class Live>
json::object shown(const Live& one, std::string_view package, const std::string& resource)
{
    return {{"watcher", one.watcher},
            {"package", package},
            {"resource", resource},
            {"kind", one.kind},
            {"contact", one.contact},
            {"cseq", one.cseq},
            {"sent_at", time_or_null(one.sent_at)},
            {"answer", one.answer ? json::value(*one.answer) : json::value{}},
            {"answered_at", time_or_null(one.answered_at)},
            {"owed", one.owed},
            {"expires_at", time_text(one.expires_at)}};
}

}  // namespace

ApiAnswer list_subscriptions(const ApiRequest& request)
{
    std::vector<json::object> items;
    items.reserve(request.live->lamps.size() + request.live->subscriptions.size());
    for (const auto& lamp : request.live->lamps)
        items.push_back(shown(lamp, "dialog", lamp.member));
    for (const auto& one : request.live->subscriptions)
        items.push_back(shown(one, one.package, one.resource));
    static const ListRules rules{{"watcher", "package", "resource", "contact"},
                                 {"watcher", "package", "resource", "sent_at", "answer"},
                                 {"watcher", "package", "resource", "contact"},
                                 {"watcher", "package", "resource"}};
    return {list_page(std::move(items), rules, request.query)};
}

}  // namespace lampline::web
