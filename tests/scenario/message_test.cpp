// MESSAGE from phone to phone (RFC 3428).
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

TEST_CASE("a message reaches every phone of its extension, and the first 2xx is the answer")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& soft = pbx.phone("102");
    alice.writes("102", "<b>Lunch?</b>", "text/html");
    auto at_desk = desk.receives(MESSAGE).from("101").with("<b>Lunch?</b>");
    CHECK(at_desk.payload->content_type == "text/html");
    const auto at_soft = soft.receives(MESSAGE);
    desk.answers_standalone(at_desk, 486);
    CHECK(alice.hears_nothing());
    soft.answers_standalone(at_soft, 202);
    alice.receives(202U);
    CHECK(pbx.view().counters.messages_accepted == 1);
}

TEST_CASE("when all phones refuse, the best refusal is the answer")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& desk = pbx.phone("102");
    auto& soft = pbx.phone("102");
    alice.writes("102", "Lunch?");
    const auto at_desk = desk.receives(MESSAGE);
    const auto at_soft = soft.receives(MESSAGE);
    SUBCASE("a refusal says more than silence")
    {
        desk.answers_standalone(at_desk, 408, true);
        soft.answers_standalone(at_soft, 415);
        alice.receives(415U);
    }
    SUBCASE("silence is 480 (RFC 4320)")
    {
        desk.answers_standalone(at_desk, 408, true);
        soft.answers_standalone(at_soft, 408, true);
        alice.receives(480U).phrase("Phone Does Not Answer");
    }
    SUBCASE("a phone that wants credentials")
    {
        desk.answers_standalone(at_desk, 401);
        soft.answers_standalone(at_soft, 407);
        alice.receives(480U);
    }
    pbx.stays_silent_for(60s);
}

TEST_CASE("messages that go nowhere")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    SUBCASE("no such extension")
    {
        alice.writes("999", "Hello?");
        alice.receives(404U).header(
            "Warning", "399 office.test \"messages go to extensions, by their number\"");
    }
    SUBCASE("no phone")
    {
        alice.writes("102", "Hello?");
        alice.receives(480U).phrase("No Phone Registered");
    }
    SUBCASE("only the phone it came from")
    {
        alice.writes("101", "Remember the milk");
        alice.receives(480U);
    }
    SUBCASE("too long")
    {
        auto& bob = pbx.phone("102");
        alice.writes("102", std::string(8193, 'x'));
        alice.receives(413U).header("Warning", "399 office.test \"at most 8192 bytes\"");
        alice.writes("102", std::string(8192, 'x'));
        bob.answers_standalone(bob.receives(MESSAGE), 200);
        alice.receives(200U);
    }
    SUBCASE("too many at once")
    {
        auto& bob = pbx.phone("102");
        for (int i = 0; i < 1001; ++i) alice.writes("102", "and another thing");
        alice.receives(503U).header("Retry-After", "5");
        while (!bob.hears_nothing()) bob.answers_standalone(bob.receives(MESSAGE), 200);
        while (!alice.hears_nothing()) alice.receives(200U);
    }
}
