// Whatever way a call takes to outside, it has the rights and limits of who pays for it, and no
// address that a phone names leads there.
#include <doctest/doctest.h>

#include <functional>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

Trunk carrier(std::string name, std::string host)
{
    Trunk trunk;
    trunk.name = std::move(name);
    trunk.servers = {{std::move(host), 5060, Transport::udp}};
    trunk.domain = "carrier.test";
    trunk.inbound = {{"1(.*)", "\\1", false}};
    return trunk;
}

PayloadRef refer_to(std::string_view number, std::string_view replaces = {})
{
    auto value = "<sip:" + std::string{number} + "@office.test";
    if (!replaces.empty()) value += "?Replaces=" + std::string{replaces};
    return std::make_shared<const Payload>(Payload{{}, {}, {{"Refer-To", value + ">"}}});
}

SipUri uri(std::string_view text)
{
    return *SipUri::parse(text);
}

/// Bob (102) may call outside, Alice (101) and Carol (103) may not. What begins with 0 leads
/// outside, what begins with 0900 costs more than Bob may spend.
struct Office {
    Office()
    {
        DigitRule dear;
        dear.pattern = "0900\\d*";
        dear.call_class = CallClass::premium;
        dear.trunks = {"one", "two"};
        auto far_away = dear;
        far_away.pattern = "0.*";
        far_away.call_class = CallClass::national;
        auto second_line = far_away;
        second_line.pattern = "08.*";
        second_line.trunks = {"two"};
        auto help = dear;
        help.pattern = "112";
        help.emergency = true;
        rules.rules = {dear, far_away, second_line, help};
        rules.default_right = CallClass::internal;
        rules.rights["102"] = CallClass::national;
        rules.outside["102"].forward = true;
        apply();
        for (auto* phone : phones) phone->answers_probes = true;
    }

    void apply() { pbx.has_trunks({one, two}, rules); }
    OutsideLimits& bobs_limits() { return rules.outside["102"].limits; }

    /// The phones of the office answer what comes, until nothing comes any more.
    void phones_answer()
    {
        for (bool again = true; std::exchange(again, false);)
            for (auto* phone : {&alice, &bob, &carol, &dialer})
                for (const auto& arrived : std::exchange(phone->inbox, {})) {
                    if (!arrived.answers_to || arrived.what == "CANCEL") continue;
                    const bool invite = arrived.method == INVITE;
                    phone->replies_to(arrived, 200, invite ? talking_sdp : "");
                    again = true;
                }
    }

    void alice_talks_to_bob()
    {
        alice.sends(INVITE, "102");
        phones_answer();
    }

    /// REST moves the call between the two.
    void orders(CallOrder order)
    {
        for (const auto& call : pbx.view().calls)
            if (call.dialled == "102") order.call = call.id;
        pbx.orders(std::move(order));
        phones_answer();
    }

    /// What REST says becomes of a call of Bob's.
    unsigned bob_would_hear() { return pbx.decides("102", "0555").status; }

    bool is_hung_up(Phone& phone)
    {
        for (const auto& arrived : std::exchange(phone.inbox, {}))
            if (arrived.method == BYE && arrived.what == "BYE") return true;
        return false;
    }

    /// Bob has called outside today.
    void bob_calls_outside_once()
    {
        bob.sends(INVITE, "0555");
        far.replies(486);
        for (auto* phone : phones) phone->inbox.clear();
    }

