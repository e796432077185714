// What is kept of talking calls over a restart, and how they are taken up again. Media flows
// between the phones, so they talk on while the exchange is away.
#include <algorithm>
#include <utility>

#include "engine/call_engine.hpp"
#include "engine/displays.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

/// When the phones of calls taken up are asked, and how far apart.
constexpr std::chrono::milliseconds first_probe{300};
constexpr std::chrono::milliseconds probe_spacing{1};
/// A session that ran out while the exchange was down gets so long to be refreshed.
constexpr std::chrono::seconds session_grace{32};

StoredLeg to_stored(const Leg& leg)
{
    StoredLeg stored{.role = leg.role,
                     .extension = leg.extension,
                     .dialog = leg.dialog,
                     .state = leg.dialog_state,
                     .flow = leg.flow,
                     .phone = leg.phone,
                     .other = leg.other,
                     .supported = leg.supported,
                     .sdp = leg.sdp,
                     .held = leg.held,
                     .holds = leg.holds,
                     .trunk = leg.trunk,
                     .payer = leg.payer,
                     .counted = leg.counted,
                     .must_end_at = leg.must_end_at,
                     .session_ends_at = {},
                     .anonymous = leg.anonymous,
                     .takes_update = leg.takes_update,
                     .identity = leg.identity,
                     .place = leg.place.value_or(LinePlace{}),
                     .on_behalf_of = leg.on_behalf_of,
                     .name = leg.name};
    if (leg.session_ends_at) stored.session_ends_at = leg.session_ends_at->wall;
    stored.state.cseq = leg.reserved_cseq;
    stored.flow.connection = {};
    return stored;
}

/// Both sides have the same dialog: the phones share it.
bool is_proxied(const StoredCall& call) noexcept
{
    const auto& one = call.legs[0].dialog;
    const auto& other = call.legs[1].dialog;
    return one.call_id == other.call_id && one.local_tag == other.remote_tag &&
           one.remote_tag == other.local_tag;
}

}  // namespace

void CallEngine::note_target(Call& call, Leg& leg, const ResponseReceived& response)
{
    if (!response.contact || *response.contact == leg.dialog_state.target) return;
    leg.dialog_state.target = *response.contact;
    call.unsaved = true;
}

void CallEngine::note_cseq(Call& call, Leg& leg, const ResponseReceived& response, Outbox& outbox)
{
    if (leg.proxied || response.cseq == 0) return;
    count_request(call, leg, std::max(leg.dialog_state.cseq, response.cseq));
    if (response.transaction != leg.invite_out || leg.talking()) return;
    const auto before = leg.invite_cseq != 0 ? leg.invite_cseq : initial_invite_cseq;
    leg.invite_cseq = response.cseq;
    if (call.ringing_kept && before != response.cseq) loose_ends_.keep(call, outbox);
}

void CallEngine::note_place(LegId id, const LinePlace& place, Outbox& outbox)
{
    const auto [call, leg] = find(id);
    if (!call || leg->place == place) return;
    leg->place = place;
    call->unsaved = true;
    keep(*call, outbox);
}

void CallEngine::keep(Call& call, Outbox& outbox)
{
    if (!call.unsaved || call.phase != CallPhase::talking) return;
    call.unsaved = false;
    const auto [one, other] = talking_pair(call);
    if (!one) {  // whoever has left is not to be taken up, nor the other without it
        const bool alone = call.kept;
        forget(call, outbox);
        if (alone || call.ringing_kept)
            loose_ends_.keep(call, outbox);  // or its numbers are used up
        return;
    }
    const bool waits = one->slot || other->slot;  // and is not merely on its way to a slot
    for (Leg* leg : {one, other}) leg->reserved_cseq = leg->dialog_state.cseq + cseq_block;
    outbox.store(
        CallStored{std::make_shared<const StoredCall>(StoredCall{
                       .id = call.id,
                       .from = call.from,
                       .dialled = call.dialled,
                       .started_at = call.started_at,
                       .answered_at = call.answered_at.value_or(call.started_at),
                       .session_expires = call.session_expires,
                       .legs = {to_stored(*one), to_stored(*other)},
                       .from_trunk = call.from_trunk,
                       .parked_by = waits ? call.parking->by : std::string{},
                       .rings_back_at = waits ? call.parking->rings_back_at : call.started_at,
                   }),
                   !std::exchange(call.kept, true)});
    outbox.announce(CallKept{call.id});
    if (call.mode == CallMode::proxy) keep_beside(call, *one, *other, outbox);
}

