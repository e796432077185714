// What can be done with a call that was taken up after kill -9.
#include "scenario/restart_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::restart;

TEST_CASE("who has hung up while its transfer rings is not taken up, and who waits is hung up")
{
    Talking call;
    call.bob.sends(Method::refer, refer_to("<sip:103@office.test>"));
    call.bob.receives(202U);
    call.bob.replies_to(call.bob.receives(NOTIFY), 200);
    call.carol.receives(INVITE);
    call.bob.sends(BYE);
    call.bob.receives(200U);
    call.lamp_is_dark();
    CHECK(call.pbx.kept().calls.empty());
    call.pbx.restarts();
    call.alice.receives(BYE);
    call.carol.receives(CANCEL);
    call.lamp_is_dark();
    CHECK(call.pbx.kept().ringing.empty());
    call.nothing_is_left();
}

TEST_CASE("a call taken up is transferred")
{
    Talking call;
    call.restarts();
    SUBCASE("blind")
    {
        call.bob.sends(Method::refer, refer_to("<sip:103@office.test>"));
        call.bob.receives(202U);
        call.bob.replies_to(call.bob.receives(NOTIFY), 200);
        call.carol.receives(INVITE).from("101");
        call.carol.replies(200, carol_sdp);
        call.alice.receives(INVITE).with(carol_sdp);
        call.alice.replies(200, alice_sdp);
        call.carol.receives(ACK).with(alice_sdp);
        call.alice.receives(ACK);
        call.bob.replies_to(call.bob.receives(NOTIFY), 200);
        call.bob.receives(BYE);
    }
    SUBCASE("attended, to a call that was taken up as well")
    {
        call.bob.sends(INVITE, "103", bob_sdp);
        call.carol.receives(INVITE);
        call.carol.replies(200, carol_sdp);
        call.bob.receives(200U);
        call.carol.receives(ACK);
        while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
        call.pbx.restarts();
        CHECK(call.dave.receives(NOTIFY).document().dialogs.size() == 2);
        const auto legs = call.pbx.view().calls;
        const auto consulted =
            std::ranges::find_if(legs, [](const LiveCall& one) { return one.dialled == "103"; });
        REQUIRE(consulted != legs.end());
        const auto talking =
            std::ranges::find_if(legs, [](const LiveCall& one) { return one.dialled == "102"; });
        REQUIRE(talking != legs.end());
        call.bob.uses(call.pbx.dialog_of(talking->legs.at(1).call_id));
        call.bob.sends(Method::refer, refer_to("<sip:103@office.test?Replaces=" +
                                               consulted->legs.at(0).call_id + ">"));
        call.bob.receives(202U);
        call.bob.replies_to(call.bob.receives(NOTIFY), 200);
        call.alice.receives(INVITE).without_body();
        call.alice.replies(200, alice_sdp);
        call.carol.receives(INVITE).with(alice_sdp);
        call.carol.replies(200, carol_sdp);
        call.carol.receives(ACK);
        call.alice.receives(ACK).with(carol_sdp);
        call.bob.receives(BYE);
        call.bob.replies_to(call.bob.receives(NOTIFY), 200);
        call.bob.receives(BYE);
    }
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);

    // Those who talk now are those who are taken up the next time.
    call.pbx.restarts();
    CHECK(call.dave.receives(NOTIFY).idle());
    CHECK(call.pbx.view().calls.size() == 1);
    call.carol.sends(BYE);
    call.carol.receives(200U);
    call.alice.receives(BYE);
    call.nothing_is_left();
}

TEST_CASE("a call taken up moves to another phone of its owner by Replaces, and nobody else's")
{
    Talking call;
    call.restarts();
    auto& mobile = call.pbx.phone("102");
    mobile.answers_probes = true;
    call.dave.sends_replacing(replacing(call.shown), "101", carol_sdp);
    call.dave.receives(403U);
    mobile.sends_replacing(replacing(call.shown), "101", carol_sdp);
    call.alice.receives(INVITE).with(carol_sdp);
    call.alice.replies(200, alice_sdp);
    mobile.receives(200U).with(alice_sdp);
    call.bob.receives(BYE);
    call.alice.receives(ACK);
    while (!call.dave.hears_nothing()) call.dave.receives(NOTIFY);
    call.pbx.restarts();
    CHECK(call.dave.receives(NOTIFY).dialog().state == "confirmed");
    call.ends(call.alice, mobile);
}

