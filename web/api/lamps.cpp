#include <boost/json.hpp>

#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

/// As in the account of the lamp.
std::string_view reason_of(const LiveLamp& lamp)
{
    if (!lamp.agrees) return "told_by_phone";
    if (lamp.under_way) return "under_way";
    if (lamp.waiting) return "waits_to_retry";
    return *lamp.agrees ? "told" : "not_told_yet";
}

json::object shown(const LiveLamp& lamp)
{
    return {{"watcher", lamp.watcher},
            {"member", lamp.member},
            {"kind", lamp.kind},
            {"list", lamp.list.empty() ? json::value{} : json::value(lamp.list)},
            {"contact", lamp.contact},
            {"profile", lamp.profile},
            {"colour", name(lamp.colour)},
            {"since", time_or_null(lamp.since)},
            {"agrees", lamp.agrees ? json::value(*lamp.agrees) : json::value{}},
            {"reason", reason_of(lamp)},
            {"state", lamp.state},
            {"version", lamp.version},
            {"cseq", lamp.cseq},
            {"sent_at", time_or_null(lamp.sent_at)},
            {"transport", name(lamp.transport)},
            {"bytes", lamp.bytes},
            {"answer", lamp.answer ? json::value(*lamp.answer) : json::value{}},
            {"answered_at", time_or_null(lamp.answered_at)},
            {"owed", lamp.owed},
            {"expires_at", time_text(lamp.expires_at)}};
}

}  // namespace

ApiAnswer list_lamps(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& lamp : request.live->lamps) items.push_back(shown(lamp));
    static const ListRules rules{{"watcher", "member", "contact", "kind"},
                                 {"watcher", "member", "state", "sent_at", "answer"},
                                 {"watcher", "member", "contact"},
                                 {"watcher", "member"}};
    return {list_page(std::move(items), rules, request.query)};
}

}  // namespace lampline::web
