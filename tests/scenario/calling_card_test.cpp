// The calling-card application: one call that makes others, by the keys of its caller (RFC 3725,
// RFC 4730).
#include "calling_card_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::calling_card;

TEST_CASE(
    "a caller dials one number after the other: keys by subscription, a long pound in between")
{
    Card desk;
    CHECK(desk.states() == std::vector<std::string>{"101 confirmed"});
    CHECK(desk.pbx.view().calls.at(0).answered_at);
    desk.accepts();
    desk.dials_bob();
    CHECK(desk.states() == std::vector<std::string>{"101 confirmed", "102 trying"});
    desk.bob.replies(180);
    desk.is_connected_to(desk.bob, bob_sdp);
    CHECK(desk.states() == std::vector<std::string>{"101 confirmed", "102 confirmed"});
    CHECK(desk.pbx.kept().calls.size() == 1);

    desk.long_pound();
    desk.bob.receives(BYE);
    desk.is_taken_back(bob_sdp);
    CHECK(desk.states() == std::vector<std::string>{"101 confirmed"});
    CHECK(desk.pbx.kept().calls.empty());

    desk.presses("103");
    desk.pbx.passes(4s);  // no more keys: the number is complete
    desk.carol.receives(INVITE).from("101").without_body();
    desk.asks_for_the_way_back();
    desk.accepts();
    desk.is_connected_to(desk.carol, carol_sdp);
    desk.hangs_up();
    desk.carol.receives(BYE);
    desk.nothing_is_left();

    const auto record = desk.record();
    CHECK(record.dialled == "800");
    CHECK(record.result == CallResult::answered);
    CHECK(record.answered_by == "800");
    REQUIRE(record.parts.size() == 3);
    CHECK(record.parts[0].kind == PartKind::caller);
    for (const std::size_t target : {1U, 2U}) {
        CHECK(record.parts[target].kind == PartKind::transferred);
        CHECK(record.parts[target].result == PartResult::answered);
        CHECK(record.parts[target].moved_by == 0U);
    }
    CHECK(record.parts[1].extension == "102");
    CHECK(record.parts[2].extension == "103");
}

