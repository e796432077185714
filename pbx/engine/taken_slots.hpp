#pragma once
// Which slots of the park lot are taken, or promised to somebody.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "core/park_lot.hpp"

namespace lampline {

/// Slots by their numbers, with the call that is parked there or on its way, and with the call whose
/// caller was told that the slot is free. SIP thread only.
class TakenSlots {
public:
    /// Whether the call with this id may still transfer to the slot that its caller was told of.
    using StillAsks = std::function<bool(CallRef)>;
    using Slots = std::map<std::string, CallRef, std::less<>>;

    /// Nothing when another call has it.
    void take(std::string_view slot, CallRef call);
    /// Nothing when `call` does not have it.
    void release(std::string_view slot, CallRef call);
    /// CallRef{}: no call has `slot`.
    [[nodiscard]] CallRef find(std::string_view slot) const noexcept;
    [[nodiscard]] const Slots& all() const noexcept { return taken_; }

    /// The caller of `call` is told that `slot` is free; who was told so before does not count any
    /// more. Offers to callers who do not ask any more are forgotten.
    void offer(std::string_view slot, CallRef call, const StillAsks& asks);
    /// CallRef{}: nobody was told of `slot`.
    [[nodiscard]] CallRef offered_to(std::string_view slot) const noexcept;
    /// The first slot of `lot` that no call has, and that nobody who still asks was told; nullopt:
    /// there is none. O(slots).
    [[nodiscard]] std::optional<std::string> first_free(const ParkLot& lot,
                                                        const StillAsks& asks) const;

private:
    Slots taken_;
    Slots offered_;
};

}  // namespace lampline
