// A parked call leaves its slot: somebody dials the slot, or takes its dialog, or the one who
// parked it is rung.
#include "core/extension_uri.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"

namespace lampline {
namespace {

/// How long a phone may ask for a free slot before it has transferred a call there.
constexpr auto time_to_decide = 60s;

/// When a call that somebody moves just now is looked at again.
constexpr auto ring_back_again = 500ms;

/// Then who waits is let go: nobody knows of the call any more.
constexpr unsigned rounds_without_anybody = 3;

}  // namespace

Leg* CallEngine::parked_in(std::string_view slot)
{
    const auto ref = slots_.find(slot);
    if (!ref) return nullptr;
    Call& call = *calls_.at(ref);
    Leg* leg = call.parking ? call.find(call.parking->leg) : nullptr;
    return leg && leg->talking() ? leg : nullptr;
}

void CallEngine::receive_park(const InviteReceived& input, const std::string& slot, Moment now,
                              Outbox& outbox)
{
    if (!slot.empty())
        if (Leg* leg = parked_in(slot)) return retrieve(*leg, input, now, outbox);

    // Who talks to somebody asks for a slot to transfer to; anybody else wants what is not there.
    const auto free = free_slot(slot, {});
    if (!free) {
        const auto refusal = slot_refusal(slot);
        return reject(input, 486, refusal.phrase, outbox,
                      {{"Reason", std::string{refusal.reason}}});
    }
    // Nobody outside transfers a call that it could park there.
    if (!input.trunk.empty() || occupancy_.calls(input.authenticated) == 0)
        return reject(input, 404, "Nobody Is Parked There", outbox);
    Call& call = open_call(input, CallMode::bridge, now, outbox);
    Leg& caller = call.caller();
    caller.other = {*free + " is free", extension_uri(park_name(*free), directory_->domain())};
    call.asks_slot = *free;
    slots_.offer(*free, call.id, [this](CallRef asks) { return still_asking(asks) != nullptr; });
    announce(caller, outbox);
    answer_in_words(call, caller, time_to_decide, now, outbox);
}

void CallEngine::retrieve(Leg& slot, const InviteReceived& input, Moment now, Outbox& outbox)
{
    Call& call = *find(slot.id).first;
    if (const Leg* waits = call.peer_of(slot)) {
        if (may_not_meet(input, *waits)) return refuse_to_meet(input, outbox);
        if (waits_itself(input, *waits)) return reject(input, 403, "You Are Parked", outbox);
    }
    const bool taken = std::ranges::any_of(
        call.relays, [&](const Relay& relay) { return relay.replaces == slot.id; });
    if (!slot.talking() || taken || !stops_ringing_back(call, now, outbox))
        return refuse_late(input, outbox);
    take_over(slot, input, now, outbox);
}

bool CallEngine::stops_ringing_back(Call& call, Moment now, Outbox& outbox)
{
    if (!call.transfer) return true;
    if (call.transfer->stage != TransferStage::ringing || call.pickup) return false;
    // Who takes the call may fail, and then somebody has to be rung again.
    if (call.transfer->rings_back) set_timer(call, CallTimer::park, now.mono + ring_back_again);
    cancel_branches(call, {}, completed_elsewhere, nullptr, outbox);
    timers_.cancel(call.id, CallTimer::ring);
    call.hunting.reset();
    timers_.cancel(call.id, CallTimer::transfer);
    call.transfer.reset();
    return true;
}

void CallEngine::ring_back(Call& call, Moment now, Outbox& outbox)
{
    if (!call.parking || call.phase != CallPhase::talking) return;
    const Parking& parking = *call.parking;
    Leg* slot = call.find(parking.leg);
    const Leg* waiting = slot ? call.peer_of(*slot) : nullptr;
    if (!waiting || !slot->talking()) return;
    if (is_moving(call) || !call.relays.empty())
        return set_timer(call, CallTimer::park, now.mono + ring_back_again);
    const std::string to = parking.to_fallback ? directory_->park_lot().fallback : parking.by;
    const std::string by = parking.by;
    call.transfer = Transfer{
        .transferor = slot->id, .transferee = waiting->id, .reports = false, .rings_back = true};
    if (!call.parking->to_fallback) call.parking->rang = false;
    ring_target(call, by, {to}, {}, now, outbox);
    note_ring_back(call, now, outbox);
}

void CallEngine::note_ring_back(Call& call, Moment now, Outbox& outbox)
{
    if (!call.parking || call.phase != CallPhase::talking) return;
    Parking& parking = *call.parking;
    if (call.transfer) {
        parking.rang = true;
        parking.unreached = 0;
        return;
    }
    const bool round_is_over = !parking.to_fallback;
    if (!round_is_over || parking.rang || ++parking.unreached < rounds_without_anybody) return;
    outbox.announce(ParkedInVain{.slot = parking.slot, .by = parking.by});
    const auto reason = "SIP;cause=480;text=\"Nobody Can Be Rung For Slot " + parking.slot + '"';
    end_call(call, {}, LegInput::timeout, LegInput::timeout, reason, now, outbox);
}

void CallEngine::rang_back_in_vain(Call& call, Moment now, Outbox& outbox)
{
    Parking& parking = *call.parking;
    const auto& lot = directory_->park_lot();
    parking.to_fallback = !parking.to_fallback && !lot.fallback.empty();
    const auto wait = parking.to_fallback ? 0s : lot.timeout;
    parking.rings_back_at = now.wall + wait;
    call.unsaved = true;
    set_timer(call, CallTimer::park, now.mono + wait);
    keep(call, outbox);
}

}  // namespace lampline
