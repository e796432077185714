// Codes dialled from the phone that change its extension's settings.
#include <doctest/doctest.h>

#include "support/scenario.hpp"

using namespace lampline;
using namespace lampline::test;

namespace {

constexpr std::string_view inactive =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 0\r\na=inactive\r\n";

/// The code is answered, can be read for two seconds, and the phone is idle again.
void dials(Scenario& pbx, Phone& phone, std::string_view code)
{
    phone.sends(INVITE, code);
    phone.receives(200U).with(inactive);
    pbx.passes(1900ms);
    CHECK(phone.hears_nothing());
    pbx.passes(100ms);
    phone.receives(BYE);
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
}

}  // namespace

TEST_CASE("*21*NUMBER forwards always and *21 clears it; the next call goes there")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    dials(pbx, bob, "*21*103");
    CHECK(pbx.forwarding_of("102").always == "103");
    const auto records = pbx.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].result == CallResult::answered);
    CHECK(records[0].answered_by == "*21*103");
    alice.sends(INVITE, "102");
    alice.receives(181U);
    carol.receives(INVITE);
    carol.replies(486);
    alice.receives(486U);

    dials(pbx, bob, "*21");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(486);
    alice.receives(486U);
    pbx.stays_silent_for(40s);
}

TEST_CASE("*23*CALLER lets a caller ring through peace and a forward, and *24*CALLER ends that")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    dials(pbx, bob, "*78");
    dials(pbx, bob, "*21*103");
    dials(pbx, bob, "*23*101");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(486);
    alice.receives(486U);
    SUBCASE("the exception of that caller")
    {
        dials(pbx, bob, "*24*101#");
    }
    SUBCASE("every exception")
    {
        dials(pbx, bob, "*23");
    }
    CHECK(pbx.forwarding_of("102").exceptions.empty());
    alice.sends(INVITE, "102");
    alice.receives(181U);
    carol.receives(INVITE);
    carol.replies(486);
    alice.receives(486U);
    pbx.stays_silent_for(40s);
}

TEST_CASE("*23*CALLER*NUMBER sends the calls of one caller on, and those of others ring")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    auto& dora = pbx.phone("104");
    dials(pbx, bob, "*23*101*103#");
    alice.sends(INVITE, "102");
    alice.receives(181U);
    carol.receives(INVITE);
    carol.replies(486);
    alice.receives(486U);
    dora.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(486);
    dora.receives(486U);
    pbx.stays_silent_for(40s);
}

TEST_CASE("every code does what it says")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    dials(pbx, bob, "*67*103#");
    CHECK(pbx.forwarding_of("102").busy == "103");
    dials(pbx, bob, "*61*104*35");
    CHECK(pbx.forwarding_of("102").no_answer == "104");
    CHECK(pbx.forwarding_of("102").no_answer_after == 35s);
    dials(pbx, bob, "*62*105%23");
    CHECK(pbx.forwarding_of("102").unregistered == "105");
    dials(pbx, bob, "*61");
    CHECK(pbx.forwarding_of("102").no_answer.empty());
    dials(pbx, bob, "*73");
    CHECK(pbx.forwarding_of("102").busy.empty());
    CHECK(pbx.forwarding_of("102").unregistered.empty());
    dials(pbx, bob, "*78");
    CHECK(pbx.forwarding_of("102").do_not_disturb);
    dials(pbx, bob, "*79");
    CHECK_FALSE(pbx.forwarding_of("102").do_not_disturb);
}

TEST_CASE("the 200 says on the display what is in force")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    bob.sends(INVITE, "*21*103");
    bob.receives(200U).header("P-Asserted-Identity",
                              "\"Forwarded to 103\" <sip:*21*103@office.test>");
    pbx.passes(2s);
    bob.receives(BYE);
}

TEST_CASE("what cannot be done is refused at once, with a phrase for the display")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    const auto refused = [&](std::string_view code, unsigned status, std::string_view phrase) {
        CAPTURE(code);
        bob.sends(INVITE, code);
        bob.receives(status).phrase(phrase);
        CHECK(pbx.has_no_calls());
    };
    refused("*21*", 484, "Number Missing");
    refused("*21*999", 404, "No Such Number To Forward To");
    refused("*21*102", 403, "Not To Yourself");
    refused("*61*103*2", 403, "5 To 600 Seconds");
    refused("*78*103", 404, "No Such Extension");
    refused("*23*", 484, "Number Missing");
    refused("*23*101*", 484, "Number Missing");
    refused("*23*101*999", 404, "No Such Number To Forward To");
    refused("*23*101*102", 403, "Not To Yourself");
    refused("*24*", 484, "Number Missing");
    CHECK(pbx.forwarding_of("102") == Forwarding{});
    pbx.stays_silent_for(40s);
}