TEST_CASE("a picked-up call goes on after kill -9")
{
    Scenario pbx{{group("sales", {"103"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    carol.sends(INVITE, "**102");
    carol.receives(200U);
    alice.receives(200U);
    bob.receives(CANCEL);
    pbx.restarts();
    carol.sends(BYE);
    carol.receives(200U);
    alice.receives(BYE);
    CHECK(pbx.kept().calls.empty());
    CHECK(pbx.has_no_dialogs());
}

TEST_CASE("a refresh that the exchange has answered for the other phone counts after a restart too")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.answers_probes = bob.answers_probes = true;
    alice.supported = OptionTag::timer;
    alice.session_timer = {.expires = 600s, .refresher = Refresher::uac};
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    pbx.passes(500s);
    alice.sends(UPDATE);
    alice.receives(200U).session(600s, Refresher::uac);
    pbx.restarts();
    pbx.passes(590s);
    CHECK(alice.hears_nothing());
    pbx.passes(20s);
    alice.receives(BYE);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE(
    "session timers go on: what is left of the session, and a moment where it ran out meanwhile")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.answers_probes = bob.answers_probes = true;
    alice.supported = bob.supported = OptionTag::timer;
    alice.session_timer = {.expires = 600s};
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.session_timer = {.expires = 600s, .refresher = Refresher::uac};
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    SUBCASE("half of it is left")
    {
        pbx.passes(300s);
        pbx.restarts();
        pbx.passes(299s);
        CHECK(bob.hears_nothing());
        pbx.passes(2s);
    }
    SUBCASE("nothing is left")
    {
        pbx.restarts([&](Kept& kept) {
            for (auto& leg : kept.calls.at(0).legs) leg.session_ends_at = pbx.now().wall - 100s;
        });
        pbx.passes(31s);
        CHECK(bob.hears_nothing());
        pbx.passes(2s);
    }
    alice.receives(BYE);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

namespace {

/// 101 talks to 102, whose connection has died with the exchange, and who is asked whether he is
/// there.
struct Adrift {
    explicit Adrift(std::chrono::seconds probe_interval)
        : pbx{{}, {.calls = {.probe_interval = probe_interval}}}
    {
        bob.flow.transport = Transport::tcp;
        bob.flow.connection = ConnectionId{7};
        bob.registers();
        alice.answers_probes = true;
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        bob.replies(200, talking_sdp);
        alice.receives(200U);
        bob.receives(ACK);
        pbx.restarts();
        pbx.passes(1s);
        bob.receives(OPTIONS);
    }

    Scenario pbx;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.silent_phone("102");
};

}  // namespace

TEST_CASE("a phone whose connection died with the exchange is asked twice where no probes are wanted")
{
    Adrift call{0s};
    auto& [pbx, alice, bob] = call;
    bob.fails_with(503);
    CHECK(alice.hears_nothing());
    pbx.passes(60s);
    bob.receives(OPTIONS);
    bob.fails_with(503);
    alice.receives(BYE);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a phone whose connection died with the exchange is found where it registers anew")
{
    Adrift call{60s};
    auto& [pbx, alice, bob] = call;
    SUBCASE("the first probe finds nobody, then the phone is back")
    {
        bob.fails_with(408);
        CHECK(alice.hears_nothing());
        bob.flow.connection = ConnectionId{1};
        bob.registers();
        REQUIRE(bob.moved_to);
        CHECK(*bob.moved_to == bob.flow);
        pbx.passes(60s);
        bob.receives(OPTIONS);
        bob.replies(200);
        alice.sends(BYE);
        alice.receives(200U);
        bob.receives(BYE);
    }
    SUBCASE("it never comes back")
    {
        bob.fails_with(503);
        CHECK(alice.hears_nothing());
        pbx.passes(60s);
        bob.receives(OPTIONS);
        bob.fails_with(503);
        alice.receives(BYE);
        bob.receives(BYE);
    }
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}
