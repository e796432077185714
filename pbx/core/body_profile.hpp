#pragma once
// What a phone wants in the body: its dialect of dialog-info as a row of values, not a subclass.
#include <array>
#include <optional>
#include <string_view>

#include "core/call_event.hpp"
#include "core/directory.hpp"

namespace lampline {

/// One dialect of application/dialog-info+xml. All rows are constants of the program; compare them
/// by address.
struct BodyProfile {
    /// The word shown in each state before `terminated`, in order of LegState; empty: not shown
    /// yet.
    using Words = std::array<std::string_view, 4>;

    std::string_view name;
    Words as_initiator;
    Words as_recipient;

    bool single = false;        ///< one dialog only: early > confirmed > proceeding > trying
    std::string_view fixed_id;  ///< the id of every dialog; empty: each has its own, for life
    bool ended = true;          ///< a dialog told as alive is told once more, as `terminated`
    bool clears_between =
        false;  ///< another dialog, or another word, only after the former was told `terminated`
    std::string_view
        idle_id;  ///< id of the `terminated` dialog an otherwise empty document has; empty: none

    bool entity = true;  ///< the root names the extension
    bool tags = true;
    bool end_event = true;        ///< why a dialog ended
    bool parties_in_full = true;  ///< display names, targets and rendering besides the identities
    std::optional<Direction> direction;  ///< said of every dialog; empty: the truth

    bool state_before_version = false;  ///< order of the root's attributes
    bool direction_before_call_id = false;
    std::string_view after_declaration;
    std::string_view at_end;

    /// The word for `dialog`; empty when this profile does not show it (yet, or any more).
    [[nodiscard]] std::string_view word(const DialogSnapshot& dialog) const noexcept;
};

/// RFC 4235 as written, and readable by all phones we know of: an idle extension still has a
/// `dialog` child, because Yealink and Bria keep their lamp on without one and snom and Grandstream
/// read it as off.
extern const BodyProfile standard_profile;

/// The bodies that snom 190, 320 and 360 were shipped against: off is a root without a child.
extern const BodyProfile snom_profile;

/// The bodies of the innovaphone PBX: one dialog, id 1, talking is `proceeding`, and what was told
/// is cleared first.
extern const BodyProfile innovaphone_profile;

/// The profile for a watcher's phone: as configured, else by its User-Agent, else standard.
const BodyProfile& choose_profile(ProfileChoice choice, std::string_view user_agent) noexcept;

}  // namespace lampline
