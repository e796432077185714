#pragma once
// What the event packages beside `dialog` tell about.
#include <string_view>
#include <vector>

#include "base/string_table.hpp"
#include "core/call_event.hpp"
#include "core/directory.hpp"
#include "core/location_table.hpp"
#include "engine/appearances.hpp"
#include "engine/publications.hpp"

namespace lampline {

/// A dialog of an extension, as much of it as packages show.
struct LiveDialog {
    LegId leg;
    Direction direction = Direction::initiator;
    LegState state = LegState::trying;
};

/// Configuration, bindings, publications, and projections of DialogChanged. SIP thread only.
class EventFacts {
public:
    /// `locations` and `publications` must outlive this.
    EventFacts(DirectoryRef directory, const LocationTable& locations,
               const Publications& publications)
        : directory_{std::move(directory)}, locations_{&locations}, publications_{&publications}
    {
    }

    /// False: it changes nothing that is shown.
    bool fold(const DialogSnapshot& dialog);
    void replace_directory(DirectoryRef directory) { directory_ = std::move(directory); }

    [[nodiscard]] const Directory& directory() const noexcept { return *directory_; }
    [[nodiscard]] const DirectoryRef& directory_ref() const noexcept { return directory_; }
    [[nodiscard]] const LocationTable& locations() const noexcept { return *locations_; }
    [[nodiscard]] const Publications& publications() const noexcept { return *publications_; }
    [[nodiscard]] const Appearances& appearances() const noexcept { return appearances_; }
    [[nodiscard]] Appearances& appearances() noexcept { return appearances_; }
    /// How many its line has; 0: it is not shared.
    [[nodiscard]] unsigned appearance_count(std::string_view extension) const noexcept
    {
        const auto* found = directory_->find(extension);
        return found ? found->appearances : 0;
    }
    [[nodiscard]] const std::vector<LiveDialog>& dialogs(std::string_view extension) const noexcept;

private:
    DirectoryRef directory_;
    const LocationTable* locations_;
    const Publications* publications_;
    Appearances appearances_;
    StringTable<std::vector<LiveDialog>> dialogs_;  // none is empty
};

}  // namespace lampline
