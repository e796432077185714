// Who is outside is nobody to take or to join, and nothing that a phone says of itself leads there.
#include "outside_limits_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::outside_limits;

TEST_CASE("nobody takes a call that is outside, rings there or talks, nor joins it")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    bob.sends(INVITE, "0555");
    far.receives(INVITE);
    const auto attempts = [&] {
        const auto legs = pbx.view().calls.at(0).legs;
        for (const auto& leg : legs) {
            carol.sends_replacing({.call_id = leg.call_id, .to_tag = {}, .from_tag = {}}, "0555");
            CHECK(std::exchange(carol.inbox, {}).front().status >= 403);
            carol.sends_joining(
                {.call_id = leg.call_id, .to_tag = "tag-555-5060", .from_tag = "t2"}, "0555");
            CHECK(std::exchange(carol.inbox, {}).front().status >= 403);
        }
        carol.sends(INVITE, "**0555");
        carol.receives(403U);
        CHECK(pbx.orders({.action = CallAction::pick_up, .by = "103"}).outcome >
              OrderOutcome::as_it_is);
        CHECK(far.hears_nothing());
    };
    attempts();
    far.replies(200, talking_sdp);
    bob.receives(200U);
    far.receives(ACK);
    attempts();
    office.forget();
}

TEST_CASE("who is outside is nobody to join, though the phone it talks to is")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    bob.sends(INVITE, "0555");
    far.receives(INVITE);
    far.replies(200, talking_sdp);
    bob.receives(200U);
    far.receives(ACK);
    const auto talk = dialer.watches("102").dialog();
    // The tags in this order mean whom Bob talks to.
    dialer.sends_joining(
        {.call_id = talk.call_id, .to_tag = talk.remote_tag, .from_tag = talk.local_tag}, "102");
    dialer.receives(403U);
    dialer.sends_joining(
        {.call_id = talk.call_id, .to_tag = talk.local_tag, .from_tag = talk.remote_tag}, "102");
    bob.receives(INVITE);
    bob.replies(488);
    std::erase_if(dialer.inbox, [](const Arrived& each) { return each.method == NOTIFY; });
    dialer.receives(488U);
    office.forget();
}

TEST_CASE("a number is the same however it is written, and no more than a number goes out")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    for (const auto* dear : {"0900123", "0900-123", "0-900.123", "(0900)123", "0900123;ext=1",
                             "0900123;phone-context=+43", "0-9-0-0"}) {
        CAPTURE(dear);
        bob.sends(INVITE, dear);
        bob.receives(403U).phrase("Not Allowed");
    }
    for (const auto* no_number :
         {"0900%20123", "0555%3Bx=y", "0555%40evil.test", "0555%2C0900", "0555%3Fa"}) {
        CAPTURE(no_number);
        bob.sends(INVITE, no_number);
        bob.receives(404U);
    }
    bob.sends(INVITE, "(05)5-5;phone-context=office.test");
    far.receives(INVITE).to("sip:0555@carrier.test");
    far.replies(486);
    bob.receives(486U);
    office.forget();
}

TEST_CASE("what a phone says where it is leads nobody's call to a carrier")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    const auto carol_rings = [&] {
        alice.sends(INVITE, "103");
        carol.receives(INVITE);
        CHECK(far.hears_nothing());
        carol.replies(486);
        alice.receives(486U);
    };
    SUBCASE("a Contact there")
    {
        carol.named_contact = uri("sip:0900123@198.51.100.1:5060");
        carol.registers();
        alice.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.receives(INVITE);  // by its other contact
        CHECK(far.hears_nothing());
        carol.inbox.clear();
    }
    SUBCASE("a Path there")
    {
        carol.path = {"<sip:198.51.100.1;lr>"};
        carol.registers();
        carol_rings();
    }
    SUBCASE("a Contact there over TCP, and no connection any more")
    {
        carol.registers(0s);
        carol.flow.transport = Transport::tcp;
        carol.named_contact = uri("sip:0900123@198.51.100.1:5060;transport=tcp");
        carol.registers();
        carol.flow.port = 5060;
        carol_rings();
    }
    SUBCASE("an address that is the carrier's own")
    {
        auto& eve = pbx.silent_phone("103");
        eve.flow = far.flow;
        eve.asks_to_register();
        eve.receives(403U).phrase("Address Of A Trunk");
        carol_rings();
    }
    SUBCASE("a request from there in a call that is joined")
    {
        pbx.replaces_directory({group("all", {"101", "102", "103"})});
        carol.sends(INVITE, "102");
        office.phones_answer();
        carol.source = far.flow;
        carol.sends(UPDATE);
        CHECK(far.hears_nothing());
        const auto leg = pbx.view().calls.at(0).legs.at(0);
        CHECK(leg.address == "udp:192.0.2.03:" + std::to_string(carol.flow.port));
    }
    office.forget();
}

TEST_CASE("a REFER to what a phone has registered leads to that phone, and to no carrier")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    carol.named_contact = uri("sip:0900123@198.51.100.1:5060");
    carol.registers();
    office.alice_talks_to_bob();
    bob.sends(Method::refer,
              std::make_shared<const Payload>(
                  Payload{{}, {}, {{"Refer-To", "<sip:0900123@198.51.100.1:5060>"}}}));
    bob.receives(202U);
    carol.receives(INVITE).from("101");
    CHECK(carol.hears_nothing());  // by its other contact
    CHECK(far.hears_nothing());
    office.forget();
}

TEST_CASE("a contact that reads like a number of the office is not dialled for it")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    for (const auto* number : {"102", "112", "0555"}) {
        carol.named_contact = uri("sip:" + std::string{number} + "@office.test");
        carol.registers();
    }
    alice.sends(INVITE, "112");
    far.receives(INVITE);
    far.replies(486);
    other.receives(INVITE);
    other.replies(486);
    alice.receives(486U);
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(486);
    alice.receives(486U);
    bob.sends(INVITE, "0555");
    far.receives(INVITE);
    far.replies(486);
    bob.receives(486U);
    office.forget();
}
