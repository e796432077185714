// Whatever way a call takes to outside, it has the rights and limits of who pays for it.
#include <functional>

#include "outside_limits_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::outside_limits;

namespace {

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
    {"a number of a trunk on his behalf", true,
     [](Office& office) { office.other.sends(INVITE, "40555"); }},
    {"calling card from outside on his behalf", true,
     [](Office& office) {
         office.pbx.has_calling_card({.number = "800"});
         office.other.inbox.clear();
         office.other.sends(INVITE, "4800");
         office.other.receives(200U);
         office.other.replies_to(office.other.receives(SUBSCRIBE), 489);
         for (const auto* key : {"0", "5", "5", "5", "#"})
             office.other.sends(INFO, std::make_shared<const Payload>(Payload{
                                          "application/dtmf-relay",
                                          "Signal=" + std::string{key} + "\r\nDuration=160\r\n",
                                          {}}));
     }},
    {"forwarded by a code on his behalf", true,
     [](Office& office) {
         office.other.sends(INVITE, "4*21*0555");
         office.alice.sends(INVITE, "102");
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

TEST_CASE("a call that is handed over while it rings outside is one call of the day")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    office.bobs_limits() = {.calls = 1, .calls_per_day = 1};
    office.apply();
    office.alice_talks_to_bob();
    const auto first = bob.dialog();
    bob.sends(INVITE, "0555");
    far.receives(INVITE);
    std::string call_id;
    const auto calls = pbx.view().calls;
    for (const auto& call : calls)
        if (call.dialled == "0555") call_id = call.legs.at(0).call_id;
    bob.uses(first);
    bob.sends(Method::refer, refer_to("0555", call_id));
    far.receives(CANCEL);
    far.receives(INVITE);
    CHECK(office.bob_would_hear() == 486);
    far.replies(486);
    office.phones_answer();
    CHECK(office.bob_would_hear() == 403);  // there is none for another attempt
    bob.sends(Method::refer, refer_to("0555"));
    CHECK_FALSE(far.rings());
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
            .header("Reason", "Q.850;cause=34;text=\"No circuit available\"")
            .header("Warning",
                    "399 office.test "
                    "\"Every trunk for this number has as many calls as it may have\"");
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

TEST_CASE("a dialer hears why it may not call outside: the reason of an INVITE refused by that limit")
{
    Office office;
    auto& [pbx, one, two, rules, alice, bob, carol, dialer, far, other, phones] = office;
    office.bobs_limits().calls_per_day = 1;
    office.apply();
    office.bob_calls_outside_once();
    bob.sends(INVITE, "0555");
    const auto reason = bob.receives(403U).value("Reason");
    CHECK(reason == "Q.850;cause=21;text=\"Call rejected\"");
    dialer.refers("102", refer_to("0555"));
    auto refused = dialer.receives(403U).header("Reason", reason);
    CHECK(refused.value("Warning").find("Refer-To: Daily Limit Reached") != std::string::npos);
    dialer.refers("102", refer_to("0900555"));  // no limit, but a right that is missing
    dialer.receives(403U).without_header("Reason");
    office.forget();
}