    void forget()
    {
        pbx.ends_all_calls();
        pbx.passes(60s);
        for (auto* phone : phones) phone->inbox.clear();
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx{{group("all", {"101", "102", "103"})}};
    Trunk one = carrier("one", "198.51.100.1");
    Trunk two = carrier("two", "198.51.100.2");
    DigitRules rules;
    Phone& alice = pbx.phone("101");
    Phone& bob = pbx.phone("102");
    Phone& carol = pbx.phone("103");
    Phone& dialer = pbx.silent_phone("102");
    Phone& far = pbx.carrier(one, "555");
    Phone& other = pbx.carrier(two, "556");
    std::vector<Phone*> phones{&alice, &bob, &carol, &dialer, &far, &other};
};

/// A way for a call to get outside at Bob's cost: up to where it rings there.
struct Way {
    std::string_view name;
    bool forwards = false;  ///< it takes the right to forward to outside, too
    std::function<void(Office&)> begin;
};

void bob_parks_alice(Office& office, std::string to)
{
    office.pbx.has_park_lot(
        {.number = "700", .first_slot = "701", .timeout = 60s, .fallback = std::move(to)});
    office.alice_talks_to_bob();
    office.orders({.action = CallAction::park, .to = "701", .by = "102"});
}

Forwarding always(std::string number)
{
    Forwarding forwarding;
    forwarding.always = std::move(number);
    return forwarding;
}

const std::vector<Way> ways{
    {"dialled", false, [](Office& office) { office.bob.sends(INVITE, "0555"); }},
    {"REFER", false,
     [](Office& office) {
         office.alice_talks_to_bob();
         office.bob.sends(Method::refer, refer_to("0555"));
         office.phones_answer();
     }},
    {"REFER outside a dialog", false,
     [](Office& office) {
         office.dialer.refers("102", refer_to("0555"));
         office.phones_answer();
     }},
    {"BYE with Also", false,
     [](Office& office) {
         office.alice_talks_to_bob();
         office.bob.sends_on("<sip:0555@office.test>");
     }},
    {"BYE with Contact", false,
     [](Office& office) {
         office.alice_talks_to_bob();
         office.bob.sends_on("", uri("sip:0555@office.test"));
     }},
    {"REST places", false,
     [](Office& office) {
         office.pbx.orders({.action = CallAction::place, .from = "102", .to = "0555"});
         office.phones_answer();
     }},
    {"REST transfers", false,
     [](Office& office) {
         office.alice_talks_to_bob();
         office.orders({.action = CallAction::transfer, .to = "0555", .by = "102"});
     }},
    {"forwarded", true,
     [](Office& office) {
         office.pbx.forwards("102", always("0555"));
         office.alice.sends(INVITE, "102");
     }},
    {"forwarded by a code", true,
     [](Office& office) {
         office.bob.sends(INVITE, "*21*0555");
         office.alice.sends(INVITE, "102");
     }},
    {"forwarded when busy", true,
     [](Office& office) {
         Forwarding forwarding;
         forwarding.busy = "0555";
         office.pbx.forwards("102", forwarding);
         office.alice.sends(INVITE, "102");
         office.bob.replies(486);
     }},
    {"an exception of Bob's", true,
     [](Office& office) {
         Forwarding forwarding;
         forwarding.exceptions.push_back({.match = CallerMatch::number,
                                          .caller = "101",
                                          .treatment = CallerTreatment::forward,
                                          .to = "0555"});
         office.pbx.forwards("102", forwarding);
         office.alice.sends(INVITE, "102");
     }},
    {"302", true,
     [](Office& office) {
         office.alice.sends(INVITE, "102");
         office.bob.redirects({uri("sip:0555@office.test")});
     }},
    {"the lot's fallback", false,
     [](Office& office) {
         bob_parks_alice(office, "0555");
         office.pbx.passes(60s);
         office.bob.replies(486);
         office.pbx.passes(1s);
     }},
    {"a forward of who has parked", true,
     [](Office& office) {
         bob_parks_alice(office, {});
         office.pbx.forwards("102", always("0555"));
         office.pbx.passes(60s);
     }},
    {"calling card", false,
     [](Office& office) {
         office.pbx.has_calling_card({.number = "800"});
         office.bob.sends(INVITE, "800");
         office.phones_answer();
         for (const auto* key : {"0", "5", "5", "5", "#"}) {
             office.bob.sends(INFO, std::make_shared<const Payload>(Payload{
                                        "application/dtmf-relay",
                                        "Signal=" + std::string{key} + "\r\nDuration=160\r\n",
                                        {}}));
             office.phones_answer();
         }
     }},
};

}  // namespace

TEST_CASE("whatever way a call takes to outside, it counts for who pays, and ends in time")
{
    for (const auto& way : ways) {
        CAPTURE(way.name);
        Office office;
        office.bobs_limits() = {.calls = 1, .minutes = 10min, .calls_per_day = 1};
        office.apply();
        way.begin(office);
        REQUIRE(office.far.rings());
        CHECK(office.bob_would_hear() == 486);  // it is the one call at once that he may have
        office.far.replies(200, talking_sdp);
        office.phones_answer();
        office.far.inbox.clear();
        CHECK(office.bob_would_hear() == 486);
        office.pbx.passes(10min - 1s);
        CHECK_FALSE(office.is_hung_up(office.far));
        office.pbx.passes(1s);
        CHECK(office.is_hung_up(office.far));
        CHECK(office.bob_would_hear() == 403);  // and the one of the day
        office.forget();
    }
}

