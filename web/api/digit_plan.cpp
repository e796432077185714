#include <boost/json.hpp>

#include "web/api/request.hpp"
#include "web/problem.hpp"

namespace lampline::web {

namespace json = boost::json;

ApiAnswer test_digit_plan(const ApiRequest& request)
{
    const auto& route = *request.route;
    if (!route.known_caller) {
        const admin::FieldFault fault{"/from", "unknown_extension", "is not an extension"};
        return {invalid({&fault, 1})};
    }
    json::array targets;
    for (const auto& target : route.targets)
        targets.push_back(json::object{{"extension", target.extension},
                                       {"contact", target.contact},
                                       {"address", target.address},
                                       {"after", target.after.count()}});
    json::object body{{"outcome", route.outcome},
                      {"status", nullptr},
                      {"phrase", nullptr},
                      {"steps", json::array(route.steps.begin(), route.steps.end())},
                      {"targets", std::move(targets)}};
    if (route.status != 0) {
        body["status"] = route.status;
        body["phrase"] = route.phrase;
    }
    return {json_answer(200, body)};
}

}  // namespace lampline::web
