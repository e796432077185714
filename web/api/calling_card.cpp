#include <boost/json.hpp>

#include "admin/calling_card_service.hpp"
#include "web/api/request.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const admin::CallingCardView& view)
{
    const auto& card = view.card;
    json::object body{{"number", text_or_null(card.number)},
                      {"display_name", card.display_name},
                      {"users", nullptr},
                      {"first_digit", card.rules.first_digit.count()},
                      {"inter_digit", card.rules.inter_digit.count()},
                      {"long_pound", nullptr},
                      {"back", text_or_null(card.rules.back)},
                      {"longest", card.rules.longest.count()},
                      {"updated_at", nullptr}};
    if (!card.everybody) body["users"] = json::array(card.users.begin(), card.users.end());
    if (card.rules.long_pound.count() > 0) body["long_pound"] = card.rules.long_pound.count();
    if (view.updated_at) body["updated_at"] = time_text(*view.updated_at);
    return body;
}

/// What is left out has its default; null is none.
CallingCard card_in(const json::object& body)
{
    CallingCard card;
    const auto text = [&](std::string_view name, std::string& to) {
        if (const auto* member = body.if_contains(name))
            to = member->is_null() ? std::string{} : json::value_to<std::string>(*member);
    };
    const auto seconds = [&](std::string_view name, std::chrono::seconds& to) {
        if (const auto* member = body.if_contains(name))
            to = std::chrono::seconds{member->to_number<int>()};
    };
    text("number", card.number);
    text("display_name", card.display_name);
    text("back", card.rules.back);
    seconds("first_digit", card.rules.first_digit);
    seconds("inter_digit", card.rules.inter_digit);
    seconds("longest", card.rules.longest);
    if (const auto* member = body.if_contains("long_pound"))
        card.rules.long_pound =
            std::chrono::milliseconds{member->is_null() ? 0 : member->to_number<int>()};
    if (const auto* member = body.if_contains("users"); member && !member->is_null()) {
        card.everybody = false;
        card.users = json::value_to<std::vector<std::string>>(*member);
    }
    return card;
}

}  // namespace

ApiAnswer get_calling_card(const ApiRequest& request)
{
    const auto view = admin::CallingCardService{request.database}.at();
    auto response = is_known(request.fields, view.version) ? HttpResponse{304, {}, {}}
                                                           : json_answer(200, shown(view));
    response.fields.add("ETag", etag(view.version));
    return {std::move(response)};
}

ApiAnswer put_calling_card(const ApiRequest& request)
{
    auto saved = admin::CallingCardService{request.database}.put(card_in(request.body->as_object()),
                                                                 precondition_of(request.fields),
                                                                 request.actor, request.now);
    if (!saved) return {refused(saved.error(), "the calling-card application")};
    auto response = json_answer(200, shown(saved->view));
    response.fields.add("ETag", etag(saved->view.version));
    return {std::move(response), std::move(saved->change)};
}

}  // namespace lampline::web
