#include "core/body_profile.hpp"

#include <algorithm>
#include <cctype>

namespace lampline {
namespace {

constexpr BodyProfile::Words rfc_words{"trying", "proceeding", "early", "confirmed"};

/// Phones that are known by name to want another profile than the standard one.
struct UserAgentRow {
    std::string_view prefix;  // of the User-Agent, without case
    const BodyProfile* profile;
};
constexpr auto user_agents = std::to_array<UserAgentRow>({
    {"snom190", &snom_profile},
    {"snom320", &snom_profile},
    {"snom360", &snom_profile},
    {"innovaphone", &innovaphone_profile},
    {"(innovaphone", &innovaphone_profile},
});

bool starts_with(std::string_view text, std::string_view prefix) noexcept
{
    const auto same = [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    };
    return text.size() >= prefix.size() &&
           std::ranges::equal(text.substr(0, prefix.size()), prefix, same);
}

}  // namespace

constinit const BodyProfile standard_profile{
    .name = "standard",
    .as_initiator = rfc_words,
    .as_recipient = rfc_words,
    .idle_id = "idle",
    .after_declaration = "\r\n",
    .at_end = "\r\n",
};

// A phone that is being called flashes only when it rings, so the moment before is not shown.
constinit const BodyProfile snom_profile{
    .name = "snom",
    .as_initiator = rfc_words,
    .as_recipient = {"", "proceeding", "early", "confirmed"},
    .single = true,
    .fixed_id = "dummy",
    .ended = false,
    .after_declaration = "\r\n",
    .at_end = "\r\n",
};

// `early` is a call that may be picked up, `proceeding` is busy. The lengths in the published trace
// (343 and 349) are those of a single line and one CRLF; that it follows the declaration is where
// the trace shows a break anyway.
constinit const BodyProfile innovaphone_profile{
    .name = "innovaphone",
    .as_initiator = {"proceeding", "proceeding", "proceeding", "proceeding"},
    .as_recipient = {"", "early", "early", "proceeding"},
    .single = true,
    .fixed_id = "1",
    .clears_between = true,
    .idle_id = "1",
    .entity = false,
    .tags = false,
    .end_event = false,
    .parties_in_full = false,
    .direction = Direction::initiator,
    .state_before_version = true,
    .direction_before_call_id = true,
    .after_declaration = "\r\n",
};

std::string_view BodyProfile::word(const DialogSnapshot& dialog) const noexcept
{
    if (dialog.state == LegState::terminated) return {};
    const Words& words = dialog.direction == Direction::initiator ? as_initiator : as_recipient;
    return words[static_cast<std::size_t>(dialog.state)];
}

const BodyProfile& choose_profile(ProfileChoice choice, std::string_view user_agent) noexcept
{
    switch (choice) {
    case ProfileChoice::standard: return standard_profile;
    case ProfileChoice::innovaphone: return innovaphone_profile;
    case ProfileChoice::automatic: break;
    }
    for (const auto& row : user_agents)
        if (starts_with(user_agent, row.prefix)) return *row.profile;
    return standard_profile;
}

}  // namespace lampline
