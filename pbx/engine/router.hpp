#pragma once
// Dialled digits -> what happens, as one value that says why.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "core/call_record.hpp"
#include "core/directory.hpp"
#include "core/hunt.hpp"
#include "core/location_table.hpp"
#include "core/route_explanation.hpp"
#include "engine/hunt_order.hpp"
#include "engine/occupancy.hpp"
#include "engine/outside_use.hpp"
#include "engine/trunk_states.hpp"

namespace lampline {

/// One step of a decision. `number` is whom it is about; what `other` means stands beside each.
enum class RouteStepKind : std::uint8_t {
    dialled,        ///< other: by whom
    end_of_dialling,  ///< the number is nobody's; other: the same without the `#` at its end
    feature_code,   ///< other: the feature
    calling_card,   ///< the number is that of the application
    not_its_user,   ///< number: who may not use the application
    rule,           ///< of the digit plan; other: its name
    own_number,     ///< somebody here has the number, before a wide rule; other: its name
    emergency,      ///< the number passes every right
    right_enough,   ///< number: whose right; other: the class that it takes
    right_missing,  ///< the same
    rewritten,      ///< other: the number that it becomes
    barred,         ///< other: what the rule answers
    extension,      ///< the number is one; other: its display name
    forwarded,      ///< other: where to, by `reason`
    exception,      ///< for this caller; other: for whom, and what
    do_not_disturb,
    busy,
    not_registered,
    no_phone_answers,
    only_own_phone,  ///< the phone that calls is the only one
    unknown_number,
    loop,               ///< other: the chain of numbers
    too_many_forwards,  ///< other: the chain of numbers
    ring_group,         ///< the number is one; other: its display name
    passed_over,        ///< a member that does not ring; other: why
    nobody_to_ring,     ///< no member of the ring group
    park_slot,          ///< the number is one of the park lot; empty other: any that is free
    mode_asked,         ///< number: who asks for a mode, in words; other: the CallMode
    bridged,            ///< though another mode was asked for; other: why
    joined,             ///< to its caller; other: the CallMode
    rings,              ///< its phones; other: `all at once` or `one after the other`
    rings_member,       ///< a member of a ring group; other: seconds after the start
    rings_for,          ///< other: seconds; then on to the next step
    then_forwarded,     ///< other: where to, by `reason`, should it come to that
    then_overflows,     ///< other: where to, should nobody take it
    left_to_caller,     ///< other: where to it would have been forwarded, by `reason`
    from_trunk,         ///< somebody outside dials the number; other: by which trunk
    inbound,            ///< other: who is meant by the number
    on_behalf_of,       ///< number: by whose rights it is dialled
    nobody_inbound,     ///< nobody is meant by the number on this trunk; other: its name
    not_from_outside,   ///< somebody outside has no right to it
    forward_missing,    ///< the number may not forward to outside
    limit,              ///< of the number; other: which one is reached
    limit_free,         ///< the number is within its limits; other: what they are
    trunk,              ///< other: by which the number is called
    trunk_missing,      ///< other: one that is not there, or is out of use
    trunk_unreachable,  ///< other: one that is not registered, or does not answer
    trunk_in_spite,     ///< other: the same, and it is tried last, since this is an emergency
    trunk_full,         ///< other: one whose limit is reached
    no_trunk,           ///< none is left for the number
};

struct RouteStep {
    RouteStepKind kind;
    std::string number;
    std::string other{};
    DiversionReason reason = DiversionReason::unknown;

