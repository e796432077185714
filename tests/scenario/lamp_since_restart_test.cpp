// Since when a lamp is what it is, after kill -9: as long as is stored, never since the restart.
#include "scenario/restart_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::restart;

namespace {

std::optional<WallTime> since(Scenario& pbx, const std::string& member)
{
    return pbx.explains("104", member).member_look.since;
}

AccountedLamp lamp(Scenario& pbx, const std::string& member)
{
    const auto account = pbx.explains("104", member);
    REQUIRE(account.phones.size() == 1);
    REQUIRE(account.phones.front().lamp);
    return *account.phones.front().lamp;
}

}  // namespace

TEST_CASE("a lamp is lit since the answer, over a restart; since when a phone shows it is not known")
{
    Talking call;
    const auto answered = call.pbx.now().wall;
    CHECK(since(call.pbx, "102") == answered);
    CHECK(lamp(call.pbx, "102").shown.since == answered);
    call.pbx.passes(10s);
    call.restarts();
    CHECK(since(call.pbx, "102") == answered);
    CHECK(since(call.pbx, "101") == answered);
    auto shown = lamp(call.pbx, "102");
    CHECK(shown.present.since == answered);
    CHECK(shown.shown.colour == LampColour::steady);
    CHECK_FALSE(shown.shown.since);
    for (const auto& one : call.pbx.view().lamps) CHECK_FALSE(one.since);

    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.bob.receives(BYE);
    call.lamp_is_dark();
    const auto ended = call.pbx.now().wall;
    CHECK(since(call.pbx, "102") == ended);
    shown = lamp(call.pbx, "102");
    CHECK(shown.shown.colour == LampColour::dark);
    CHECK(shown.shown.since == ended);
    call.nothing_is_left();
}

TEST_CASE("who came into the call later is lit since then, and who was in it since the answer")
{
    Talking call;
    const auto answered = call.pbx.now().wall;
    call.pbx.passes(5s);
    call.bob.sends(Method::refer, refer_to("<sip:103@office.test>"));
    call.bob.receives(202U);
    call.bob.replies_to(call.bob.receives(NOTIFY), 200);
    call.carol.receives(INVITE);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.lamp_is_dark();
    call.carol.replies(200, carol_sdp);
    const auto joined = call.pbx.now().wall;
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    call.carol.receives(ACK);
    call.alice.receives(ACK);
    call.pbx.passes(5s);
    call.pbx.restarts();
    CHECK(call.dave.receives(NOTIFY).idle());
    CHECK(since(call.pbx, "101") == answered);
    CHECK(since(call.pbx, "103") == joined);
    CHECK_FALSE(since(call.pbx, "102"));
    CHECK_FALSE(lamp(call.pbx, "102").shown.since);
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.carol.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("what a phone shows that was told unasked is known from the first change after a restart")
{
    Scenario pbx{{Group{"sales", "", {"102"}, {{"104", true}}}}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& dave = pbx.phone("104");
    const auto drain = [&] {
        while (!dave.hears_nothing()) dave.receives(NOTIFY);
    };
    drain();
    pbx.restarts();
    CHECK(dave.receives(NOTIFY).idle());
    CHECK_FALSE(lamp(pbx, "102").shown.since);
    pbx.passes(10s);
    alice.sends(INVITE, "102", alice_sdp);
    bob.receives(INVITE);
    bob.replies(180);
    alice.receives(180U);
    drain();
    const auto shown = lamp(pbx, "102").shown;
    CHECK(shown.colour == LampColour::flashing);
    CHECK(shown.since == pbx.now().wall);
    bob.replies(200, bob_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    drain();
}

TEST_CASE("of two calls it is the later one, whose ringing has changed the lamp")
{
    Talking call;
    const auto answered = call.pbx.now().wall;
    call.pbx.passes(5s);
    call.carol.sends(INVITE, "102", carol_sdp);
    call.bob.receives(INVITE);
    call.bob.replies(180);
    call.carol.receives(180U);
    call.bob.replies(200, bob_sdp);
    call.carol.receives(200U);
    call.bob.receives(ACK);
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    const auto second = call.pbx.now().wall;
    CHECK(since(call.pbx, "102") == second);
    call.pbx.passes(5s);
    call.pbx.restarts();
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    CHECK(since(call.pbx, "102") == second);
    CHECK(since(call.pbx, "101") == answered);
    CHECK(since(call.pbx, "103") == second);
    call.pbx.ends_all_calls();
    call.alice.receives(BYE);
    call.bob.receives(BYE);
    call.bob.receives(BYE);
    call.carol.receives(BYE);
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    call.nothing_is_left();
}
