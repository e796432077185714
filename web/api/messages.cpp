#include <boost/json.hpp>

#include "admin/message_service.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"
#include "web/etag.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

json::object shown(const admin::MessageView& view)
{
    return {{"new", view.messages.fresh},
            {"old", view.messages.old},
            {"urgent_new", view.messages.urgent_fresh},
            {"urgent_old", view.messages.urgent_old},
            {"unsolicited", view.messages.unsolicited},
            {"updated_at", time_text(view.updated_at)}};
}

unsigned count_in(const json::object& body, std::string_view name)
{
    const auto* member = body.if_contains(name);
    return member ? member->to_number<unsigned>() : 0;
}

std::string named(const std::string& number)
{
    return "extension " + number;
}

}  // namespace

ApiAnswer get_messages(const ApiRequest& request)
{
    const auto& number = request.param("number");
    const auto view = admin::MessageService{request.database}.find(number);
    if (!view) return {problem(404, "unknown", named(number) + " does not exist")};
    auto response = is_known(request.fields, view->version) ? HttpResponse{304, {}, {}}
                                                            : json_answer(200, shown(*view));
    response.fields.add("ETag", etag(view->version));
    return {std::move(response)};
}

ApiAnswer put_messages(const ApiRequest& request)
{
    const auto& body = request.body->as_object();
    const auto& number = request.param("number");
    const auto* unsolicited = body.if_contains("unsolicited");
    const MessageCounts messages{.fresh = count_in(body, "new"),
                                 .old = count_in(body, "old"),
                                 .urgent_fresh = count_in(body, "urgent_new"),
                                 .urgent_old = count_in(body, "urgent_old"),
                                 .unsolicited = !unsolicited || unsolicited->as_bool()};
    auto saved = admin::MessageService{request.database}.put(
        number, messages, precondition_of(request.fields), request.actor, request.now);
    if (!saved) return {refused(saved.error(), named(number))};
    auto response = json_answer(200, shown(saved->view));
    response.fields.add("ETag", etag(saved->view.version));
    return {std::move(response), std::move(saved->change)};
}

}  // namespace lampline::web
