#include "core/body_profile.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

DialogSnapshot in_state(LegState state, Direction direction)
{
    return {.leg = {1},
            .extension = "207",
            .dialog = {},
            .direction = direction,
            .state = state,
            .local = {},
            .remote = {}};
}

}  // namespace

TEST_CASE("a configured profile is taken whatever the User-Agent says")
{
    CHECK(&choose_profile(ProfileChoice::innovaphone, "snom360/5.5") == &innovaphone_profile);
    CHECK(&choose_profile(ProfileChoice::standard, "innovaphone IP222/13r3") == &standard_profile);
}

TEST_CASE("an automatic profile goes by the beginning of the User-Agent, without case")
{
    CHECK(&choose_profile(ProfileChoice::automatic, "snom360/5.5") == &snom_profile);
    CHECK(&choose_profile(ProfileChoice::automatic, "SNOM190/3.60") == &snom_profile);
    CHECK(&choose_profile(ProfileChoice::automatic, "innovaphone IP222/13r3") ==
          &innovaphone_profile);
}

TEST_CASE("an unknown phone, a newer snom and a silent one get the standard profile")
{
    CHECK(&choose_profile(ProfileChoice::automatic, "snomD785/10.1.175.16") == &standard_profile);
    CHECK(&choose_profile(ProfileChoice::automatic, "Yealink SIP-T46U 108.86.0.20") ==
          &standard_profile);
    CHECK(&choose_profile(ProfileChoice::automatic, "") == &standard_profile);
}

TEST_CASE("RFC 4235 §3.7.1: the standard profile uses the words of the states")
{
    using enum LegState;
    for (const auto state : {trying, proceeding, early, confirmed})
        for (const auto direction : {Direction::initiator, Direction::recipient})
            CHECK(standard_profile.word(in_state(state, direction)) == name(state));
}

TEST_CASE("innovaphone: ringing is early, talking and dialling are proceeding")
{
    const auto& profile = innovaphone_profile;
    CHECK(profile.word(in_state(LegState::early, Direction::recipient)) == "early");
    CHECK(profile.word(in_state(LegState::confirmed, Direction::recipient)) == "proceeding");
    CHECK(profile.word(in_state(LegState::early, Direction::initiator)) == "proceeding");
    CHECK(profile.word(in_state(LegState::trying, Direction::recipient)).empty());
}

TEST_CASE("no profile shows a terminated dialog as alive")
{
    for (const auto* profile : {&standard_profile, &snom_profile, &innovaphone_profile})
        CHECK(profile->word(in_state(LegState::terminated, Direction::recipient)).empty());
}
