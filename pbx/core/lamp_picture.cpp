#include "core/lamp_picture.hpp"

#include <algorithm>
#include <utility>

namespace lampline {

int precedence(LegState state) noexcept
{
    switch (state) {
    case LegState::early: return 4;
    case LegState::confirmed: return 3;
    case LegState::proceeding: return 2;
    case LegState::trying: return 1;
    case LegState::terminated: return 0;
    }
    return 0;
}

std::optional<LegState> lamp_state(const PictureRef& picture) noexcept
{
    if (!picture || picture->dialogs.empty()) return std::nullopt;
    const auto rank = [](const ShownDialog& shown) { return precedence(shown.state); };
    return std::ranges::max_element(picture->dialogs, {}, rank)->state;
}

LampColour colour_of(const PictureRef& picture) noexcept
{
    if (!picture) return LampColour::unknown;
    if (picture->dialogs.empty()) return LampColour::dark;
    return std::ranges::any_of(picture->dialogs, &ShownDialog::flashes) ? LampColour::flashing
                                                                        : LampColour::steady;
}

LampColour shown_colour(const Told& told) noexcept
{
    return told.unknown ? LampColour::unknown : colour_of(told.acknowledged);
}

void Told::note_sent(PictureRef picture, unsigned left_out_of_it) noexcept
{
    if (sent && sent != acknowledged && !sent->dialogs.empty()) doubtful = std::move(sent);
    sent = std::move(picture);
    left_out = left_out_of_it;
}

void Told::note_acknowledged() noexcept
{
    if (!sent) return;
    acknowledged = sent;
    doubtful.reset();
    unknown = false;
}

}  // namespace lampline
