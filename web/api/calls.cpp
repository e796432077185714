#include <boost/json.hpp>

#include "web/api/call_json.hpp"
#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"

namespace lampline::web {

namespace json = boost::json;

json::object shown(const LiveCall& call)
{
    json::array legs;
    for (const auto& leg : call.legs)
        legs.push_back(json::object{{"role", leg.role},
                                    {"extension", leg.extension},
                                    {"number", text_or_null(leg.number)},
                                    {"trunk", text_or_null(leg.trunk)},
                                    {"state", leg.state},
                                    {"call_id", leg.call_id},
                                    {"address", leg.address},
                                    {"held", leg.held}});
    return {{"id", call.id},
            {"log_id", call.log_id},
            {"from", call.from},
            {"from_trunk", text_or_null(call.from_trunk)},
            {"dialled", call.dialled},
            {"started_at", time_text(call.started_at)},
            {"answered_at", time_or_null(call.answered_at)},
            {"parked_in", text_or_null(call.parked_in)},
            {"legs", std::move(legs)}};
}

ApiAnswer list_calls(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& call : request.live->calls) items.push_back(shown(call));
    static const ListRules rules{
        {"id"}, {"id", "from", "dialled", "started_at", "answered_at"}, {"from", "dialled"}, {}};
    return {list_page(std::move(items), rules, request.query)};
}

ApiAnswer get_call(const ApiRequest& request)
{
    const auto& id = request.param("id");
    for (const auto& call : request.live->calls)
        if (call.id == id) return {json_answer(200, shown(call))};
    return {unknown_call(id)};
}

}  // namespace lampline::web
