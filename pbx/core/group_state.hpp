#pragma once
// What watchers see of a member of a group: the dialogs of one extension, folded from
// DialogChanged.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/call_event.hpp"
#include "core/packed_dialog.hpp"
#include "core/projection.hpp"
#include "core/standing.hpp"

namespace lampline {

/// The present dialogs of one extension and their projections. SIP thread only.
class MemberState {
public:
    /// `id_prefix` makes the ids of this run differ from those of any other.
    MemberState(std::string entity, std::string_view id_prefix);

    /// Takes a fact; false when no projection in use shows anything new. A terminated dialog
    /// leaves.
    bool fold(const DialogSnapshot& dialog);

    /// Takes what the extension is without a call; false when no projection in use shows anything
    /// new.
    bool stand(const Standing& standing);

    /// One for all who ask with equal values; it lives as long as one of them keeps it. `entity`:
    /// the SIP URI by which they know the extension; empty: its own.
    [[nodiscard]] ProjectionRef projection(const ProfileRef& profile,
                                           const DialogFilter& filter = {},
                                           WatcherView view = {},
                                           std::string_view entity = {});

    [[nodiscard]] bool idle() const noexcept { return live_.empty() && unwatched_.empty(); }
    /// Oldest first.
    [[nodiscard]] std::vector<DialogSnapshot> live() const;
    [[nodiscard]] const Standing& standing() const noexcept { return standing_; }
    /// The state that counts most; nullopt: idle.
    [[nodiscard]] std::optional<LegState> leading() const noexcept;
    /// Somebody who calls it may be picked up.
    [[nodiscard]] bool rings() const;

private:
    void forget_unused();
    bool fold_unwatched(const DialogSnapshot& dialog);
    [[nodiscard]] std::string id_of(const DialogSnapshot& dialog) const;
    bool update_projections();

    std::string entity_;
    std::string id_prefix_;
    Standing standing_;
    // Dialogs are packed while there is no projection, else tracked; oldest first.
    std::vector<PackedDialog> unwatched_;
    std::vector<std::shared_ptr<TrackedDialog>> live_;
    Projection::Dialogs stand_ins_;  // see Projection::update
    std::vector<std::weak_ptr<Projection>> projections_;
};

}  // namespace lampline
