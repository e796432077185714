#pragma once
// What is so of an extension, as REST lists it and as its events tell it.
#include <boost/json/object.hpp>

#include "core/live_event.hpp"

namespace lampline::web {

boost::json::object shown(const PresenceEvent& presence);
boost::json::object shown(const AppearanceEvent& appearance);
boost::json::object shown(const PublishedEvent& published);

}  // namespace lampline::web
