#pragma once
// What a third party, a program or the office's browser, wants done with a call (RFC 3725).
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/live_view.hpp"

namespace lampline {

enum class CallAction : std::uint8_t { place, hang_up, hold, resume, transfer, pick_up, park };

/// How REST and the audit call it: `place`, `hangup`, `hold`, `resume`, `transfer`, `pickup`,
/// `park`.
constexpr std::string_view name(CallAction action) noexcept
{
    switch (action) {
    case CallAction::place: return "place";
    case CallAction::hang_up: return "hangup";
    case CallAction::hold: return "hold";
    case CallAction::resume: return "resume";
    case CallAction::transfer: return "transfer";
    case CallAction::pick_up: return "pickup";
    case CallAction::park: return "park";
    }
    return {};
}

/// One thing to be done. Members that the action does not use are empty.
struct CallOrder {
    CallAction action = CallAction::place;
    std::string call;  ///< its id as LiveCall has it; not of `place`
    std::string from;  ///< place: the extension whose phones ring first
    std::string to;    ///< place, transfer: the number to be called; park: the slot, empty: any
    /// pick_up: the extension whose phones are to take it. transfer, park: the extension that
    /// leaves the call; empty: whoever talks to the one that has been in the call for longest.
    std::string by;
    bool auto_answer = false;  ///< place, pick_up: ask the phones that ring to answer by themselves
};

enum class OrderOutcome : std::uint8_t {
    begun,     ///< under way; what becomes of it is to be seen in the call
    as_it_is,  ///< the call is so already
    unknown_call,
    bad_member,   ///< `pointer`, `code` and `message` say which, and why
    wrong_state,  ///< `message` says what stands in the way
    overloaded,   ///< no new calls now
};

/// What the exchange says to an order.
struct OrderAnswer {
    OrderOutcome outcome = OrderOutcome::begun;
    std::optional<LiveCall> call{};  ///< as it was right after; of `begun` and `as_it_is`
    std::string pointer{};           ///< JSON Pointer into the order
    std::string code{};              ///< stable word for programs
    std::string message{};           ///< for people
};
using OrderAnswerRef = std::shared_ptr<const OrderAnswer>;

}  // namespace lampline