TEST_CASE("whatever way a call takes to outside, it needs the right of who pays")
{
    for (const auto& way : ways) {
        CAPTURE(way.name);
        const auto is_refused = [&](auto set) {
            Office office;
            set(office);
            office.apply();
            way.begin(office);
            CHECK_FALSE(office.far.rings());
            CHECK_FALSE(office.other.rings());
            office.forget();
        };
        is_refused([](Office& office) { office.rules.rights["102"] = CallClass::internal; });
        is_refused([](Office& office) {
            office.rules.rights["101"] =
                CallClass::premium;  // whose call it is makes no difference
            office.rules.rights["102"] = CallClass::internal;
        });
        is_refused([](Office& office) {
            office.bobs_limits().calls_per_day = 1;
            office.apply();
            office.bob_calls_outside_once();
        });
        is_refused([](Office& office) {
            office.bobs_limits().calls = 1;
            office.apply();
            office.dialer.sends(INVITE, "0844");
            office.other.replies(200, talking_sdp);
            office.other.inbox.clear();
        });
        if (way.forwards)
            is_refused([](Office& office) { office.rules.outside["102"].forward = false; });
    }
}

TEST_CASE("an attended transfer takes the minutes along")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    office.bobs_limits() = {.calls = 1, .minutes = 10min};
    office.apply();
    office.alice_talks_to_bob();
    const auto first = bob.dialog();
    bob.sends(INVITE, "0555");
    const auto ringing = pbx.view().calls;
    far.replies(200, talking_sdp);
    office.phones_answer();
    pbx.passes(5min);
    std::string call_id;
    for (const auto& call : pbx.view().calls)
        if (call.dialled == "0555") call_id = call.legs.at(0).call_id;
    bob.uses(first);
    bob.sends(Method::refer, refer_to("0555", call_id));
    office.phones_answer();
    for (const auto& arrived : std::exchange(far.inbox, {}))
        if (arrived.what == "INVITE") far.replies_to(arrived, 200, talking_sdp);
    office.phones_answer();
    REQUIRE(pbx.view().calls.size() == 1);
    CHECK(office.bob_would_hear() == 486);
    far.inbox.clear();
    pbx.passes(5min);
    CHECK(office.is_hung_up(far));
    CHECK(office.bob_would_hear() == 0);
    office.forget();
}

TEST_CASE("a trunk that had room when a call was routed has none any more when its turn comes")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    two.limits.calls = 1;
    office.apply();
    const auto fails_over = [&](std::string_view number) {
        bob.sends(INVITE, number);
        far.receives(INVITE);
        far.replies(503);
    };
    bob.sends(INVITE, "0555");
    far.receives(INVITE);
    dialer.sends(INVITE, "0844");
    other.receives(INVITE);
    other.replies(200, talking_sdp);
    dialer.receives(200U);
    other.receives(ACK);
    far.replies(503);
    bob.receives(500U);
    CHECK(other.hears_nothing());
    fails_over("112");  // which passes every limit
    other.receives(INVITE).to("sip:112@carrier.test");
    other.replies(486);
    bob.receives(486U);
    dialer.sends(BYE);
    dialer.receives(200U);
    other.receives(BYE);
    fails_over("0555");
    other.receives(INVITE);
    other.replies(486);
    bob.receives(486U);
    office.forget();
}

TEST_CASE("a limit that is met only while a call hunts on is told with its Reason")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    SUBCASE("of a trunk, when the one before it is silent")
    {
        two.limits.calls = 1;
        office.apply();
        bob.sends(INVITE, "0555");
        far.receives(INVITE);
        dialer.sends(INVITE, "0844");
        other.receives(INVITE);
        other.replies(180);
        dialer.receives(180U);
        pbx.passes(4s);
        far.receives(CANCEL);
        bob.receives(486U)
            .phrase("All Lines Busy")
            .header("Reason", "Q.850;cause=34;text=\"No circuit available\"");
    }
    SUBCASE("of an extension whose forward leads outside")
    {
        office.bobs_limits() = {.calls_per_day = 1};
        office.apply();
        office.bob_calls_outside_once();
        pbx.forwards("102", {.no_answer = "0555", .no_answer_after = 10s});
        alice.sends(INVITE, "102");
        bob.receives(INVITE);
        pbx.passes(10s);
        bob.receives(CANCEL);
        alice.receives(403U).header("Reason", "Q.850;cause=21;text=\"Call rejected\"");
    }
    office.forget();
}

TEST_CASE("who has used up its calls of today is told of tomorrow's before anybody has called then")
{
    Office office;
    office.bobs_limits() = {.calls_per_day = 1};
    office.apply();
    office.bob_calls_outside_once();
    CHECK(office.bob_would_hear() == 403);
    CHECK(office.pbx.decides("102", "0555", {}, 24h).outcome == "ring");
    office.forget();
}

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
