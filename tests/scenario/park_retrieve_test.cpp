// A parked call leaves its slot: somebody takes it, or nobody comes.
#include "park_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::park;

TEST_CASE("two who take a parked call at once: one winner, 481 at once for the other")
{
    Office office;
    office.bob_parks();
    office.carol.sends(INVITE, "701", carol_sdp);
    office.dave.sends(INVITE, "701", bob_sdp);
    office.dave.receives(481U);
    office.carol_gets_alice();
    office.dave.sends(INVITE, "701", bob_sdp);
    office.dave.receives(404U);
    office.alice_hangs_up(office.carol);
}

TEST_CASE("the lamp of who is fetched from a slot changes once")
{
    Office office;
    auto& watcher = office.pbx.phone("105");
    office.pbx.replaces_directory({group("sales", {"102", "103"}), group("lamps", {"105"}, {"101"})});
    CHECK_FALSE(watcher.watches("101").idle());
    office.bob_parks();
    office.pbx.passes(5s);
    while (!watcher.hears_nothing()) watcher.receives(NOTIFY);
    office.carol.sends(INVITE, "701", carol_sdp);
    office.carol_gets_alice();
    office.pbx.passes(5s);
    const auto told = watcher.receives(NOTIFY).dialog();
    CHECK(told.state == "confirmed");
    CHECK(told.remote_identity == "sip:103@office.test");
    CHECK(watcher.hears_nothing());
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.carol.receives(BYE);
    CHECK(watcher.receives(NOTIFY).idle());
    while (!watcher.hears_nothing()) watcher.receives(NOTIFY);
    office.nothing_is_left();
}

TEST_CASE("a Replaces for what is parked")
{
    Office office;
    office.lights_up_for_dave();
    office.bob_parks();
    auto named = replacing(office.dave.receives(NOTIFY).dialog());
    SUBCASE("early-only: its dialog is confirmed (RFC 3891 §3)")
    {
        auto early = named;
        early.early_only = true;
        office.carol.sends_replacing(early, "park+701", carol_sdp);
        office.carol.receives(486U).phrase("Already Answered").header(
            "Warning", "399 office.test \"Replaces: early-only, and the dialog is confirmed\"");
        CHECK(office.alice.hears_nothing());
        CHECK(office.parked_in() == "701");
        office.carol.sends_replacing(named, "park+701", carol_sdp);
    }
    SUBCASE("the Call-ID alone, by which only what rings is meant: who dials the slot has the call")
    {
        named.to_tag = named.from_tag = {};
        office.carol.sends_replacing(named, "park+701", carol_sdp);
        office.carol.receives(481U).phrase("No Such Dialog To Replace");
        CHECK(office.alice.hears_nothing());
        CHECK(office.parked_in() == "701");
        office.carol.sends(INVITE, "park+701", carol_sdp);
    }
    office.carol_gets_alice();
    office.alice_hangs_up(office.carol);
}

TEST_CASE("who may not use the lot hears of a parked call 403, early-only or not")
{
    Office office{{.number = "700", .first_slot = "701", .slots = 2, .groups = {"sales"}}};
    office.bob_parks();
    Replaces named;
    const auto kept = office.pbx.kept();
    for (const auto& leg : kept.calls.at(0).legs)
        if (leg.extension == "park+701")
            named = {.call_id = leg.dialog.call_id,
                     .to_tag = leg.dialog.local_tag,
                     .from_tag = leg.dialog.remote_tag};
    for (const bool early_only : {false, true}) {
        named.early_only = early_only;
        office.dave.sends_replacing(named, "park+701", carol_sdp);
        office.dave.receives(403U).phrase("Not Yours To Take");
        CHECK(office.parked_in() == "701");
    }
    office.carol.sends(INVITE, "701", carol_sdp);
    office.carol_gets_alice();
    office.alice_hangs_up(office.carol);
}

TEST_CASE("a parked phone that refuses who takes it stays parked")
{
    Office office;
    office.bob_parks();
    office.carol.sends(INVITE, "701", carol_sdp);
    office.alice.receives(INVITE);
    office.alice.replies(488);
    office.carol.receives(488U);
    CHECK(office.parked_in() == "701");
    office.dave.sends(INVITE, "701", carol_sdp);
    office.alice.receives(INVITE);
    office.dave.cancels();
    office.alice.receives(CANCEL);
    CHECK(office.parked_in() == "701");
    office.carol.sends(INVITE, "701", carol_sdp);
    office.carol_gets_alice();
    office.alice_hangs_up(office.carol);
}

TEST_CASE("the parked phone hangs up while it is being taken: who takes it is told just once")
{
    Office office;
    office.bob_parks();
    office.carol.sends(INVITE, "701", carol_sdp);
    office.alice.receives(INVITE);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.carol.receives(487U);
    office.alice.replies(487);
    office.nothing_is_left();
}

