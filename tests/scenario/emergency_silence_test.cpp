// Silence in calls to emergency numbers: those who talk may hear each other all the same.
#include <string>

#include "emergency_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::emergency;

TEST_CASE("silence to a probe ends no call for help, but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Outside call{help};
        call.pbx.passes(60s);
        call.far.receives(OPTIONS);
        call.far.fails_with(408);
        if (help) {
            call.pbx.passes(60s);
            call.far.receives(OPTIONS);
            call.far.fails_with(408);
        }
        call.ends(help);
    }
}

TEST_CASE("two probes that cannot be sent end no call for help, but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Outside call{help};
        for (int i = 0; i < 2; ++i) {
            call.pbx.passes(60s);
            call.far.receives(OPTIONS);
            call.far.fails_with(503);
        }
        call.ends(help);
    }
}

TEST_CASE("silence to a display ends no call for help, but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Outside call{help};
        call.alice_is_told();
        call.alice.fails_with(408);
        call.ends(help);
    }
}

TEST_CASE("an INVITE of the exchange that is never answered ends no call for help, but any other")
{
    for (const bool help : {true, false}) {
        CAPTURE(help);
        Outside call{help};
        CHECK(call.pbx.orders({.action = CallAction::hold}).outcome == OrderOutcome::begun);
        const auto invite = call.alice.receives(INVITE);
        call.alice.replies(180);
        call.alice.answers_cancel = false;
        call.pbx.passes(25s);
        call.alice.receives(CANCEL);
        call.alice.fails_with(invite, 408);
        call.ends(help);
    }
}
