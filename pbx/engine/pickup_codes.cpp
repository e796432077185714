// Taking a call by a code: the one that rings at a number, the only one, or who has waited longest.
#include <tuple>

#include "engine/call_engine.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

/// Who has waited longer comes first, however often the call has moved on to other phones.
bool rang_before(const Call& call, const Leg& leg, const Call& other, const Leg& of_other) noexcept
{
    return std::tuple{call.hunting->since, call.id, leg.id} <
           std::tuple{other.hunting->since, other.id, of_other.id};
}

/// It rings at the phones of who is to call by it, and nobody calls them.
bool rings_own_phones(const Call& call) noexcept
{
    return call.clicked && call.phase == CallPhase::ringing;
}

/// Whether a ringing call can be another's at this moment.
bool can_change_hands(const Call& call, const Leg& ringing) noexcept
{
    if (ringing.proxied)
        return call.caller().trunk.empty() && has(call.caller().supported, OptionTag::replaces);
    if (call.pickup) return false;
    return call.transfer ? call.transfer->stage == TransferStage::ringing
                         : static_cast<bool>(call.caller().invite_in);
}

}  // namespace

void CallEngine::receive_pickup_code(const InviteReceived& input, const DialledFeature& dialled,
                                     Moment now, Outbox& outbox)
{
    if (dialled.number && directory_->park_lot().slot_of(*dialled.number) &&
        is_park_name(*dialled.number))
        return receive_park(input, *directory_->park_lot().slot_of(*dialled.number), now, outbox);

    const bool of_extension = dialled.number && directory_->find(*dialled.number);
    const auto* team = dialled.number && !of_extension ? directory_->find_ring_group(*dialled.number)
                                                       : nullptr;
    const bool alone = !dialled.number && dialled.feature == Feature::pickup_directed;
    const auto each_place = [&](const auto& visit) {
        if (team) {
            for (const auto& member : team->members) visit(member.number);
            return;
        }
        if (dialled.number) return visit(*dialled.number);
        for (const auto& right : directory_->watched_by(input.actor())) visit(right.member);
        for (const auto& group : directory_->pickup_groups(input.actor()))
            for (const auto& member : directory_->find_group(group)->members)
                if (member != input.actor()) visit(member);
        if (alone) visit(input.actor());
    };

    Leg* oldest = nullptr;
    const Call* waits_longest = nullptr;
    bool free = false;  // `oldest` can be taken
    bool several = false;
    each_place([&](const std::string& extension) {
        for (const auto id : index_.ringing(extension)) {
            const auto [call, leg] = find(id);
            if (leg->slot || !call->hunting || rings_own_phones(*call)) continue;
            if (!may_take(input.actor(), *leg) || waits_itself(input, waits_in(*call))) continue;
            if (team && call->hunting->hunt.number != team->number) continue;  // its member alone
            // One that cannot be taken is named only where no other one rings.
            const bool as_well =
                can_change_hands(*call, *leg) && !may_not_meet(input, waits_in(*call));
            if (free && !as_well) continue;
            if (as_well == free) {
                several = several || (waits_longest && call != waits_longest);
                if (waits_longest && !rang_before(*call, *leg, *waits_longest, *oldest)) continue;
            } else {
                several = false;
            }
            free = as_well;
            waits_longest = call;
            oldest = leg;
        }
    });
    if (alone && several && free)
        return reject(input, 484, "More Than One Call Rings", outbox,
                      {addresses_.warning_of("Dial the code with the number whose call to take")});
    if (!oldest) {
        bool too_late = false;
        const auto called = team ? std::string_view{team->number} : std::string_view{};
        each_place([&](const std::string& extension) {
            too_late = too_late || (may_pick_up(input.actor(), extension, *directory_) &&
                                    taken_.has_another(extension, called, input.actor(),
                                                       input.source, now.mono));
        });
        if (too_late) return refuse_late(input, outbox);
        return reject(input, 480, "Nothing Rings There", outbox);
    }
    if (oldest->proxied && input.trunk.empty())
        return replace_proxied(*oldest, input, now, outbox);
    if (oldest->proxied)  // nobody outside gets into a dialog of phones
        return reject(input, 488, "Call In Proxy Mode", outbox);
    pick_up(*oldest, input, now, outbox);
}

const Leg& CallEngine::waits_in(const Call& call)
{
    const Leg* transferee = call.transfer ? call.find(call.transfer->transferee) : nullptr;
    return transferee ? *transferee : call.caller();
}

bool CallEngine::waits_itself(const InviteReceived& input, const Leg& waits) const
{
    return input.trunk.empty() && waits.trunk.empty() &&
           locations_.are_same(address_of(waits),
                               {input.source, input.contact, input.authenticated});
}

void CallEngine::note_taken(const Call& call, const Leg& picker, Moment now)
{
    const auto called = call.hunting ? std::string_view{call.hunting->hunt.number}
                                     : std::string_view{};
    for (const auto& leg : call.legs) {
        const bool rings = leg.role == LegRole::callee && leg.state < LegState::confirmed;
        if (rings && !leg.slot && !leg.extension.empty())
            taken_.add(leg.extension, called, picker.actor(), picker.flow, now.mono);
    }
    remember_until();
}

PickupRefusal CallEngine::somebody_was_quicker() const
{
    // To codes too, and not 410: it is a matter of milliseconds whether a code still finds the call
    // with its picker, and a key that names the dialog gets 481 (RFC 3891 §3). By whom, the lamps
    // say, as far as rights go.
    return {481, "Somebody Else Was Quicker",
            {addresses_.warning_of("Another phone has this call, or is about to")}};
}

void CallEngine::refuse_late(const InviteReceived& input, Outbox& outbox)
{
    auto refusal = somebody_was_quicker();
    reject(input, refusal.status, refusal.phrase, outbox, std::move(refusal.why));
}

}  // namespace lampline
