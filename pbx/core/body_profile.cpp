#include "core/body_profile.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace lampline {
namespace {

constexpr std::array<std::string_view, 4> words_of_shown{"all", "ringing_first", "talking_first",
                                                         "newest_first"};
constexpr std::array<std::string_view, 3> words_of_clearing{"between_calls", "before_ringing",
                                                            "always"};
constexpr std::array<std::string_view, 4> words_of_pickup_target{"none", "remote", "local",
                                                                 "both"};

/// The enumerator in the place of `word`.
template <class Enum, std::size_t size>
std::optional<Enum> placed(const std::array<std::string_view, size>& words,
                           std::string_view word) noexcept
{
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<Enum>(found - words.begin());
}

}  // namespace

std::string_view name(ShownDialogs shown) noexcept
{
    return words_of_shown[static_cast<std::size_t>(shown)];
}

std::string_view name(Clearing clearing) noexcept
{
    return words_of_clearing[static_cast<std::size_t>(clearing)];
}

std::string_view name(PickupTarget target) noexcept
{
    return words_of_pickup_target[static_cast<std::size_t>(target)];
}

std::optional<ShownDialogs> shown_dialogs(std::string_view word) noexcept
{
    return placed<ShownDialogs>(words_of_shown, word);
}

std::optional<Clearing> clearing(std::string_view word) noexcept
{
    return placed<Clearing>(words_of_clearing, word);
}

std::optional<PickupTarget> pickup_target(std::string_view word) noexcept
{
    return placed<PickupTarget>(words_of_pickup_target, word);
}

std::optional<std::string_view> dialog_word(std::string_view text) noexcept
{
    const auto found = std::ranges::find(dialog_words, text);
    return found == dialog_words.end() ? std::nullopt : std::optional{*found};
}

std::string_view BodyProfile::word(const DialogSnapshot& dialog) const noexcept
{
    if (dialog.state == LegState::terminated) return {};
    if (dialog.parked) return parked;
    const Words& words = dialog.direction == Direction::initiator ? as_initiator : as_recipient;
    return words[static_cast<std::size_t>(dialog.state)];
}

std::size_t covered(std::string_view user_agent, std::span<const std::string> beginnings) noexcept
{
    std::size_t longest = 0;
    for (const auto& beginning : beginnings)
        if (beginning.size() > longest && starts_with_word(user_agent, beginning))
            longest = beginning.size();
    return longest;
}

ProfileRef built_in(const BodyProfile& row) noexcept
{
    return {ProfileRef{}, &row};  // counts nothing
}

ProfileRef built_in_profile(std::string_view name) noexcept
{
    for (const auto* row : built_in_profiles())
        if (row->name == name) return built_in(*row);
    return {};
}

ProfileRef built_in_profile_for(std::string_view user_agent) noexcept
{
    const BodyProfile* best = &standard_profile;
    std::size_t longest = 0;
    for (const auto* row : built_in_profiles()) {
        const auto length = covered(user_agent, row->user_agents);
        if (length <= longest) continue;
        longest = length;
        best = row;
    }
    return built_in(*best);
}

}  // namespace lampline
