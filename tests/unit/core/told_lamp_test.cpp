#include "core/told_lamp.hpp"

#include <doctest/doctest.h>

using namespace lampline;

TEST_CASE("rights change while a phone is told that it is dark: it is not told so again")
{
    MemberState member{"sip:207@office.test", "r-"};
    const auto named = member.projection(built_in(standard_profile));
    ToldLamp lamp;
    lamp.projection = named;
    lamp.told.note_sent(named->target(Step::present));
    member.fold({.leg = {4},
                 .extension = "207",
                 .dialog = {"call", "phone", "ours"},
                 .state = LegState::early});
    lamp.projection = member.projection(built_in(standard_profile), {}, {.parties = PartyView::anonymous});
    CHECK(lamp.show_anew(*named, false));  // nothing but the call is owed
    SUBCASE("once it has answered")
    {
        lamp.told.note_acknowledged();
        CHECK(lamp.projection->next_step(lamp.told) == Step::present);
    }
    SUBCASE("nor when the call is over by then")
    {
        member.fold({.leg = {4}, .extension = "207", .state = LegState::terminated});
        lamp.told.note_acknowledged();
        lamp.catch_up();
        CHECK(lamp.projection->next_step(lamp.told) == Step::none);
    }
    SUBCASE("and is, where it has not: it may show what it did before")
    {
        CHECK(lamp.projection->next_step(lamp.told) == Step::clear);
    }
}

TEST_CASE("rights change while news for a phone that is dark wait: nothing but the news is owed")
{
    MemberState member{"sip:207@office.test", "r-"};
    const auto named = member.projection(built_in(standard_profile));
    ToldLamp lamp;
    lamp.projection = named;
    lamp.told.note_sent(named->target(Step::present));
    lamp.told.note_acknowledged();
    member.fold({.leg = {4},
                 .extension = "207",
                 .dialog = {"call", "phone", "ours"},
                 .state = LegState::early});
    lamp.projection = member.projection(built_in(standard_profile), {}, {.parties = PartyView::anonymous});
    CHECK(lamp.show_anew(*named, true));
    CHECK(lamp.projection->next_step(lamp.told) == Step::present);
    member.fold({.leg = {4}, .extension = "207", .state = LegState::terminated});
    lamp.catch_up();
    CHECK(lamp.projection->next_step(lamp.told) == Step::none);
}