TEST_CASE("the phone waits until the change is committed; what goes wrong is told")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    pbx.settles = false;
    bob.sends(INVITE, "*78");
    CHECK(bob.hears_nothing());
    CHECK(pbx.view().calls.size() == 1);
    SUBCASE("committed")
    {
        pbx.settles_one();
        bob.receives(200U);
        bob.sends(BYE);
        bob.receives(200U);
    }
    SUBCASE("not saved")
    {
        pbx.settles_one(500);
        bob.receives(500U);
    }
    SUBCASE("too late: the phone has heard that it is not saved in time")
    {
        pbx.passes(5s);
        bob.receives(500U);
        pbx.settles_one();
    }
    SUBCASE("the phone gives up; the change stands")
    {
        bob.cancels();
        pbx.settles_one();
        CHECK(pbx.forwarding_of("102").do_not_disturb);
    }
    SUBCASE("the ACK never comes")
    {
        bob.acknowledges = false;
        pbx.settles_one();
        const auto success = bob.receives(200U);
        pbx.passes(2s);
        CHECK(bob.hears_nothing());  // no BYE before the ACK
        bob.never_acknowledges(success);
        bob.receives(BYE);
    }
    CHECK(pbx.has_no_calls());
    CHECK(pbx.has_no_dialogs());
    pbx.stays_silent_for(60s);
}

TEST_CASE("a transfer to a code is refused: it would change somebody else's settings")
{
    Scenario pbx;
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    bob.sends(Method::refer, std::make_shared<const Payload>(
                                 Payload{{}, {}, {{"Refer-To", "<sip:*78@office.test>"}}}));
    bob.receives(202U);
    bob.receives(NOTIFY);
    bob.receives(NOTIFY).with("SIP/2.0 403 Not A Place To Transfer To\r\n");
    CHECK(pbx.forwarding_of("101") == Forwarding{});
    CHECK(pbx.forwarding_of("102") == Forwarding{});
    alice.sends(BYE);
    alice.receives(200U);
    bob.receives(BYE);
}

TEST_CASE("who talks to the exchange alone has nobody to transfer, and is told so for good")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    bob.sends(INVITE, "*78");
    bob.receives(200U);
    bob.sends(Method::refer, std::make_shared<const Payload>(
                                 Payload{{}, {}, {{"Refer-To", "<sip:103@office.test>"}}}));
    bob.receives(403U)
        .phrase("Nobody To Transfer")
        .header("Warning", "399 office.test \"There is no other phone in this call\"");
    pbx.passes(2s);
    bob.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a key for do not disturb: its owner presses it, and it shows what holds")
{
    Scenario pbx{{group("all", {"101"}, {"102"})}};
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    CHECK(bob.watches("dnd+102").idle());
    CHECK(alice.watches("dnd+102").idle());
    for (const bool on : {true, false}) {
        bob.sends(INVITE, "dnd+102");
        CHECK(bob.receives(NOTIFY).idle() == !on);
        bob.receives(200U).with(inactive);
        CHECK(alice.receives(NOTIFY).idle() == !on);
        CHECK(pbx.forwarding_of("102").do_not_disturb == on);
        pbx.passes(2s);
        bob.receives(BYE);
    }
    alice.sends(INVITE, "dnd+102");
    alice.receives(403U);
    pbx.stays_silent_for(40s);
}

TEST_CASE("a key for a forward ends it, and asks for a number where there is none")
{
    Scenario pbx;
    auto& bob = pbx.phone("102");
    CHECK(bob.watches("fwd+102").idle());
    bob.sends(INVITE, "fwd+102");
    bob.receives(484U);
    dials(pbx, pbx.phone("102"), "*21*103");
    CHECK_FALSE(bob.receives(NOTIFY).idle());
    bob.sends(INVITE, "fwd+102");
    CHECK(bob.receives(NOTIFY).idle());
    bob.receives(200U).with(inactive);
    CHECK(pbx.forwarding_of("102").always.empty());
    pbx.passes(2s);
    bob.receives(BYE);
    pbx.stays_silent_for(40s);
}

TEST_CASE("a forward that could never work is not confirmed")
{
    Scenario pbx;
    Trunk line;
    line.name = "line";
    line.servers = {{"198.51.100.1", 5060, Transport::udp}};
    line.domain = "carrier.test";
    DigitRules rules;
    rules.rules = {{.pattern = "0900.*", .status = 403, .phrase = "No Premium Calls"},
                   {.pattern = "0.*", .call_class = CallClass::national, .trunks = {"line"}},
                   {.pattern = "112", .emergency = true, .trunks = {"line"}}};
    rules.default_right = CallClass::internal;
    rules.default_outside.forward = true;
    pbx.has_trunks({line}, rules);
    auto& bob = pbx.phone("102");
    bob.sends(INVITE, "*21*0664999");
    bob.receives(403U).header("Warning",
                              "399 office.test \"102 may not make national calls\"");
    bob.sends(INVITE, "*21*0900123");
    bob.receives(403U);
    bob.sends(INVITE, "*21*112");  // that is for who needs help
    bob.receives(403U).phrase("Not To An Emergency Number");
    CHECK(pbx.forwarding_of("102").always.empty());
}