TEST_CASE("who takes a parked call meets an INVITE of the parked phone: tried again")
{
    Office office;
    office.bob_parks();
    office.carol.sends(INVITE, "701", carol_sdp);
    office.alice.receives(INVITE).with(carol_sdp);
    office.alice.replies(491);
    SUBCASE("up to two seconds later, since the Call-ID is the phone's")
    {
        office.pbx.passes(1ms);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("after the phone has changed its session")
    {
        office.alice.acknowledges = false;
        office.alice.sends_invite(alice_sdp);
        auto silent = office.alice.receives(200U);
        office.alice.acknowledges = true;
        CHECK(silent.body().find("a=inactive") != std::string::npos);
        office.pbx.passes(500ms);
        CHECK(office.alice.hears_nothing());
        office.alice.acknowledge(silent);
        office.pbx.passes(500ms);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("unless who takes it gives up meanwhile: it stays parked")
    {
        office.carol.cancels();
        office.pbx.passes(1s);
        CHECK(office.alice.hears_nothing());
        CHECK(office.parked_in() == "701");
        office.carol.sends(INVITE, "701", carol_sdp);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("unless the phone hangs up meanwhile")
    {
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.carol.receives(487U);
        office.nothing_is_left();
    }
    SUBCASE("in vain, ten seconds long")
    {
        for (int i = 0; i <= 20; ++i) {
            office.pbx.passes(500ms);
            office.alice.receives(INVITE).with(carol_sdp);
            office.alice.replies(491);
        }
        office.carol.receives(491U);
        CHECK(office.parked_in() == "701");
        office.carol.sends(INVITE, "701", carol_sdp);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
}

TEST_CASE("nobody comes: the parker is rung, then the fallback, then again")
{
    Office office{{.number = "700", .first_slot = "701", .slots = 2, .fallback = "103"}};
    office.bob_parks();
    office.pbx.passes(120s);
    auto ringing = office.bob.receives(INVITE).from("101").without_body();
    CHECK(ringing.from_address.display_name == "Parked 701: Name 101");
    CHECK(office.parked_in() == "701");

    SUBCASE("the parker takes it back")
    {
        office.bob.replies(200, bob_sdp);
        office.alice.receives(INVITE).with(bob_sdp);
        office.alice.replies(200, alice_sdp);
        office.bob.receives(ACK).with(alice_sdp);
        office.alice.receives(ACK);
        CHECK(office.parked_in().empty());
        office.alice_hangs_up(office.bob);
    }
    SUBCASE("the parker declines; the fallback answers")
    {
        office.bob.replies(603);
        office.pbx.passes(1ms);
        office.carol.receives(INVITE).from("101");
        office.carol.replies(200, carol_sdp);
        office.alice.receives(INVITE).with(carol_sdp);
        office.alice.replies(200, alice_sdp);
        office.carol.receives(ACK);
        office.alice.receives(ACK);
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("neither: the next round begins with the parker")
    {
        office.bob.replies(603);
        office.pbx.passes(1ms);
        office.carol.receives(INVITE);
        office.carol.replies(486);
        CHECK(office.parked_in() == "701");
        office.pbx.passes(119s);
        CHECK(office.bob.hears_nothing());
        office.pbx.passes(1s);
        office.bob.receives(INVITE);
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.bob.receives(CANCEL);
        office.nothing_is_left();
    }
    SUBCASE("somebody takes the call while the parker's phone rings")
    {
        office.carol.sends(INVITE, "701", carol_sdp);
        office.bob.receives(CANCEL).header("Reason",
                                           "SIP;cause=200;text=\"Call completed elsewhere\"");
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
}

TEST_CASE("nobody can be rung for a parked call: after three rounds who waits is let go")
{
    Office office{{.number = "700", .first_slot = "701", .slots = 2, .fallback = "103"}};
    office.lights_up_for_dave();
    office.bob_parks();
    office.carol.unregisters();
    SUBCASE("the parker's phone is gone") { office.bob.unregisters(); }
    SUBCASE("the parker wants no calls")
    {
        Forwarding nothing;
        nothing.do_not_disturb = true;
        office.pbx.forwards("102", nothing);
    }
    SUBCASE("the parker sends calls to who waits")
    {
        Forwarding to_alice;
        to_alice.always = "101";
        office.pbx.forwards("102", to_alice);
    }
    for (int round = 1; round < 3; ++round) {
        office.pbx.passes(120s + 1ms);
        CHECK(office.alice.hears_nothing());
        CHECK(office.parked_in() == "701");
    }
    office.pbx.passes(120s + 1ms);
    office.alice.receives(BYE).header("Reason",
                                      "SIP;cause=480;text=\"Nobody Can Be Rung For Slot 701\"");
    office.nothing_is_left();
    const auto record = office.pbx.records().back();
    CHECK(record.status == 480);
    CHECK(record.ended_by == CallEnder::exchange);
}

TEST_CASE("a parked call whose parker can be rung in one of three rounds waits on")
{
    Office office;
    office.bob_parks();
    office.bob.unregisters();
    office.pbx.passes(240s + 1ms);
    office.bob.registers(3600s);
    office.pbx.passes(120s);
    office.bob.receives(INVITE);
    office.bob.replies(486);
    office.bob.unregisters();
    office.pbx.passes(240s + 1ms);
    CHECK(office.parked_in() == "701");
    office.carol.sends(INVITE, "701", carol_sdp);
    office.carol_gets_alice();
    office.alice_hangs_up(office.carol);
}
