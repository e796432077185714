#pragma once
// What a phone wants in the body: its dialect of dialog-info as a row of values, not a subclass.
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/call_event.hpp"
#include "core/identity_header.hpp"

namespace lampline {

/// Which dialogs of an extension a phone is shown: all, or the one that counts most.
enum class ShownDialogs : std::uint8_t {
    all,
    ringing_first,  ///< early > confirmed > proceeding > trying: a ringing call may be picked up
    talking_first,  ///< confirmed > early > proceeding > trying
    newest_first,   ///< whichever began last
};

/// When a phone must see all that it was told of as `terminated` before it is told something else.
/// That the extension was idle meanwhile, however briefly, is always shown.
enum class Clearing : std::uint8_t {
    between_calls,   ///< only then
    before_ringing,  ///< also when a call begins to ring at an extension that was told as busy
    always,          ///< also before another dialog, or another word
};

/// Where a dialog that its watcher may pick up says how that is dialled, for phones that dial a
/// target instead of sending Replaces.
enum class PickupTarget : std::uint8_t { none, remote, local, both };

/// The words for these in storage and in REST; nullopt: not one of them.
std::string_view name(ShownDialogs shown) noexcept;
std::string_view name(Clearing clearing) noexcept;
std::string_view name(PickupTarget target) noexcept;
std::optional<ShownDialogs> shown_dialogs(std::string_view word) noexcept;
std::optional<Clearing> clearing(std::string_view word) noexcept;
std::optional<PickupTarget> pickup_target(std::string_view word) noexcept;

/// How much is written. Each leaves out more than the one before: the parties of ended
/// dialogs, of several phones that ring for one call all but one (in a full document), the watched
/// one's own name, names of who does not ring, all names, targets; in a list
/// also the watched party, which the entity of the document names. Remote identities of dialogs
/// that live stay, and their ids and pickup targets: a phone tells dialogs apart, and picks them
/// up, by these.
enum class Detail : std::uint8_t {
    full,
    ended_briefly,
    one_ringing,
    no_local_names,
    ringing_names,
    no_names,
    no_local_targets,
    no_targets,
    no_local_party
};

/// The words of RFC 4235 §3.7.1 for a dialog that lives, and "" for one that is not shown (yet).
inline constexpr std::array<std::string_view, 5> dialog_words{"", "trying", "proceeding", "early",
                                                              "confirmed"};
/// The one of `dialog_words` that equals `text`; nullopt: none does.
std::optional<std::string_view> dialog_word(std::string_view text) noexcept;

/// One dialect of application/dialog-info+xml. The defaults are RFC 4235 as written.
struct BodyProfile {
    /// The word in each state before `terminated`, in order of LegState; each one of
    /// `dialog_words`.
    using Words = std::array<std::string_view, 4>;

    std::string name;                        ///< 1 to 32 of [a-z0-9_-]
    std::vector<std::string> user_agents{};  ///< its phones: beginnings of User-Agent, without case

    Words as_initiator{"trying", "proceeding", "early", "confirmed"};
    Words as_recipient{"trying", "proceeding", "early", "confirmed"};
    ShownDialogs shown = ShownDialogs::all;
    std::string dialog_id{};  ///< of every dialog; empty: each has its own, for life
    bool ended = true;        ///< a dialog told as alive is told once more, as `terminated`
    Clearing clearing = Clearing::between_calls;
    std::string idle_dialog_id =
        "idle";  ///< of the `terminated` dialog that an otherwise empty document has; empty: none

    bool entity = true;     ///< the root names the extension
    bool tags = true;       ///< local-tag and remote-tag
    bool end_event = true;  ///< why a dialog ended
    bool display_names = true;
    bool local_targets = true;
    bool remote_targets = true;
    /// Of a dialog that may be picked up, whatever other targets there are.
    PickupTarget pickup_target = PickupTarget::none;
    bool rendering = true;                 ///< `+sip.rendering=no` of a dialog that holds
    std::optional<Direction> direction{};  ///< said of every dialog; empty: the truth

    /// The words for an extension without a call that is not registered, wants peace, or forwards
    /// all its calls, the first of these that is so: of `dialog_words`, "" for as dark as any idle
    /// one.
    std::string_view unregistered{};
    std::string_view do_not_disturb{};
    std::string_view forwarded{};
    std::string_view switched_on{"confirmed"};  ///< the same for a feature key that is on
    std::string_view parked{"confirmed"};       ///< the same for a park slot with a call in it

    /// A group without `eventlist` is told in one document; else it is refused.
    bool merged_lists = false;
    bool partial = false;  ///< what changed, where it is sure what the phone has seen (§4.1)
    std::chrono::milliseconds gap{0};  ///< at least between two NOTIFYs to one watcher
    std::size_t max_body = 0;          ///< bytes the phone takes; 0: no limit of its own

    IdentityHeader identity = IdentityHeader::asserted;  ///< of the parties of its calls

    bool state_first = false;      ///< in the root, before the version
    bool direction_first = false;  ///< in a dialog, before the call-id
    bool final_newline = true;

    /// The code to dial before the number whose call to take, where `pickup_target` asks for it: the
    /// office's, so a Directory sets it; empty: there is none.
    std::string pickup_code{};

    /// One dialog at a time is shown.
    [[nodiscard]] bool single() const noexcept { return shown != ShownDialogs::all; }
    /// The word for `dialog`; empty when this profile does not show it (yet, or any more).
    [[nodiscard]] std::string_view word(const DialogSnapshot& dialog) const noexcept;

    friend bool operator==(const BodyProfile&, const BodyProfile&) = default;
};

/// A row, for as long as somebody is told in it. Null, where a choice is meant: by User-Agent.
using ProfileRef = std::shared_ptr<const BodyProfile>;

/// RFC 4235 as written, and readable by all phones we know of.
extern const BodyProfile standard_profile;
/// The bodies that snom 190, 320 and 360 were shipped against: off is a root without a child.
extern const BodyProfile snom_profile;
/// The bodies of the innovaphone PBX: one dialog, id 1, talking is `proceeding`, and what was told
/// is cleared first.
extern const BodyProfile innovaphone_profile;

/// All rows of the program, standard first. They live as long as it does.
std::span<const BodyProfile* const> built_in_profiles() noexcept;
/// A reference to a row that lives as long as the program.
ProfileRef built_in(const BodyProfile& row) noexcept;
/// The row of the program with this name; null when there is none.
ProfileRef built_in_profile(std::string_view name) noexcept;
/// The row of the program for a phone that calls itself `user_agent`; standard when none names it.
ProfileRef built_in_profile_for(std::string_view user_agent) noexcept;

/// How much of `user_agent` the longest of `beginnings` covers, without case; 0: none of them.
std::size_t covered(std::string_view user_agent, std::span<const std::string> beginnings) noexcept;

}  // namespace lampline
