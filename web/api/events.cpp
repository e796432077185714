#include <boost/json.hpp>

#include "web/api/request.hpp"
#include "web/endless_body.hpp"
#include "web/problem.hpp"

namespace lampline::web {
namespace {

/// `types` is a list that the description has checked.
EventFilter filter_of(const Query& query)
{
    EventFilter filter;
    if (const auto extension = find(query, "extension")) filter.extension = *extension;
    const auto types = find(query, "types");
    if (!types) return filter;
    filter.types = 0;
    const auto listed = ',' + std::string{*types} + ',';
    for (const auto type : event_types)
        if (listed.find(',' + std::string{name(type)} + ',') != listed.npos)
            filter.types |= static_cast<unsigned>(type);
    return filter;
}

/// The header of an EventSource that comes again by itself; the parameter of one made anew.
std::optional<std::string> last_id_of(const ApiRequest& request)
{
    if (auto id = request.fields.find("Last-Event-ID")) return id;
    if (const auto id = find(request.query, "last_event_id")) return std::string{*id};
    return std::nullopt;
}

HttpResponse busy(std::string_view detail)
{
    auto response = problem(503, "overloaded", detail);
    response.fields.add("Retry-After", "10");
    return response;
}

}  // namespace

ApiAnswer stream_events(const ApiRequest& request)
{
    auto stream =
        request.events.open(filter_of(request.query), last_id_of(request), request.bearer.value());
    if (!stream) return {busy("too many streams of events are open")};
    HttpResponse response{200, {}, {}};
    response.fields.add("Content-Type", "text/event-stream");
    response.fields.add("Cache-Control", "no-store");
    response.fields.add("X-Accel-Buffering", "no");  // a proxy must not hold events back
    response.stream = std::move(stream);
    return {std::move(response)};
}

ApiAnswer create_event_ticket(const ApiRequest& request)
{
    const auto ticket = request.tickets.issue(request.bearer.value(), request.mono);
    if (!ticket) return {busy("too many tickets are waiting to be used")};
    return {json_answer(201, {{"ticket", *ticket}, {"expires_in", TicketBox::lifetime.count()}})};
}

}  // namespace lampline::web
