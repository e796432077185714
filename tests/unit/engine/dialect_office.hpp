#pragma once
// An office with dialects of its own, and calls that take much to tell of.
#include "unit/engine/indication_office.hpp"

namespace lampline::test {

inline DirectoryRef office_with(std::vector<BodyProfile> profiles, const std::string& choice = {})
{
    return office_directory({"201", "207"}, {"207"}, {{"201", false, choice}}, std::move(profiles));
}

inline BodyProfile acme(std::string idle_id = "none")
{
    return {.name = "acme", .user_agents = {"Acme"}, .idle_dialog_id = std::move(idle_id)};
}

/// A call with names so long that two dialogs do not fit.
inline DialogSnapshot wordy(std::uint64_t leg, std::size_t letters = 120)
{
    return {.leg = {leg},
            .extension = "207",
            .dialog = {"call-" + std::to_string(leg), "phone", "ours"},
            .direction = Direction::recipient,
            .state = LegState::confirmed,
            .local = {{std::string(letters, 'A'), extension_uri("207", "office.test")}, {}},
            .remote = {{std::string(letters, 'B'), extension_uri("211", "office.test")},
                       SipUri::parse("sip:211@192.0.2.211:5060;line=abc").value()}};
}

}  // namespace lampline::test
