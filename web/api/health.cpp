#include <boost/json.hpp>

#include "web/api/request.hpp"
#include "web/problem.hpp"

namespace lampline::web {

ApiAnswer get_health(const ApiRequest&)
{
    return {json_answer(200, {{"status", "ok"}})};
}

ApiAnswer get_readiness(const ApiRequest& request)
{
    // This handler has the database's thread, so the database is open and answers.
    const bool sip = request.live != nullptr;
    return {json_answer(sip ? 200 : 503,
                        {{"status", sip ? "ok" : "unavailable"},
                         {"checks", {{"database", "ok"}, {"sip", sip ? "ok" : "unavailable"}}}})};
}

}  // namespace lampline::web
