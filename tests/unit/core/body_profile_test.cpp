#include "core/body_profile.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

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

std::string_view name_for(std::string_view user_agent)
{
    return built_in_profile_for(user_agent)->name;
}

}  // namespace

TEST_CASE("a phone is known by the beginning of its User-Agent, without case")
{
    CHECK(name_for("snom360/5.5") == "snom");
    CHECK(name_for("SNOM190/3.60") == "snom");
    CHECK(name_for("innovaphone IP222/13r3") == "innovaphone");
    CHECK(name_for("Yealink SIP-T46U 108.86.0.20") == "yealink");
    CHECK(name_for("PolycomVVX-VVX_500-UA/5.9.5.0614") == "polycom");
    CHECK(name_for("Grandstream GXP2170 1.0.11.48") == "grandstream");
    CHECK(name_for("Cisco/SPA504G-7.6.2b") == "cisco-spa");
    CHECK(name_for("Linksys/SPA962-6.1.5(a)") == "cisco-spa");
    CHECK(name_for("Fanvil X4U 2.12.1") == "fanvil");
    CHECK(name_for("Mitel 6867i/5.1.0.1024") == "mitel");
    CHECK(name_for("Aastra 6731i/3.3.1.4365") == "mitel");
    CHECK(name_for("Bria 5 release 5.8.3 stamp 99999") == "bria");
    CHECK(name_for("baresip v3.0.0 (x86_64/Linux)") == "softphone");
    CHECK(name_for("MicroSIP/3.21.3") == "softphone");
}

TEST_CASE("an unknown phone and a silent one get the standard profile, a newer snom one of its own")
{
    CHECK(name_for("snomD785/10.1.175.16") == "snom-desk");
    CHECK(name_for("snom370/8.7.5.35") == "snom-desk");
    CHECK(built_in_profile("snom-desk")->do_not_disturb == "confirmed");
    CHECK(name_for("Acme 1.0") == "standard");
    CHECK(name_for("") == "standard");
}

TEST_CASE("the longest beginning decides, whatever row it is in")
{
    const std::vector<std::string> beginnings{"snom3", "snom360"};
    CHECK(covered("SNOM360/5.5", beginnings) == 7);
    CHECK(covered("snom320/5.5", beginnings) == 5);
    CHECK(covered("snom", beginnings) == 0);
}

TEST_CASE("built-in rows have names and phones of their own")
{
    std::set<std::string> names, phones;
    for (const auto* row : built_in_profiles()) {
        CHECK(names.insert(row->name).second);
        CHECK(built_in_profile(row->name).get() == row);
        CHECK(row->pickup_target == PickupTarget::none);  // no office's code is theirs
        for (const auto& phone : row->user_agents) {
            CHECK(phones.insert(phone).second);
            CHECK(built_in_profile_for(phone).get() == row);
        }
    }
    CHECK(built_in_profiles().front() == &standard_profile);
    CHECK_FALSE(built_in_profile("auto"));
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

TEST_CASE("phones with three lamps never see another word, and only a called phone rings")
{
    using enum LegState;
    for (const auto* name : {"grandstream", "fanvil", "softphone"}) {
        const auto profile = built_in_profile(name);
        for (const auto state : {trying, proceeding, early, confirmed}) {
            CHECK(profile->word(in_state(state, Direction::initiator)) == "confirmed");
            const auto word = profile->word(in_state(state, Direction::recipient));
            CHECK((word.empty() || word == "early" || word == "confirmed"));
        }
    }
    CHECK(built_in_profile("cisco-spa")->word(in_state(early, Direction::initiator)) ==
          "confirmed");
}

TEST_CASE("no profile shows a terminated dialog as alive, or fails to show a call that is talked")
{
    for (const auto* profile : built_in_profiles()) {
        CAPTURE(profile->name);
        CHECK(profile->word(in_state(LegState::terminated, Direction::recipient)).empty());
        CHECK_FALSE(profile->word(in_state(LegState::confirmed, Direction::recipient)).empty());
        CHECK(profile->word(in_state(LegState::early, Direction::recipient)) == "early");
    }
}

TEST_CASE("words of storage and REST read back")
{
    for (const auto shown : {ShownDialogs::all, ShownDialogs::ringing_first,
                             ShownDialogs::talking_first, ShownDialogs::newest_first})
        CHECK(shown_dialogs(name(shown)) == shown);
    for (const auto one : {Clearing::between_calls, Clearing::before_ringing, Clearing::always})
        CHECK(clearing(name(one)) == one);
    CHECK_FALSE(shown_dialogs("one"));
    CHECK(dialog_word("early") == "early");
    CHECK_FALSE(dialog_word("terminated"));
}
