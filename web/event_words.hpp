#pragma once
// A change as one line of JSON.
#include <string>
#include <vector>

#include "core/live_event.hpp"
#include "web/event_ring.hpp"

namespace lampline::web {

struct EventWords {
    EventType type;
    std::vector<std::string> extensions;  ///< whom it concerns
    std::string data;
};

EventWords words_of(const LiveEvent& event);

}  // namespace lampline::web