/// Each further phone that has answered `caller` is kept with it, as if that were a call.
void CallEngine::keep_beside(Call& call, const Leg& caller, const Leg& first, Outbox& outbox)
{
    for (auto& leg : call.legs) {
        const bool beside = leg.talking() && leg.id != caller.id && leg.id != first.id;
        if (!beside) {
            forget(leg, outbox);
            continue;
        }
        auto shared = to_stored(caller);
        shared.dialog.local_tag = leg.dialog.remote_tag;
        shared.other = presented(leg);
        const bool anew = !leg.kept_as;
        if (anew) leg.kept_as = call_ids_.next();
        leg.reserved_cseq = leg.dialog_state.cseq + cseq_block;
        outbox.store(CallStored{std::make_shared<const StoredCall>(StoredCall{
                                    .id = leg.kept_as,
                                    .from = call.from,
                                    .dialled = call.dialled,
                                    .started_at = call.started_at,
                                    .answered_at = call.answered_at.value_or(call.started_at),
                                    .session_expires = {},
                                    .legs = {std::move(shared), to_stored(leg)},
                                    .from_trunk = call.from_trunk,
                                    .rings_back_at = call.started_at,
                                }),
                                anew});
    }
}

void CallEngine::forget(Leg& leg, Outbox& outbox)
{
    if (const auto kept = std::exchange(leg.kept_as, {})) outbox.store(CallRemoved{kept});
}

void CallEngine::forget(Call& call, Outbox& outbox)
{
    if (std::exchange(call.kept, false)) outbox.store(CallRemoved{call.id});
    for (auto& leg : call.legs) forget(leg, outbox);
}

void CallEngine::recall(const std::vector<TurnTaken>& turns, const std::vector<std::string>& talked)
{
    for (const auto& turn : turns) order_.began(turn.group, turn.first);
    for (const auto& extension : talked) occupancy_.talked(extension);
}

void CallEngine::restore(std::vector<StoredCall> stored, const std::vector<OutsideDay>& outside,
                         Moment now, Outbox& outbox)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    outside_.restore(outside);
    std::ranges::sort(stored, {}, &StoredCall::id);
    auto probe_at = now.mono + first_probe;
    for (const auto& call : stored) {
        call_ids_.skip_to(call.id);
        if (resume_beside(call, now, outbox)) continue;
        const bool doubtful =
            calls_.size() >= settings_.max_calls || calls_.contains(call.id) ||
            call.legs[0].dialog == call.legs[1].dialog || !is_sound_parking(call) ||
            std::ranges::any_of(call.legs,
                                [this](const StoredLeg& leg) { return is_taken(leg.dialog); });
        if (doubtful) {
            outbox.store(CallRemoved{call.id});
            continue;
        }
        resume(call, probe_at, now, outbox);
        probe_at += probe_spacing;
    }
}

bool CallEngine::is_taken(const DialogId& dialog)
{
    return std::ranges::any_of(index_.by_call_id(dialog.call_id), [&](LegId id) {
        return find(id).second->dialog.local_tag == dialog.local_tag;
    });
}

/// One leg is that of a slot exactly when somebody has parked the call, and the slot is free.
bool CallEngine::is_sound_parking(const StoredCall& stored) const
{
    const auto& [one, other] = stored.legs;
    const bool first = is_park_name(one.extension);
    if (first && is_park_name(other.extension)) return false;
    if (!first && !is_park_name(other.extension)) return stored.parked_by.empty();
    const auto slot = (first ? one : other).extension.substr(park_prefix.size());
    return !stored.parked_by.empty() && !slots_.find(slot);
}

void CallEngine::resume_parking(Call& call, const Leg& leg, const StoredCall& stored, Moment now)
{
    auto slot = leg.extension.substr(park_prefix.size());
    slots_.take(slot, call.id);
    call.parking = Parking{.slot = std::move(slot),
                           .leg = leg.id,
                           .by = stored.parked_by,
                           .rings_back_at = stored.rings_back_at};
    const auto left = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        stored.rings_back_at - now.wall);
    set_timer(call, CallTimer::park,
              now.mono + std::max<std::chrono::nanoseconds>(session_grace, left));
}

