#pragma once
// All that one step of the domain wants done, in order.
#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "core/call_event.hpp"
#include "core/feature_code.hpp"
#include "core/live_event.hpp"
#include "core/sip_command.hpp"
#include "core/stored.hpp"

namespace lampline {

/// Filled by a step, drained by its caller. Nothing in it refers into the engine.
struct Outbox {
    std::vector<SipCommand> commands;
    std::vector<CallEvent> events;
    std::vector<StorageChange> storage;
    std::vector<FeatureAsked> asked;
    std::vector<LiveEvent> shown;  ///< empty unless `listened`
    bool listened = false;         ///< somebody wants to see what changes; set by the caller

    void send(SipCommand command) { commands.push_back(std::move(command)); }
    void announce(CallEvent event) { events.push_back(std::move(event)); }
    void store(StorageChange change) { storage.push_back(std::move(change)); }
    void ask(FeatureAsked feature) { asked.push_back(std::move(feature)); }
    /// What `next` has comes after what is there.
    void append(Outbox next)
    {
        std::ranges::move(next.commands, std::back_inserter(commands));
        std::ranges::move(next.events, std::back_inserter(events));
        std::ranges::move(next.storage, std::back_inserter(storage));
        std::ranges::move(next.asked, std::back_inserter(asked));
        std::ranges::move(next.shown, std::back_inserter(shown));
    }
};

}  // namespace lampline
