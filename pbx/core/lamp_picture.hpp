#pragma once
// What a lamp shows of an extension at one time, and what its watcher was told of that.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call_event.hpp"
#include "core/lamp_colour.hpp"

namespace lampline {

/// What a dialog in `state` counts where only one can be shown, 0 to 4: a ringing one may be picked
/// up.
int precedence(LegState state) noexcept;

/// A dialog of an extension, for as long as anybody has to be told of it. `latest` follows it to
/// its end, but for its id, which is unique, also over restarts.
struct TrackedDialog {
    DialogSnapshot latest;  ///< its `id` is that of the `dialog` element
    bool stands_in = false;  ///< for a call: it says what the extension is without one
};

/// A live dialog as one profile shows it at one time.
struct ShownDialog {
    std::shared_ptr<const TrackedDialog> dialog;
    LegState state = LegState::trying;  ///< that `word` says
    std::string_view word;              ///< of the profile's constants
    std::string element;                ///< its rendering
    bool flashes = false;  ///< it may be picked up; see colour_of()
};

/// The live dialogs that one profile shows of an extension. Never changes: told watchers refer to
/// it for as long as they need to know what they were told. No dialogs: idle.
struct Picture {
    std::uint64_t revision = 0;  ///< rises with time within one Projection
    std::vector<ShownDialog> dialogs;
};
using PictureRef = std::shared_ptr<const Picture>;

/// What a lamp fed with `picture` shows: early > confirmed > proceeding > trying; nullopt: idle, or
/// never told.
std::optional<LegState> lamp_state(const PictureRef& picture) noexcept;

/// What a key shows by `picture`: who is called in `early` flashes (whoever is in it, by a profile
/// that has but one direction), any other live dialog is steady, none is dark; null: unknown.
LampColour colour_of(const PictureRef& picture) noexcept;

/// What one watcher has been told. The pictures are null where there is none.
struct Told {
    PictureRef acknowledged;  ///< it has certainly seen this
    PictureRef sent;          ///< the last one, seen or not
    PictureRef doubtful;      ///< the last one with dialogs since `acknowledged` and before `sent`
    bool unknown = false;  ///< it may show anything: told by an earlier run, or in another dialect
    unsigned left_out = 0;  ///< dialogs of `sent` that its document had no room for

    void note_sent(PictureRef picture, unsigned left_out_of_it = 0) noexcept;
    void note_acknowledged() noexcept;  ///< what was sent last has arrived
    /// It may show something.
    [[nodiscard]] bool perhaps_lit() const noexcept
    {
        const auto lit = [](const PictureRef& one) { return one && !one->dialogs.empty(); };
        return unknown || lit(acknowledged) || lit(sent) || lit(doubtful);
    }

    friend bool operator==(const Told&, const Told&) = default;
};

/// In which body a dialog was told last.
struct ToldIn {
    LegId leg;
    std::shared_ptr<const std::string> tail;
};

/// What its key shows by the last body that it acknowledged.
LampColour shown_colour(const Told& told) noexcept;

}  // namespace lampline