Leg& CallEngine::resume_leg(Call& call, const StoredLeg& kept, Moment now)
{
    Leg& leg = call.legs.emplace_back();
    leg.id = leg_ids_.next();
    leg.role = kept.role;
    leg.state = LegState::confirmed;
    leg.extension = kept.extension;
    leg.trunk = kept.trunk;
    leg.on_behalf_of = kept.on_behalf_of;
    leg.payer = kept.payer;
    leg.counted = kept.counted;
    leg.must_end_at = kept.must_end_at;
    if (kept.session_ends_at)
        leg.session_ends_at = Moment{
            now.mono + std::max<std::chrono::nanoseconds>(session_grace,
                                                          *kept.session_ends_at - now.wall),
            *kept.session_ends_at};
    if (leg.counted) outside_.resumed(leg.payer, leg.trunk);
    leg.dialog = kept.dialog;
    leg.dialog_state = kept.state;
    leg.reserved_cseq = kept.state.cseq;
    leg.phone = kept.phone;
    leg.other = kept.other;
    leg.flow = kept.flow;
    leg.flow.connection = {};
    leg.supported = kept.supported;
    leg.sdp = kept.sdp;
    leg.held = kept.held;
    leg.holds = kept.holds;
    leg.anonymous = kept.anonymous;
    leg.takes_update = kept.takes_update;
    leg.identity = kept.identity;
    leg.place = kept.place;
    leg.heard_at = now.mono - settings_.probe_interval;  // not in this run
    leg.proxied = call.mode == CallMode::proxy;
    leg.slot = is_park_name(leg.extension);
    leg.name = kept.name;
    leg.resumed = !leg.proxied || !leg.name.empty();  // else watchers do not know it
    leg.adrift =
        leg.flow.transport == Transport::tcp && leg.dialog_state.route.empty() && leg.trunk.empty();
    enlist(call, leg);
    index_.stopped_ringing(leg);
    return leg;
}

/// One more that has answered the caller of a call in proxy mode. False: there is no such call.
bool CallEngine::resume_beside(const StoredCall& stored, Moment now, Outbox& outbox)
{
    if (!is_proxied(stored)) return false;
    const auto& [shared, other] = stored.legs;
    Leg* caller = nullptr;
    for (const auto id : index_.by_call_id(shared.dialog.call_id)) {
        Leg* leg = find(id).second;
        if (leg->dialog.remote_tag == other.dialog.remote_tag) return false;
        if (leg->proxied && leg->role == LegRole::caller &&
            leg->dialog.remote_tag == shared.dialog.remote_tag)
            caller = leg;
    }
    if (!caller) return false;
    Call& call = *find(caller->id).first;
    Leg& leg = resume_leg(call, other, now);
    leg.peer = caller->id;
    passes_along(leg, outbox);
    leg.kept_as = stored.id;
    follow_consent(call, outbox);
    announce(leg, outbox);
    follow_session(call);
    keep(call, outbox);
    return true;
}

void CallEngine::resume(const StoredCall& stored, std::chrono::steady_clock::time_point probe_at,
                        Moment now, Outbox& outbox)
{
    auto owned = std::make_unique<Call>();
    Call& call = *owned;
    call.id = stored.id;
    call.phase = CallPhase::talking;
    call.mode = is_proxied(stored) ? CallMode::proxy : CallMode::bridge;
    call.from = stored.from;
    call.from_trunk = stored.from_trunk;
    call.dialled = stored.dialled;
    call.started_at = stored.started_at;
    call.answered_at = stored.answered_at;
    call.session_expires = stored.session_expires;
    call.kept = true;
    calls_.emplace(call.id, std::move(owned));

    for (const auto& kept : stored.legs) {
        Leg& leg = resume_leg(call, kept, now);
        if (leg.slot)
            resume_parking(call, leg, stored, now);
        else if (!leg.proxied)
            outbox.send(ResumeDialog{leg.id, leg.dialog, leg.dialog_state, leg.flow,
                                     !leg.trunk.empty(), credentials_of(leg.trunk), leg.extension});
    }
    connect(call.legs.front(), call.legs.back());
    follow_session(call);
    for (const auto& leg : call.legs) passes_along(leg, outbox);
    outbox.announce(CallStarted{.call = call.id,
                                .caller = call.from,
                                .dialled = call.dialled,
                                .started_at = call.started_at,
                                .answered_at = call.answered_at,
                                .trunk = call.from_trunk});
    follow_consent(call, outbox);
    for (const auto& leg : call.legs) announce(leg, outbox);
    call.unsaved = true;  // what was reserved is used up
    keep(call, outbox);
    set_timer(call, CallTimer::probe, probe_at);
    watch_duration(call, now);
}

void CallEngine::receive(const DialogLost& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call) return;
    end_call(*call, leg->id, LegInput::error, LegInput::error,
             "SIP;cause=500;text=\"Call could not be taken up\"", now, outbox);
    sweep(*call, now, outbox);
}

}  // namespace lampline