    friend bool operator==(const RouteStep&, const RouteStep&) = default;
};

/// Who calls what.
struct RouteQuestion {
    std::string_view from;     ///< an extension; empty: somebody outside
    std::string_view dialled;  ///< escapes resolved
    const PhoneAddress* own =
        nullptr;  ///< the phone that calls, which does not ring; nullptr: every phone may
    std::span<const Diversion> diversions{};  ///< that came with the call, the first one first
    std::optional<std::string_view> caller{};  ///< the number that is shown; none: `from`; empty: no number
    const Binding* contact = nullptr;  ///< this phone was addressed, or redirected to, not a number
    std::string_view trunk{};                 ///< by which somebody outside calls
    CallRef under_way{};  ///< the call itself, by which nobody is busy; 0: it begins only now
    std::optional<std::string_view> party{};  ///< whose phone is to be connected; none: `from`
    bool for_outside = false;  ///< `from` lends its rights to somebody outside
    bool party_outside = false;  ///< so is who is to be connected, and `from` will not be there
    /// The call is the next way of this one, which nobody has answered; nullptr: of none.
    const CountedCall* counted = nullptr;
};

enum class RouteKind : std::uint8_t { hunt, feature, calling_card, park, reject };

/// Reasons of refusals where something has run out (RFC 3326, RFC 6432 §3; the causes are those of
/// ITU-T Q.850): no trunk can take the call; there is no room for it; who is called has its calls;
/// the exchange has all the calls it can have.
inline constexpr std::string_view no_trunk_reason = "Q.850;cause=38;text=\"Network out of order\"";
inline constexpr std::string_view no_circuit_reason =
    "Q.850;cause=34;text=\"No circuit available\"";
inline constexpr std::string_view user_busy_reason = "Q.850;cause=17;text=\"User busy\"";
inline constexpr std::string_view congestion_reason =
    "Q.850;cause=42;text=\"Switching equipment congestion\"";
/// The Warning of 486 for a number outside whose trunks are full.
inline constexpr std::string_view trunks_full =
    "Every trunk for this number has as many calls as it may have";

/// How the Warnings of calls begin that are forwarded without end; the numbers follow after a
/// colon.
inline constexpr std::string_view loop_warning = "Forwarding loop";
inline constexpr std::string_view too_often_warning = "Forwarded too often";

/// `chain > ... > number` for people, with the hosts of those that are not of `domain`.
std::string words(std::span<const Diversion> chain, std::string_view number,
                  std::string_view domain);

/// The decision.
struct Route {
    RouteKind kind = RouteKind::reject;
    Hunt hunt;
    /// Of a hunt: what the rule of the number wants, else the extension or the trunks, as far as it
    /// is possible. Who cannot do so, as for want of a caller, bridges.
    CallMode mode = CallMode::bridge;
    bool counted = false;  ///< of a hunt: among the calls of the day of its payer already
    std::optional<DialledFeature> feature;
    std::string slot;     ///< park: its number; empty: any that is free
    std::string actor;    ///< by whose rights it was dialled; empty: nobody's
    unsigned status = 0;  ///< of a rejection: 403, 404, 480, 482, 486, 503, or a rule's own
    std::string phrase;
    std::string warning;                ///< text of its Warning; empty: none
    std::vector<Diversion> diversions;  ///< the question's, and those decided here
    std::vector<RouteStep> steps;
};

/// What a decision looks at. Values of one instant.
struct RouterView {
    const Directory& directory;
    const LocationTable& locations;
    const Occupancy& occupancy;
    const HuntOrder& order;
    const TrunkStates& trunks;
    const OutsideUse& outside;
};

/// The route of a call (RFC 3261 §16.5). Depends on nothing but its arguments, and chance where a
/// ring group wants it. O(1) in the size of the office, O(n log n) in the members of a ring group.
Route route(const RouteQuestion& question, const RouterView& view);

/// One of these, or that of a day's limit; empty: `route` is refused for something else.
std::string_view reason_of_limit(const Route& route) noexcept;

/// `route` is refused by the office itself: by a rule of the digit plan, a limit, or for want of a
/// trunk for the number that was dialled; and not by who is called, who may be free in a moment.
bool refused_by_office(const Route& route) noexcept;

/// Of whom the status of `route`, a rejection, speaks.
RefusedBy refused_by(const Route& route) noexcept;
/// The same, of a refusal that is told with the headers `why`.
RefusedBy refused_by(std::span<const Header> why) noexcept;

/// Why a code or a number of the park lot is refused.
struct CodeRefusal {
    unsigned status = 403;
    std::string phrase;  ///< of a status line
    std::string reason;  ///< for people
};
/// What keeps the actor of `route` from the code or the park lot that it has found, as far as
/// settings say so; nullopt: nothing, or it is another kind of route.
std::optional<CodeRefusal> code_refusal(const Route& route, const Directory& directory);
/// What keeps `actor` from the park lot; nullopt: nothing.
std::optional<CodeRefusal> park_refusal(std::string_view actor, const Directory& directory);

/// 486 for who wants a place of the park lot where there is none.
struct SlotRefusal {
    std::string_view phrase;
    std::string_view reason;  ///< RFC 3326
};
/// `slot` empty: any would do.
constexpr SlotRefusal slot_refusal(std::string_view slot) noexcept
{
    if (slot.empty()) return {"Park Lot Is Full", no_circuit_reason};
    return {"Slot Is Taken", user_busy_reason};
}

/// `picker` may take what rings at `extension`. Nobody may where `picker` is empty.
bool may_pick_up(std::string_view picker, std::string_view extension, const Directory& directory);

/// The route of a call that `by` sends on to `to`, when its phones did not take it.
Route route_onward(const RouteQuestion& question, std::string_view by, DiversionReason reason,
                   std::string_view to, const RouterView& view);

/// Why a member of a ring group is passed over that rings all the same where nobody else is left.
inline constexpr std::string_view out_of_reach = "has no phone that answers when asked";

/// Why `member` of `group` does not ring now; empty: it does. In an `emergency` its wishes do not
/// count, and it rings beside other calls.
std::string_view passes_over(const RingGroup& group, std::string_view member,
                             const RouteQuestion& question, const RouterView& view,
                             bool emergency = false);

/// `step` as a sentence.
std::string words(const RouteStep& step);

/// The decision as people read it, with the phones that ring for it.
RouteExplanation explain(const Route& route, const RouteQuestion& question, const RouterView& view);

}  // namespace lampline
