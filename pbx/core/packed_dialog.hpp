#pragma once
// Dialogs that nobody looks at, in little memory.
#include <string>

#include "core/call_event.hpp"

namespace lampline {

/// A DialogSnapshot in one piece of memory, a third of what its texts take one by one.
class PackedDialog {
public:
    /// `id` takes the place of the snapshot's.
    PackedDialog(const DialogSnapshot& dialog, const std::string& id);

    [[nodiscard]] LegId leg() const noexcept { return leg_; }
    [[nodiscard]] LegState state() const noexcept { return state_; }
    [[nodiscard]] std::string id() const;
    [[nodiscard]] DialogSnapshot unpack() const;

private:
    LegId leg_;
    LegState state_;
    std::string bytes_;  // the id first
};

}  // namespace lampline
