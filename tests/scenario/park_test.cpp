// Parking: calls that wait in a slot with a lamp of its own.
#include "park_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::park;

TEST_CASE("park by blind transfer: the slot's lamp is lit, the parker told and hung up")
{
    Office office;
    office.lights_up_for_dave();
    office.bob_parks("701");
    const auto lamp = office.dave.receives(NOTIFY).dialog();
    CHECK(lamp.state == "confirmed");
    CHECK(lamp.remote_identity == "sip:101@office.test");
    CHECK(office.parked_in() == "701");
    CHECK(office.pbx.view().calls.at(0).legs.back().extension == "park+701");

    SUBCASE("Carol dials the slot")
    {
        office.carol.sends(INVITE, "701", carol_sdp);
        office.carol_gets_alice();
        CHECK(office.dave.receives(NOTIFY).dialog().state == "terminated");
        CHECK(office.parked_in().empty());
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("Carol takes the dialog that her lamp shows (Replaces)")
    {
        office.carol.sends_replacing(replacing(lamp), "park+701", carol_sdp);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("Carol's key dials the pickup code and the slot's name")
    {
        office.carol.sends(INVITE, "**park+701", carol_sdp);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("Alice hangs up")
    {
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.nothing_is_left();
    }
    SUBCASE("the exchange stops")
    {
        office.pbx.ends_all_calls();
        office.alice.receives(BYE);
        office.nothing_is_left();
    }
}

TEST_CASE("park by blind transfer to the lot: the first free slot")
{
    Office office;
    office.bob_parks("700");
    CHECK(office.parked_in() == "701");
    office.carol.sends(INVITE, "701", carol_sdp);
    office.carol_gets_alice();
    office.alice_hangs_up(office.carol);
}

TEST_CASE("parking fails, and everybody is where they were")
{
    Office office;
    const auto still_talk = [&] {
        office.alice.sends(INFO);
        office.bob.receives(INFO);
        office.bob.replies(200);
        office.alice.receives(200U);
        office.alice_hangs_up(office.bob);
    };
    SUBCASE("the phone refuses to be put on hold")
    {
        office.bob.sends(REFER, refer_to("<sip:701@office.test>"));
        office.bob.receives(202U);
        office.bob_hears("SIP/2.0 100 Trying");
        office.alice.receives(INVITE);
        office.alice.replies(488);
        office.bob_hears("SIP/2.0 488 ");
        still_talk();
    }
    SUBCASE("the slot is taken, and then the lot is full")
    {
        office.bob_parks();
        office.alice.sends(INFO);  // there is nobody, but no harm in it either
        office.alice.receives(200U);
        for (const auto* number : {"701", "700", "700"}) {
            office.carol.sends(INVITE, "104", carol_sdp);
            office.dave.receives(INVITE);
            office.dave.replies(200, alice_sdp);
            office.carol.receives(200U);
            office.dave.receives(ACK);
            office.carol.sends(REFER, refer_to("<sip:" + std::string{number} + "@office.test>"));
            office.carol.receives(202U);
            office.carol.replies_to(office.carol.receives(NOTIFY), 200);
            if (number == std::string{"701"}) {
                auto notify = office.carol.receives(NOTIFY);
                notify.with("SIP/2.0 486 Slot Is Taken\r\n"
                            "Reason: Q.850;cause=17;text=\"User busy\"\r\n");
                office.carol.replies_to(notify, 200);
                office.carol.sends(BYE);
                office.carol.receives(200U);
                office.dave.receives(BYE);
            } else if (office.pbx.view().calls.size() == 2 && !office.dave.hears_nothing()) {
                office.dave.receives(INVITE);
                office.dave.replies(200, hold_sdp);
                office.dave.receives(ACK);
                auto notify = office.carol.receives(NOTIFY);
                notify.with("SIP/2.0 200 Parked In 702\r\n");
                office.carol.replies_to(notify, 200);
                office.carol.receives(BYE);
            } else {
                auto notify = office.carol.receives(NOTIFY);
                notify.with("SIP/2.0 486 Park Lot Is Full\r\n"
                            "Reason: Q.850;cause=34;text=\"No circuit available\"\r\n");
                office.carol.replies_to(notify, 200);
            }
        }
        office.pbx.ends_all_calls();
        office.alice.receives(BYE);
        office.carol.receives(BYE);
        office.dave.receives(BYE);
        office.dave.receives(BYE);
        office.nothing_is_left();
    }
    SUBCASE("the lot is not the parker's")
    {
        office.pbx.has_park_lot({.number = "700", .first_slot = "701", .groups = {"nobody"}});
        office.bob.sends(REFER, refer_to("<sip:701@office.test>"));
        office.bob.receives(202U);
        office.bob_hears("SIP/2.0 100 Trying");
        office.bob_hears("SIP/2.0 403 Not Your Park Lot\r\n"
                         "Warning: 399 office.test \"102 may not use the park lot\"");
        still_talk();
    }
}

TEST_CASE("the parker hangs up at once; the call is parked all the same")
{
    Office office;
    office.bob.sends(REFER, refer_to("<sip:701@office.test>"));
    office.bob.receives(202U);
    office.bob_hears("SIP/2.0 100 Trying");
    office.bob.sends(BYE);
    office.bob.receives(200U);
    SUBCASE("")
    {
        office.alice_hears_nothing_any_more();
        CHECK(office.parked_in() == "701");
        office.carol.sends(INVITE, "701", carol_sdp);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("who is parked hangs up meanwhile")
    {
        office.alice.receives(INVITE);
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.alice.replies(487);
        office.nothing_is_left();
    }
    SUBCASE("the phone refuses: nobody is left to talk to")
    {
        office.alice.receives(INVITE);
        office.alice.replies(488);
        office.alice.receives(BYE);
        office.nothing_is_left();
    }
}

TEST_CASE("attended transfer: who asks for a free slot first parks there")
{
    Office office;
    const auto first = office.bob.dialog();
    office.bob.sends(INVITE, "700", bob_sdp);
    office.bob.receives(200U).header("P-Asserted-Identity",
                                     "\"701 is free\" <sip:park+701@office.test>");
    const auto second = office.bob.dialog();
    std::string call_id;
    for (const auto& call : office.pbx.view().calls)
        if (call.dialled == "700") call_id = call.legs.at(0).call_id;

    SUBCASE("and transfers")
    {
        office.bob.uses(first);
        office.bob.sends(REFER, refer_to("<sip:700@office.test?Replaces=" + call_id +
                                         "%3Bto-tag%3D0%3Bfrom-tag%3D0>"));
        office.bob.receives(202U);
        office.bob_hears("SIP/2.0 100 Trying");
        office.bob.receives(BYE);  // of the second dialog
        office.alice_hears_nothing_any_more();
        office.bob_hears("SIP/2.0 200 Parked In 701");
        office.bob.receives(BYE);
        office.carol.sends(INVITE, "701", carol_sdp);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("and does not make up its mind")
    {
        office.pbx.passes(60s);
        office.bob.receives(BYE);
        office.bob.uses(first);
        office.alice_hangs_up(office.bob);
    }
    SUBCASE("and hangs up")
    {
        office.bob.uses(second);
        office.bob.sends(BYE);
        office.bob.receives(200U);
        office.bob.uses(first);
        office.alice_hangs_up(office.bob);
    }
}

TEST_CASE("two who ask for a free slot are told two, and each is kept until its asker has parked")
{
    Office office;
    auto& pbx = office.pbx;
    const auto to_own_slot = [&](Phone& parker, const std::string& dialled) {
        std::string call_id;
        for (const auto& call : pbx.view().calls)
            if (call.dialled == dialled && call.legs.at(0).extension == parker.number)
                call_id = call.legs.at(0).call_id;
        return refer_to("<sip:" + dialled + "@office.test?Replaces=" + call_id +
                        "%3Bto-tag%3D0%3Bfrom-tag%3D0>");
    };
    const auto parks = [&](Phone& parker, LegId talk, const std::string& dialled, Phone& waits,
                           std::string_view slot) {
        const auto refer = to_own_slot(parker, dialled);
        parker.uses(talk);
        parker.sends(REFER, refer);
        parker.receives(202U);
        parker.replies_to(parker.receives(NOTIFY), 200);
        parker.receives(BYE);  // of the dialog in which it has asked
        waits.receives(INVITE).header("P-Asserted-Identity",
                                      "\"Park " + std::string{slot} + "\" <sip:park+" +
                                          std::string{slot} + "@office.test>");
        waits.replies(200, hold_sdp);
        waits.receives(ACK);
        auto told = parker.receives(NOTIFY);
        told.with("SIP/2.0 200 Parked In " + std::string{slot} + "\r\n");
        parker.replies_to(told, 200);
        parker.receives(BYE);
    };
    const auto asks = [&](Phone& phone, const std::string& dialled) {
        phone.sends(INVITE, dialled, bob_sdp);
        return phone.receives(200U).value("P-Asserted-Identity");
    };
    office.carol.sends(INVITE, "104", carol_sdp);
    office.dave.receives(INVITE);
    office.dave.replies(200, alice_sdp);
    office.carol.receives(200U);
    office.dave.receives(ACK);
    const auto bobs = office.bob.dialog();
    const auto carols = office.carol.dialog();

    SUBCASE("any slot")
    {
        CHECK(asks(office.bob, "700").starts_with("\"701 is free\""));
        CHECK(asks(office.carol, "700").starts_with("\"702 is free\""));
        office.alice.sends(INVITE, "700", alice_sdp);
        office.alice.receives(486U)
            .phrase("Park Lot Is Full")
            .header("Reason", "Q.850;cause=34;text=\"No circuit available\"");
        parks(office.carol, carols, "700", office.dave, "702");
        parks(office.bob, bobs, "700", office.alice, "701");
    }
    SUBCASE("a slot of one's choice")
    {
        CHECK(asks(office.bob, "701").starts_with("\"701 is free\""));
        office.carol.sends(INVITE, "701", carol_sdp);
        office.carol.receives(486U)
            .phrase("Slot Is Taken")
            .header("Reason", "Q.850;cause=17;text=\"User busy\"");
        office.carol.uses(carols);
        office.carol.sends(REFER, refer_to("<sip:701@office.test>"));
        office.carol.receives(202U);
        office.carol.replies_to(office.carol.receives(NOTIFY), 200);
        office.carol.replies_to(
            office.carol.receives(NOTIFY).with("SIP/2.0 486 Slot Is Taken\r\n"
                                               "Reason: Q.850;cause=17;text=\"User busy\"\r\n"),
            200);
        CHECK(asks(office.carol, "700").starts_with("\"702 is free\""));
        SUBCASE("who has asked may transfer there at once, too")
        {
            office.bob.uses(bobs);
            office.bob.sends(REFER, refer_to("<sip:701@office.test>"));
            office.bob.receives(202U);
            office.bob_hears("SIP/2.0 100 Trying");
            office.alice_hears_nothing_any_more();
            office.bob_hears("SIP/2.0 200 Parked In 701");
            office.bob.receives(BYE);
        }
        SUBCASE("who has asked hangs up: others may have it")
        {
            office.bob.sends(BYE);
            office.bob.receives(200U);
            office.carol.sends(BYE);
            office.carol.receives(200U);
            CHECK(asks(office.carol, "701").starts_with("\"701 is free\""));
            parks(office.carol, carols, "701", office.dave, "701");
        }
    }
    pbx.ends_all_calls();
    for (auto* phone : {&office.alice, &office.bob, &office.carol, &office.dave})
        phone->inbox.clear();
    office.nothing_is_left();
}

TEST_CASE("REST parks, and says in which slot")
{
    Office office;
    const auto answer = office.pbx.orders({.action = CallAction::park, .by = "102"});
    CHECK(answer.outcome == OrderOutcome::begun);
    REQUIRE(answer.call);
    CHECK(answer.call->parked_in == "701");
    office.alice_hears_nothing_any_more();
    office.bob.receives(BYE);
    CHECK(office.pbx.orders({.action = CallAction::park}).outcome == OrderOutcome::wrong_state);
    CHECK(office.pbx.orders({.action = CallAction::hold}).outcome == OrderOutcome::wrong_state);

    SUBCASE("a third party moves the parked call on")
    {
        CHECK(office.pbx.orders({.action = CallAction::transfer, .to = "103"}).outcome ==
              OrderOutcome::begun);
        office.carol.receives(INVITE);
        SUBCASE("it is answered")
        {
            office.carol.replies(200, carol_sdp);
            office.alice.receives(INVITE).with(carol_sdp);
            office.alice.replies(200, alice_sdp);
            office.carol.receives(ACK);
            office.alice.receives(ACK);
            CHECK(office.parked_in().empty());
            office.alice_hangs_up(office.carol);
        }
        SUBCASE("it is not: still parked")
        {
            office.carol.replies(486);
            CHECK(office.parked_in() == "701");
            CHECK(office.pbx.orders({.action = CallAction::hang_up}).outcome ==
                  OrderOutcome::begun);
            office.alice.receives(BYE);
            office.nothing_is_left();
        }
    }
    SUBCASE("who is parked has nobody to send on")
    {
        const auto sent_on =
            office.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "101"});
        CHECK(sent_on.outcome == OrderOutcome::bad_member);
        CHECK(sent_on.pointer == "/by");
        CHECK(office.parked_in() == "701");
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.nothing_is_left();
    }
    SUBCASE("who may not is refused")
    {
        office.pbx.has_park_lot({.number = "700", .first_slot = "701", .groups = {"sales"}});
        office.dave.sends(INVITE, "701", bob_sdp);
        office.dave.receives(403U);
        office.carol.sends(INVITE, "701", carol_sdp);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
}

TEST_CASE("a parked call outlives the exchange, with its lamp and its round")
{
    Office office;
    office.lights_up_for_dave();
    office.bob_parks();
    CHECK(office.dave.receives(NOTIFY).dialog().state == "confirmed");
    office.pbx.restarts();
    CHECK(office.dave.receives(NOTIFY).dialog().state == "confirmed");
    CHECK(office.parked_in() == "701");
    SUBCASE("Carol takes it")
    {
        office.carol.sends(INVITE, "701", carol_sdp);
        office.carol_gets_alice();
        office.alice_hangs_up(office.carol);
    }
    SUBCASE("the parker is rung when the time is over")
    {
        office.pbx.passes(120s);
        office.bob.receives(INVITE).from("101");
        office.alice.sends(BYE);
        office.alice.receives(200U);
        office.bob.receives(CANCEL);
        office.nothing_is_left();
    }
}

TEST_CASE("the parked phone changes its session, and refreshes it")
{
    Office office;
    office.bob_parks();
    office.alice.session_timer = {.expires = 90s, .refresher = Refresher::uac};
    office.alice.supported = OptionTag::timer;
    office.alice.sends_invite(alice_sdp);
    auto answer = office.alice.receives(200U);
    CHECK(answer.body().find("a=inactive") != std::string::npos);
    answer.session(90s, Refresher::uac);
    office.pbx.passes(60s);
    office.alice.sends(UPDATE);
    office.alice.receives(200U).session(90s, Refresher::uac);
    office.pbx.passes(59s);
    CHECK(office.parked_in() == "701");
    office.alice.sends(REFER, refer_to("<sip:103@office.test>"));
    office.alice.receives(403U);
    office.alice.sends(BYE);
    office.alice.receives(200U);
    office.nothing_is_left();
}

TEST_CASE("there is no lot: its numbers are nobody's")
{
    Office office{ParkLot{}};
    office.carol.sends(INVITE, "701", carol_sdp);
    office.carol.receives(404U);
    office.carol.sends(INVITE, "700", carol_sdp);
    office.carol.receives(404U);
    CHECK(office.pbx.orders({.action = CallAction::park}).outcome == OrderOutcome::wrong_state);
    office.alice_hangs_up(office.bob);
}

TEST_CASE("a slot that is taken out of the lot gives its call back to who parked it, at once")
{
    Office office;
    office.bob_parks();
    SUBCASE("the lot is made smaller")
    {
        office.pbx.has_park_lot({.number = "700", .first_slot = "702", .slots = 1});
    }
    SUBCASE("there is no lot any more")
    {
        office.pbx.has_park_lot({});
    }
    office.pbx.passes(1ms);
    office.bob_takes_her_back();
}

TEST_CASE("a slot that goes while a call is on its way into it gives the call back as soon as it is there")
{
    Office office;
    office.bob.sends(REFER, refer_to("<sip:701@office.test>"));
    office.bob.receives(202U);
    office.bob_hears("SIP/2.0 100 Trying");
    office.pbx.has_park_lot({.number = "700", .first_slot = "702", .slots = 1});
    office.alice_hears_nothing_any_more();
    office.bob_hears("SIP/2.0 200 Parked In 701");
    office.bob.receives(BYE);
    office.pbx.passes(1s);
    office.bob_takes_her_back();
}
