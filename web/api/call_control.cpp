// What a client wants done with a call: the exchange has answered, and this puts it into HTTP.
#include <boost/json.hpp>

#include "web/api/call_json.hpp"
#include "web/api/request.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

constexpr std::string_view calls_path = "/api/v1/calls/";

/// The answer when nothing was begun; nullopt: something was.
std::optional<HttpResponse> refusal(const OrderAnswer& answer, const std::string& call)
{
    switch (answer.outcome) {
    case OrderOutcome::begun:
    case OrderOutcome::as_it_is: return std::nullopt;
    case OrderOutcome::unknown_call: return unknown_call(call);
    case OrderOutcome::bad_member: {
        const admin::FieldFault fault{answer.pointer, answer.code, answer.message};
        return invalid({&fault, 1});
    }
    case OrderOutcome::wrong_state: return problem(409, "wrong-state", answer.message);
    case OrderOutcome::overloaded: {
        auto response = problem(503, "overloaded", "no new calls are taken now");
        response.fields.add("Retry-After", "5");
        return response;
    }
    }
    return problem(500, "failed", "unhandled outcome");
}

/// `call.transfer` of `17 201>207 to 205`: which call, whose, and what was wanted.
void record(const ApiRequest& request, CallAction action)
{
    const auto& call = *request.order->call;
    std::string subject = call.id + ' ' + call.from + '>' + call.dialled;
    if (request.body)
        for (const auto* member : {"to", "slot", "by"})
            if (const auto* value = request.body->as_object().if_contains(member);
                value && action != CallAction::place)
                subject += ' ' + std::string{member} + ' ' + json::value_to<std::string>(*value);
    admin::record_action(request.database, request.actor, "call." + std::string{name(action)},
                         std::move(subject), request.now);
}

}  // namespace

ApiAnswer place_call(const ApiRequest& request)
{
    if (auto response = refusal(*request.order, {})) return {std::move(*response)};
    record(request, CallAction::place);
    const auto& call = *request.order->call;
    auto response = json_answer(201, shown(call));
    response.fields.add("Location", std::string{calls_path} + call.id);
    return {std::move(response)};
}

template <CallAction action>
ApiAnswer change_call(const ApiRequest& request)
{
    if (auto response = refusal(*request.order, request.param("id"))) return {std::move(*response)};
    const bool begun = request.order->outcome == OrderOutcome::begun;
    if (begun) record(request, action);
    return {json_answer(begun ? 202 : 200, shown(*request.order->call))};
}

template ApiAnswer change_call<CallAction::hang_up>(const ApiRequest&);
template ApiAnswer change_call<CallAction::hold>(const ApiRequest&);
template ApiAnswer change_call<CallAction::resume>(const ApiRequest&);
template ApiAnswer change_call<CallAction::transfer>(const ApiRequest&);
template ApiAnswer change_call<CallAction::pick_up>(const ApiRequest&);
template ApiAnswer change_call<CallAction::park>(const ApiRequest&);

}  // namespace lampline::web
