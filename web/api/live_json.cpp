#include "web/api/live_json.hpp"

#include <boost/json.hpp>

#include "web/api/text.hpp"

namespace lampline::web {

namespace json = boost::json;

json::object shown(const PresenceEvent& presence)
{
    return {{"extension", presence.extension},
            {"reachable", presence.state.reachable},
            {"talking", presence.state.talking},
            {"ringing", presence.state.ringing},
            {"do_not_disturb", presence.state.do_not_disturb}};
}

json::object shown(const AppearanceEvent& appearance)
{
    return {{"extension", appearance.extension},
            {"appearance", appearance.index > 0 ? json::value(appearance.index) : json::value{}},
            {"state", text_or_null(appearance.state)},
            {"with", appearance.with},
            {"with_name", appearance.with_name}};
}

json::object shown(const PublishedEvent& published)
{
    return {{"extension", published.extension},
            {"call_id", published.call_id},
            {"direction",
             published.direction == Direction::initiator ? "initiator" : "recipient"},
            {"state", name(published.state)},
            {"held", published.held},
            {"with", published.with},
            {"with_name", published.with_name}};
}

}  // namespace lampline::web
