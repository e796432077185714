#include "core/group_state.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace lampline {

MemberState::MemberState(std::string entity, std::string_view id_prefix)
    : entity_{std::move(entity)}, id_prefix_{id_prefix}
{
}

std::string MemberState::id_of(const DialogSnapshot& dialog) const
{
    return dialog.id.empty() ? id_prefix_ + std::to_string(dialog.leg.value) : dialog.id;
}

/// Forgets projections that nobody keeps, and packs the dialogs when there are no others.
void MemberState::forget_unused()
{
    std::erase_if(projections_, [](const auto& kept) { return kept.expired(); });
    if (!projections_.empty()) return;
    for (const auto& tracked : live_) unwatched_.emplace_back(tracked->latest, tracked->latest.id);
    live_ = {};
}

bool MemberState::fold_unwatched(const DialogSnapshot& dialog)
{
    const auto found = std::ranges::find(unwatched_, dialog.leg, &PackedDialog::leg);
    if (dialog.state == LegState::terminated) {
        if (found != unwatched_.end()) unwatched_.erase(found);
    } else if (found != unwatched_.end()) {
        *found = PackedDialog{dialog, found->id()};
    } else {
        unwatched_.emplace_back(dialog, id_of(dialog));
    }
    return false;
}

bool MemberState::fold(const DialogSnapshot& dialog)
{
    forget_unused();
    if (projections_.empty()) return fold_unwatched(dialog);
    const auto same = [&](const auto& tracked) { return tracked->latest.leg == dialog.leg; };
    const auto found = std::ranges::find_if(live_, same);
    if (found != live_.end()) {
        auto& latest = (*found)->latest;
        auto id = std::move(latest.id);  // the same for life
        // Who was not named is not named by the end, even where nobody is left to ask.
        const bool discreet =
            dialog.discreet || (latest.discreet && dialog.state == LegState::terminated);
        latest = dialog;
        latest.id = std::move(id);
        latest.discreet = discreet;
        if (dialog.state == LegState::terminated) live_.erase(found);
    } else if (dialog.state != LegState::terminated) {
        auto tracked = std::make_shared<TrackedDialog>(TrackedDialog{dialog});
        tracked->latest.id = id_of(dialog);
        live_.push_back(std::move(tracked));
    } else {
        return false;
    }
    return update_projections();
}

bool MemberState::update_projections()
{
    bool changed = false;
    std::erase_if(projections_, [&](const auto& kept) {
        const auto projection = kept.lock();
        if (projection && projection->update(live_, stand_ins_)) changed = true;
        return !projection;
    });
    return changed;
}

/// A stand-in is a dialog with nobody, so that it is shown, told and ended as any other. Its leg is
/// none that a call could have.
bool MemberState::stand(const Standing& standing)
{
    if (standing == standing_) return false;
    standing_ = standing;
    const std::array<std::pair<bool, std::string_view>, 4> all{
        {{standing.unregistered, "unregistered"},
         {standing.do_not_disturb, "dnd"},
         {standing.forwarded, "forwarded"},
         {standing.on, "on"}}};
    stand_ins_.resize(all.size());
    for (std::size_t which = 0; which < all.size(); ++which) {
        auto& dialog = stand_ins_[which];
        if (!all[which].first) {
            dialog.reset();
            continue;
        }
        if (dialog) continue;
        dialog = std::make_shared<TrackedDialog>();
        dialog->latest.id = all[which].second;
        dialog->stands_in = true;
        dialog->latest.resumed = true;  // by its name every run knows it, so it stays lit over one
        dialog->latest.leg.value = std::numeric_limits<std::uint64_t>::max() - which;
        dialog->latest.state = LegState::confirmed;
        dialog->latest.direction = Direction::initiator;
        dialog->latest.dialog.call_id = dialog->latest.id;
    }
    return update_projections();
}

std::optional<LegState> MemberState::leading() const noexcept
{
    std::optional<LegState> leading;
    const auto count = [&](LegState state) {
        if (!leading || precedence(state) > precedence(*leading)) leading = state;
    };
    for (const auto& dialog : unwatched_) count(dialog.state());
    for (const auto& dialog : live_) count(dialog->latest.state);
    return leading;
}

bool MemberState::rings() const
{
    return std::ranges::any_of(live(), [](const DialogSnapshot& dialog) {
        return dialog.state == LegState::early && dialog.direction == Direction::recipient;
    });
}

std::vector<DialogSnapshot> MemberState::live() const
{
    std::vector<DialogSnapshot> all;
    for (const auto& dialog : unwatched_) all.push_back(dialog.unpack());
    for (const auto& dialog : live_) all.push_back(dialog->latest);
    return all;
}

ProjectionRef MemberState::projection(const ProfileRef& profile, const DialogFilter& filter,
                                      WatcherView view, std::string_view entity)
{
    if (entity.empty()) entity = entity_;
    for (const auto& kept : projections_) {
        auto projection = kept.lock();
        if (!projection || projection->filter() != filter || projection->view() != view ||
            projection->entity() != entity)
            continue;
        if (projection->profile() == profile || *projection->profile() == *profile)
            return projection;
    }
    forget_unused();
    for (const auto& dialog : unwatched_)
        live_.push_back(std::make_shared<TrackedDialog>(TrackedDialog{dialog.unpack()}));
    unwatched_ = {};
    const auto own = SipUri::parse(entity_);
    const auto asked = SipUri::parse(entity);
    const bool elsewhere = own && asked && !same_word(own->host, asked->host);
    auto made = std::make_shared<Projection>(profile, filter, view, std::string{entity},
                                             elsewhere ? own->host : std::string{});
    made->update(live_, stand_ins_);
    projections_.push_back(made);
    return made;
}

}  // namespace lampline