TEST_CASE("a caller between two numbers has nobody to transfer; one whose number rings waits for it")
{
    Card desk;
    const auto refers = [&] {
        desk.alice.sends(Method::refer, std::make_shared<const Payload>(
                                            Payload{{}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
    };
    desk.accepts();
    refers();
    desk.alice.receives(403U).phrase("Nobody To Transfer");
    desk.dials_bob();
    refers();
    desk.alice.receives(491U).header(
        "Warning", "399 office.test \"Another change of this call is under way\"");
    desk.hangs_up();
    desk.bob.receives(CANCEL);
    desk.nothing_is_left();
}

TEST_CASE("the lamp of the caller is lit all the time and says whom it talks to")
{
    Card desk;
    const auto remote = [&] {
        REQUIRE_FALSE(desk.dan.inbox.empty());
        auto notify = desk.dan.inbox.back();
        CHECK(notify.dialog().state == "confirmed");
        return notify.dialog().remote_identity;
    };
    desk.accepts();
    CHECK(remote() == "sip:800@office.test");
    desk.dials_bob();
    desk.is_connected_to(desk.bob, bob_sdp);
    CHECK(remote() == "sip:102@office.test");
    desk.bob.sends(BYE);
    desk.bob.receives(200U);
    desk.is_taken_back(bob_sdp);
    CHECK(remote() == "sip:800@office.test");
    desk.hangs_up();
    desk.nothing_is_left();
}

TEST_CASE(
    "a phone without key events (489) dials by INFO; a long pound and a row of keys lead back")
{
    Card desk;
    desk.accepts(489);
    desk.presses_by_info("102#");
    desk.bob.receives(INVITE);
    desk.is_connected_to(desk.bob, bob_sdp);
    desk.alice.sends(INFO, info("5"));  // the other's to hear
    desk.bob.receives(INFO);
    desk.bob.replies(200);
    desk.alice.receives(200U);
    desk.alice.sends(INFO, info("#", 2600));
    desk.alice.receives(200U);
    desk.bob.receives(BYE);
    desk.alice.receives(INVITE).with(made_inactive(bob_sdp));
    desk.alice.replies(200, alice_sdp);
    desk.alice.receives(ACK);

    desk.presses_by_info("103#");
    desk.carol.receives(INVITE);
    desk.is_connected_to(desk.carol, carol_sdp);
    desk.alice.sends(INFO, info("*"));
    desk.carol.receives(INFO);
    desk.carol.replies(200);
    desk.alice.receives(200U);
    desk.alice.sends(INFO, info("0"));
    desk.alice.receives(200U);
    desk.carol.receives(BYE);
    desk.alice.receives(INVITE).with(made_inactive(carol_sdp));
    desk.alice.replies(200, alice_sdp);
    desk.alice.receives(ACK);
    desk.hangs_up();
    desk.nothing_is_left();
}

TEST_CASE("a phone that has something else under way (491) is asked for its keys again")
{
    Card desk;
    desk.accepts(491);
    CHECK(desk.alice.hears_nothing());
    SUBCASE("up to two seconds later, since the Call-ID is the phone's")
    {
        desk.pbx.passes(1ms);
        desk.asks_for_keys();
        desk.accepts();
        desk.dials_bob();
        desk.hangs_up();
        desk.bob.receives(CANCEL);
    }
    SUBCASE("ten seconds long; then its keys may come by INFO")
    {
        for (int i = 0; i <= 20; ++i) {
            desk.pbx.passes(500ms);
            desk.asks_for_keys();
            desk.accepts(491);
        }
        desk.pbx.passes(500ms);
        CHECK(desk.alice.hears_nothing());
        desk.presses_by_info("102#");
        desk.bob.receives(INVITE);
        desk.hangs_up();
        desk.bob.receives(CANCEL);
    }
    desk.nothing_is_left();
}

TEST_CASE("a key that comes by subscription and by INFO counts once")
{
    Card desk;
    desk.accepts();
    for (const char key : {'1', '0', '2', '#'}) {
        desk.alice.sends(NOTIFY, key_event("key", {&key, 1}));
        desk.alice.receives(200U);
        if (key == '#') break;
        desk.alice.sends(INFO, info({&key, 1}));
        desk.alice.receives(200U);
    }
    desk.asks_for_the_way_back_or_rings();
    desk.hangs_up();
    desk.bob.receives(CANCEL);
    desk.nothing_is_left();
}

TEST_CASE("who presses no key is hung up")
{
    Card desk;
    desk.accepts();
    desk.pbx.passes(30s);
    desk.alice.receives(BYE).header("Reason", "SIP;cause=408;text=\"No number dialled\"");
    desk.nothing_is_left();
}

TEST_CASE("a call of the application is over when its time is")
{
    auto short_card = card;
    short_card.rules.longest = 600s;
    Card desk{std::move(short_card)};
    desk.accepts();
    desk.dials_bob();
    desk.is_connected_to(desk.bob, bob_sdp);
    desk.alice.answers_probes = desk.bob.answers_probes = true;
    desk.pbx.passes(599s);
    CHECK(desk.alice.hears_nothing());
    desk.pbx.passes(1s);
    desk.alice.receives(BYE).header("Reason", "SIP;cause=408;text=\"Time is up\"");
    desk.bob.receives(BYE);
    desk.nothing_is_left();
}

TEST_CASE("only who may use it gets the application, and a forward leads nobody into it")
{
    Scenario pbx;
    pbx.has_calling_card({.number = "800", .everybody = false, .users = {"102"}});
    auto& alice = pbx.phone("101");
    alice.sends(INVITE, "800");
    alice.receives(403U);
    CHECK(pbx.decides("102", "800").outcome == "calling_card");
    Forwarding wishes;
    wishes.always = "800";
    pbx.forwards("102", wishes);
    alice.sends(INVITE, "102");
    alice.receives(404U);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("what is dialled in the application has the rights of its caller, and is no code")
{
    Card desk;
    desk.accepts();
    for (const auto* number : {"*78#", "800#"}) {
        desk.presses(number);
        CHECK(desk.alice.hears_nothing());
    }
    CHECK_FALSE(desk.pbx.forwarding_of("101").do_not_disturb);
    desk.hangs_up();
    desk.nothing_is_left();
}

TEST_CASE("a report that is none gets 400; one that nobody asked for 481")
{
    Card desk;
    desk.accepts();
    auto broken = std::make_shared<Payload>(*key_event("key", "1"));
    broken->body = "<kpml-response";
    desk.alice.sends(NOTIFY, broken);
    desk.alice.receives(400U);
    desk.alice.sends(NOTIFY, key_event("key", "", "terminated;reason=rejected"));
    desk.alice.receives(200U);
    desk.alice.sends(NOTIFY, key_event("key", "1"));
    desk.alice.receives(481U);
    desk.alice.sends(INFO, std::make_shared<const Payload>(Payload{"text/plain", "1", {}}));
    desk.alice.receives(415U);
    desk.presses_by_info("102#");
    desk.bob.receives(INVITE);
    desk.hangs_up();
    desk.bob.receives(CANCEL);
    desk.nothing_is_left();
}

TEST_CASE("the target transfers the caller: the application goes on behind whom it is led to")
{
    Card desk;
    desk.accepts();
    desk.dials_bob();
    desk.is_connected_to(desk.bob, bob_sdp);
    desk.pbx.orders({.action = CallAction::transfer, .to = "103", .by = "102"});
    desk.carol.receives(INVITE);
    desk.is_connected_to(desk.carol, carol_sdp);
    desk.bob.receives(BYE);
    desk.long_pound();
    desk.carol.receives(BYE);
    desk.is_taken_back(carol_sdp);
    desk.hangs_up();
    desk.nothing_is_left();
}

TEST_CASE("a park slot is no number to call in the application: the caller dials anew")
{
    Card call;
    call.pbx.has_park_lot({.number = "700", .first_slot = "701"});
    call.accepts();
    call.presses("701#");
    CHECK(call.pbx.view().calls.at(0).legs.size() == 1);
    CHECK(call.pbx.view().calls.at(0).parked_in.empty());
    call.dan.inbox.clear();
    call.alice.inbox.clear();
    call.alice.sends(BYE);
    call.alice.receives(200U);
    call.dan.inbox.clear();
    CHECK(call.pbx.has_no_calls());
}
