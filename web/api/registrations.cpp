#include <boost/json.hpp>

#include "web/api/listing.hpp"
#include "web/api/request.hpp"
#include "web/api/time_text.hpp"

namespace lampline::web {
namespace {

namespace json = boost::json;

std::string address_of(const Flow& flow)
{
    const bool v6 = flow.host.find(':') != std::string::npos;
    return (v6 ? '[' + flow.host + ']' : flow.host) + ':' + std::to_string(flow.port);
}

json::value reachable(const Reach& reach)
{
    if (reach.state == Reach::State::unknown) return nullptr;
    return reach.state == Reach::State::reachable;
}

json::value round_trip(const Reach& reach)
{
    if (reach.round_trip.count() == 0) return nullptr;
    return static_cast<double>(reach.round_trip.count()) / 1000;
}

json::value since(const Reach& reach)
{
    if (reach.state == Reach::State::unknown) return nullptr;
    return json::value(time_text(reach.since));
}

json::object shown(const Binding& binding)
{
    return {{"extension", binding.aor},
            {"contact", write(binding.contact)},
            {"transport", name(binding.flow.transport)},
            {"address", address_of(binding.flow)},
            {"path", json::array(binding.path.begin(), binding.path.end())},
            {"q", binding.q_thousandths / 1000.0},
            {"user_agent", binding.user_agent},
            {"instance", binding.instance},
            {"reachable", reachable(binding.reach)},
            {"round_trip_ms", round_trip(binding.reach)},
            {"reachable_since", since(binding.reach)},
            {"expires_at", time_text(binding.expires_at)},
            {"registered_at", time_text(binding.registered_at)}};
}

}  // namespace

ApiAnswer list_registrations(const ApiRequest& request)
{
    std::vector<json::object> items;
    for (const auto& binding : request.live->registrations) items.push_back(shown(binding));
    static const ListRules rules{
        {"extension", "contact"},
        {"extension", "address", "user_agent", "expires_at", "registered_at"},
        {"extension", "contact", "address", "user_agent"},
        {"extension"}};
    return {list_page(std::move(items), rules, request.query)};
}

}  // namespace lampline::web
