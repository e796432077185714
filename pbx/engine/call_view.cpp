// Calls as they are shown to a third party, and found by what was shown.
#include <charconv>

#include "core/extension_uri.hpp"
#include "engine/call_engine.hpp"

namespace lampline {

const Call* CallEngine::find(CallRef call) const noexcept
{
    const auto found = calls_.find(call);
    return found == calls_.end() ? nullptr : found->second.get();
}

LiveCall CallEngine::shown(const Call& call)
{
    LiveCall live{.id = std::to_string(call.id.value),
                  .log_id = write(record_id(call.started_at, call.id)),
                  .from = call.from,
                  .from_trunk = call.from_trunk,
                  .dialled = call.dialled,
                  .started_at = call.started_at,
                  .answered_at = call.answered_at,
                  .parked_in = {},
                  .legs = {}};
    if (call.parking && !call.asks_slot) live.parked_in = call.parking->slot;
    for (const auto& leg : call.legs) {
        if (leg.slot && !leg.talking()) continue;
        live.legs.push_back(
            {.role = leg.role == LegRole::caller ? "caller" : "callee",
             .extension = leg.extension,
             .number = leg.trunk.empty() ? std::string{} : extension_of(leg.phone.uri),
             .trunk = leg.trunk,
             .state = std::string{name(leg.state)},
             .call_id = leg.dialog.call_id,
             .address = leg.slot ? std::string{}
                                 : std::string{name(leg.flow.transport)} + ":" + leg.flow.host +
                                       ":" + std::to_string(leg.flow.port),
             .held = leg.held,
             .holds = leg.holds,
             .connected = call.is_connected(leg),
             .untold = leg.untold});
    }
    return live;
}

Call* CallEngine::find_shown(std::string_view id)
{
    CallRef ref;
    const auto read = std::from_chars(id.data(), id.data() + id.size(), ref.value);
    if (read.ec != std::errc{} || read.ptr != id.data() + id.size()) return nullptr;
    const auto found = calls_.find(ref);
    const bool there = found != calls_.end() && found->second->phase != CallPhase::ended;
    return there ? found->second.get() : nullptr;
}

void CallEngine::describe(LiveView& view) const
{
    view.calls.reserve(calls_.size());
    for (const auto& [ref, call] : calls_)
        if (call->phase != CallPhase::ended) view.calls.push_back(shown(*call));
    view.counters.calls_started = counters_.calls_started;
    view.counters.calls_answered = counters_.calls_answered;
    view.counters.calls_ended = counters_.calls_ended;
}

}  // namespace lampline
