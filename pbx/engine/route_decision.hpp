#pragma once
// A route in the making: each step is decided by what a phone has dialled, by the digit plan, or by
// the wishes of who is called.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/router.hpp"

namespace lampline {

/// Who calls, as the wishes of others mean it.
[[nodiscard]] inline std::string_view caller_of(const RouteQuestion& question) noexcept
{
    return question.caller.value_or(question.from);
}

/// Why a member of a ring group is passed over that would make the group busy.
inline constexpr std::string_view has_a_call = "has a call already, which may only ring";

/// Why a call is bridged that could have been proxied as long as only its first phones rang.
inline constexpr std::string_view forwards_outside = "the call may be forwarded to outside";

/// Made for one question, and used up by its answer.
class RouteDecision {
public:
    RouteDecision(const RouteQuestion& question, const RouterView& view)
        : question_{question}, view_{view}
    {
        route_.diversions.assign(question.diversions.begin(), question.diversions.end());
        actor_ = question.from;
    }

    /// Of what somebody has dialled. Feature codes first: they never become ordinary calls. Before
    /// them only emergency numbers, and who has the whole number where a code is its beginning.
    void start();
    /// Of a call that `by` sends on to `to`.
    void divert(std::string_view by, DiversionReason reason, std::string_view to);
    Route take()
    {
        route_.actor = actor_;
        return std::move(route_);
    }

private:
    /// In what part somebody asks for a number.
    enum class Asks : std::uint8_t { dials, forwards, from_outside, from_outside_to_outside };

    // router.cpp
    /// What cannot be a number is not repeated anywhere either: a carrier might read a parameter,
    /// or another host, where the digit plan has seen a number.
    static bool is_dialable(std::string_view text) noexcept;
    void note(RouteStepKind kind, std::string_view number, std::string other = {},
              DiversionReason reason = DiversionReason::unknown);
    void note_feature();
    /// Of the phone that the question names, by the rights of `by`.
    void go_to_phone(std::string_view by, Asks asks);
    /// Of what is dialled by the rights of `actor_`.
    void dial(std::string number, Asks asks);
    /// Takes the `#` off that many phones send when dialling ends, where it is no part of a number,
    /// also of one behind a code, of a code or of what a rule is about. An emergency number has it
    /// only where its rule says so. True: a rule is about the number with it and not without, so no
    /// code is meant.
    bool end_dialling(std::string& number, bool emergency);
    /// An extension, a ring group, the application or a place of the park lot is called so.
    [[nodiscard]] bool is_somebodys(const std::string& number) const;
    /// The feature code that is dialled by `number`. Of a code with more digits behind it and
    /// somebody who is called so, the latter is the longer match: no code.
    [[nodiscard]] std::optional<DialledFeature> code_in(const std::string& number) const;
    /// A key that its owner presses changes what it shows.
    void press();
    void use_calling_card(const std::string& number);
    /// Who calls from outside means somebody here, and has no rights but those that go with the
    /// number it has called.
    void start_from_outside();
    /// Follows what applies at once, until there are phones to ring, or none.
    void go_to(std::string number);
    /// Slots stand behind whoever else has the number.
    bool is_of_park_lot(const std::string& number);
    bool may_go_to(std::string_view number);
    [[nodiscard]] std::string chain(std::string_view number) const;
    void reject(unsigned status, std::string phrase);
    /// A forward to nowhere leaves the caller with what it would hear without the forward.
    void reject_unknown(std::string_view number);

    // route_plan.cpp
    /// Makes of `number`, asked for by `by`, what the digit plan says; `outside_` is set when it
    /// lies outside. False: it is refused.
    bool applies_plan(std::string& number, std::string_view by, Asks asks);
    /// The rights of who pays count: who dials, transfers or forwards.
    bool may_ask(const DigitRule& rule, std::string_view number, std::string_view by, Asks asks);
    /// Whether `payer` may have one more call outside.
    bool within_limits(std::string_view payer);
    static std::string words_of(const OutsideLimits& limits);

    // route_outside.cpp
    /// To the trunks of the rule that has said so, one after the other. `payer` empty: somebody
    /// outside, whom the limits of the trunks must stop.
    void go_outside(std::string number, std::string_view payer);
    /// How `number` is joined to its caller: as the rule about it says, else as `own`, the wish of
    /// `who`. `obstacle` says why a mode cannot be; empty: it can.
    void join(std::string_view number, std::string who, CallMode own,
              const std::function<std::string(CallMode)>& obstacle);
    /// The far side of a trunk is not sent the messages of phones as they are, nor told where these
    /// are, unless its own mode says so.
    [[nodiscard]] std::string obstacle_of_source() const;
    /// Whether the numbers that the hunt may go on to lead, themselves or by what they forward to,
    /// to a way outside that only a bridged call can take.
    [[nodiscard]] bool may_go_outside() const;
    [[nodiscard]] bool needs_bridge(const DigitRule& rule, std::string_view payer) const;
    /// Proxied where all ways lead to proxies of ours, and nobody has to be hung up in time;
    /// redirected where callers are told of all of them, and no limit needs the call to be here.
    void join_outside(std::string_view payer);
    /// True: the trunk has no room for one more call.
    bool add_trunk(const std::string& trunk_name, const std::string& number);
    /// One that is not registered, or does not answer, may take an emergency call all the same.
    void add_in_spite(const std::string& trunk_name, const std::string& number);
    void add_paths(const std::string& trunk_name, const std::string& number,
                   const std::vector<TrunkPath>& paths);

    // route_extension.cpp
    /// Where `extension` wants the call without its phones ringing; nullptr: the route is complete.
    const std::string* sends_on(const Extension& extension);
    static std::string whom(const CallerException& exception);
    /// Where `number` wants this caller's call; nullptr: it is refused.
    const std::string* excepted(const std::string& number, const CallerException& exception);
    void ring(const Extension& extension);
    void describe(const Forwarding& wishes);

    // route_ring_group.cpp
    /// Where the call to `group` goes when none of its members can ring; nullptr: the route is
    /// complete.
    const std::string* sends_on(const RingGroup& group);
    void ring(const RingGroup& group, const std::vector<const RingGroupMember*>& ready);

    const RouteQuestion& question_;
    const RouterView& view_;
    Route route_;
    bool emergency_ = false;  // an emergency number was dialled, whoever it stands for
    std::string actor_;  // by whose rights is dialled; empty: nobody's
    const DigitRule* rule_ = nullptr;     // about the number that is asked for last
    const DigitRule* outside_ = nullptr;  // the same, when it leads outside
    std::string shown_;                   // the number outside, as it was dialled
};

}  // namespace lampline
