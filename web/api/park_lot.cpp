#include <boost/json.hpp>

#include "admin/park_lot_service.hpp"
#include "web/api/request.hpp"
#include "web/api/sole_setting.hpp"
#include "web/api/time_text.hpp"
#include "web/problem.hpp"

namespace lampline::web {

namespace json = boost::json;

namespace {

json::value or_null(const std::string& text)
{
    return text.empty() ? json::value{} : json::value(text);
}

json::object shown_park_lot(const admin::Sole<ParkLot>& view)
{
    const auto& lot = view.content;
    json::object body{{"number", or_null(lot.number)},
                      {"first_slot", or_null(lot.first_slot)},
                      {"slots", lot.slots},
                      {"timeout", lot.timeout.count()},
                      {"fallback", or_null(lot.fallback)},
                      {"groups", json::array(lot.groups.begin(), lot.groups.end())},
                      {"updated_at", nullptr}};
    if (view.updated_at) body["updated_at"] = time_text(*view.updated_at);
    return body;
}

ParkLot lot_in(const json::object& body)
{
    ParkLot lot;
    const auto given = [&](std::string_view name) -> const json::value* {
        const auto* member = body.if_contains(name);
        return member == nullptr || member->is_null() ? nullptr : member;
    };
    if (const auto* text = given("number")) lot.number = json::value_to<std::string>(*text);
    if (const auto* text = given("first_slot")) lot.first_slot = json::value_to<std::string>(*text);
    if (const auto* count = given("slots")) lot.slots = count->to_number<unsigned>();
    if (const auto* count = given("timeout"))
        lot.timeout = std::chrono::seconds{count->to_number<int>()};
    if (const auto* text = given("fallback")) lot.fallback = json::value_to<std::string>(*text);
    if (const auto* names = given("groups"))
        lot.groups = json::value_to<std::vector<std::string>>(*names);
    return lot;
}

}  // namespace

ApiAnswer get_park_lot(const ApiRequest& request)
{
    return answer_with(request, admin::ParkLotService{request.database}.at(), shown_park_lot);
}

ApiAnswer put_park_lot(const ApiRequest& request)
{
    return answer_saved(admin::ParkLotService{request.database}.put(
                            lot_in(request.body->as_object()), precondition_of(request.fields),
                            request.actor, request.now),
                        "the park lot", shown_park_lot);
}

}  // namespace lampline::web
