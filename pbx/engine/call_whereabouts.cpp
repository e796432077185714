// Where the phone of a leg is reached: it moves with what it sends, and with its registration.
#include <algorithm>

#include "engine/call_engine.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

/// Where the phone of `leg` has registered anew, known by its contact or, after a restart has cut
/// all connections and the contact follows them, by its host; nullptr when it has not, or that is
/// not certain.
const Flow* registered_anew(const Leg& leg, std::span<const Binding> bindings)
{
    const bool by_host = leg.resumed && !leg.moved_at && leg.flow.transport == Transport::tcp;
    const Flow* found = nullptr;
    for (const auto& binding : bindings) {
        const auto& flow = binding.flow;
        const bool unreached = flow.transport == Transport::tcp && !flow.connection;
        if (unreached || flow == leg.flow) continue;
        if (equivalent(binding.contact, leg.dialog_state.target)) return &flow;
        if (!by_host || flow.transport != Transport::tcp || flow.host != leg.flow.host) continue;
        if (found) return nullptr;  // which one?
        found = &flow;
    }
    return found;
}

/// Whether `leg` is reached by what was `flow`. A connection that is gone has no name any more.
bool was_reached_by(const Leg& leg, const Flow& flow)
{
    const bool by_connection = leg.flow.connection || flow.connection;
    return leg.flow.transport == flow.transport && leg.flow.host == flow.host &&
           (by_connection ? leg.flow.connection == flow.connection : leg.flow.port == flow.port);
}

/// The phone of `leg` has registered as if for the first time since `call` was answered, and was
/// not heard of in its dialog since.
bool may_have_rebooted(const Call& call, const Leg& leg, std::span<const Binding> bindings,
                       Moment now)
{
    return call.answered_at && std::ranges::any_of(bindings, [&](const Binding& binding) {
               return binding.registered_at > *call.answered_at &&
                      now.mono - leg.heard_at > now.wall - binding.registered_at &&
                      equivalent(binding.contact, leg.dialog_state.target);
           });
}

}  // namespace

void CallEngine::note_target(Call& call, Leg& leg, const RequestReceived& request)
{
    DialogState& state = leg.dialog_state;
    state.remote_cseq = std::max(state.remote_cseq, request.cseq);
    if (request.contact && !(*request.contact == state.target)) {
        state.target = *request.contact;
        call.unsaved = true;
    }
    const bool moved = request.source && !(*request.source == leg.flow);
    const bool to_a_trunk = moved && leg.trunk.empty() && trunks_.is_source(*request.source);
    if (moved && state.route.empty() && !to_a_trunk) {
        index_.move(leg, *request.source);
        call.unsaved = true;
        is_back(call, leg);
    }
}

void CallEngine::is_back(const Call& call, Leg& leg)
{
    leg.failed_probes = 0;
    leg.adrift = false;
    if (call.astray && !is_moving(call)) set_timer(call, CallTimer::transfer, {});
}

void CallEngine::move_to(Call& call, Leg& leg, const Flow& flow, Moment now, Outbox& outbox)
{
    index_.move(leg, flow);
    leg.moved_at = now.mono;
    leg.probe_out = {};  // the answer, if any, is that of another place
    call.unsaved = true;
    if (!leg.proxied) outbox.send(MoveDialog{leg.id, flow});
    passes_along(leg, outbox);
    keep(call, outbox);
    is_back(call, leg);
}

bool CallEngine::find_again(Call& call, Leg& leg, Moment now, Outbox& outbox)
{
    const auto* flow = registered_anew(leg, locations_.bindings(leg.extension));
    if (!flow) return false;
    move_to(call, leg, *flow, now, outbox);
    return true;
}

void CallEngine::bindings_changed(std::string_view aor, Moment now, Outbox& outbox)
{
    for (const auto ref : occupancy_.calls_of(aor)) {
        Call& call = *calls_.at(ref);
        for (auto& leg : call.legs) {
            if (leg.extension != aor || !follows_registration(leg)) continue;
            if (leg.adrift) find_again(call, leg, now, outbox);
            if (!leg.talking() || !may_have_rebooted(call, leg, locations_.bindings(aor), now))
                continue;
            leg.heard_at = now.mono - settings_.probe_interval;  // it is asked at once
            set_timer(call, CallTimer::probe, now.mono);
        }
    }
}

void CallEngine::receive(const PhoneMoved& moved, Moment now, Outbox& outbox)
{
    for (const auto ref : occupancy_.calls_of(moved.aor)) {
        Call& call = *calls_.at(ref);
        for (auto& leg : call.legs)
            if (leg.extension == moved.aor && follows_registration(leg) &&
                was_reached_by(leg, moved.old_flow))
                move_to(call, leg, moved.flow, now, outbox);
    }
}

void CallEngine::receive(const ConnectionClosed& closed, Moment now, Outbox& outbox)
{
    const auto on_it = index_.by_connection(closed.connection);
    for (const auto id : std::vector<LegId>{on_it.begin(), on_it.end()}) {
        const auto [call, leg] = find(id);
        if (!call || !follows_registration(*leg)) continue;
        auto flow = leg->flow;
        flow.connection = {};
        index_.move(*leg, flow);
        leg->adrift = true;
        find_again(*call, *leg, now, outbox);
    }
}

}  // namespace lampline
