// Emergency numbers reach the trunk whatever else is set or full.
#include <algorithm>
#include <initializer_list>

#include "emergency_office.hpp"

using namespace lampline;
using namespace lampline::test;
using namespace lampline::test::emergency;

TEST_CASE("an exchange that has all its calls still takes one to an emergency number")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    carol.sends(INVITE, "102");
    carol.receives(486U)
        .phrase("Too Many Calls")
        .header("Retry-After", "5")
        .header("Reason", "Q.850;cause=42;text=\"Switching equipment congestion\"");
    SUBCASE("as written down") { carol.sends(INVITE, "1-1-2"); }
    SUBCASE("with the # that ends dialling") { carol.sends(INVITE, "112#"); }
    far.receives(INVITE).to("sip:112@carrier.test");
    far.replies(200, talking_sdp);
    carol.receives(200U);
    far.receives(ACK);
    carol.sends(BYE);
    carol.receives(200U);
    far.receives(BYE);
    alice.cancels();
    bob.receives(CANCEL);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("no display is changed by an INVITE in a call for help")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    alice.denies_update = true;
    alice.answers_probes = far.answers_probes = true;
    bool help = false;
    SUBCASE("for help")
    {
        help = true;
    }
    SUBCASE("any other") {}
    alice.sends(INVITE, help ? "112" : "0664");
    far.receives(INVITE);
    far.replies(200, talking_sdp);
    alice.receives(200U);
    far.receives(ACK);
    far.sends(UPDATE, std::make_shared<const Payload>(Payload{{}, {}, {{"Privacy", "id"}}}));
    far.receives(200U);
    pbx.passes(500ms);
    if (!help) {
        alice.receives(INVITE).header("P-Asserted-Identity",
                                      "\"Anonymous\" <sip:anonymous@anonymous.invalid>");
        alice.replies(200, talking_sdp);
        alice.receives(ACK);
    }
    pbx.stays_silent_for(11s);
    alice.sends(BYE);
    alice.receives(200U);
    far.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a call for help is over when a phone says so, or its session is")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    alice.answers_probes = true;
    SUBCASE("481")
    {
        alice.sends(INVITE, "112");
        far.receives(INVITE);
        far.replies(200, talking_sdp);
        alice.receives(200U);
        far.receives(ACK);
        pbx.passes(60s);
        far.receives(OPTIONS);
        far.replies(481);
    }
    SUBCASE("nobody has refreshed it (RFC 4028)")
    {
        far.answers_probes = true;
        alice.supported = far.supported = OptionTag::timer;
        alice.session_timer = {.expires = 600s};
        alice.sends(INVITE, "112");
        far.receives(INVITE);
        far.session_timer = {.expires = 600s, .refresher = Refresher::uac};
        far.replies(200, talking_sdp);
        alice.receives(200U);
        far.receives(ACK);
        pbx.passes(599s);
        CHECK(alice.hears_nothing());
        pbx.passes(1s);
    }
    alice.receives(BYE);
    far.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("who was transferred to an emergency number is in a call for help")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    alice.answers_probes = bob.answers_probes = true;
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    alice.receives(200U);
    bob.receives(ACK);
    CHECK(pbx.orders({.action = CallAction::transfer, .to = "112", .by = "101"}).outcome ==
          OrderOutcome::begun);
    far.receives(INVITE).to("sip:112@carrier.test");
    far.replies(200, talking_sdp);
    bob.receives(INVITE);
    bob.replies(200, talking_sdp);
    bob.receives(ACK);
    far.receives(ACK);
    alice.receives(BYE);
    pbx.passes(60s);
    far.receives(OPTIONS);
    far.fails_with(408);
    far.answers_probes = true;
    pbx.stays_silent_for(100s);
    bob.sends(BYE);
    bob.receives(200U);
    far.receives(BYE);
    CHECK(pbx.has_no_calls());
}

TEST_CASE("a full exchange still places a call to an emergency number for a third party")
{
    Office office;
    auto& [pbx, trunk, alice, bob, far] = office;
    auto& carol = pbx.phone("103");
    alice.sends(INVITE, "102");
    bob.receives(INVITE);
    const CallOrder ordinary{.action = CallAction::place, .from = "103", .to = "102"};
    CHECK(pbx.orders(ordinary).outcome == OrderOutcome::overloaded);
    const CallOrder emergency{.action = CallAction::place, .from = "103", .to = "1-1-2"};
    CHECK(pbx.orders(emergency).outcome == OrderOutcome::begun);
    carol.receives(INVITE);
    carol.replies(200, talking_sdp);
    carol.receives(ACK);
    far.receives(INVITE);
    far.replies(200, talking_sdp);
    carol.receives(INVITE);
    carol.replies(200, talking_sdp);
    far.receives(ACK);
    carol.receives(ACK);
    carol.sends(BYE);
    carol.receives(200U);
    far.receives(BYE);
    alice.cancels();
    bob.receives(CANCEL);
    CHECK(pbx.has_no_calls());
}

namespace {

/// 112 by two trunks, and 0664 by the same; both are asked whether they are there.
struct Trunks {
    Trunks()
    {
        DigitRules rules;
        rules.rules = {{.pattern = "112", .emergency = true, .trunks = {"one", "two"}},
                       {.pattern = "0664", .trunks = {"one", "two"}}};
        pbx.has_trunks({one, two}, rules);
    }
    /// They answer no OPTIONS for long enough.
    void fall_silent(std::initializer_list<Phone*> carriers)
    {
        for (auto* carrier : carriers) carrier->answers_options = 408;
        pbx.passes(120s);
    }
    void alice_talks_to(Phone& carrier)
    {
        carrier.receives(INVITE);
        carrier.replies(200, talking_sdp);
        alice.receives(200U);
        carrier.receives(ACK);
        alice.sends(BYE);
        alice.receives(200U);
        carrier.receives(BYE);
        CHECK(pbx.has_no_calls());
        CHECK(pbx.has_no_dialogs());
    }

    Scenario pbx;
    Trunk one = carrier("one", "192.0.2.200");
    Trunk two = carrier("two", "192.0.2.201");
    Phone& alice = pbx.phone("101");
    Phone& far = pbx.carrier(one, "112");
    Phone& other = pbx.carrier(two, "112");
};

}  // namespace

TEST_CASE("an emergency call tries a trunk that does not answer OPTIONS when nothing else is left")
{
    Trunks office;
    office.fall_silent({&office.far, &office.other});
    office.alice.sends(INVITE, "0664");
    office.alice.receives(480U).phrase("No Trunk Available");
    office.alice.sends(INVITE, "112");
    SUBCASE("the first of them takes it")
    {
        office.alice_talks_to(office.far);
    }
    SUBCASE("the first of them says nothing: the second")
    {
        office.far.receives(INVITE);
        office.pbx.passes(4s);
        office.far.receives(CANCEL);
        office.alice_talks_to(office.other);
    }
}

TEST_CASE("an emergency call goes by a trunk that can be reached first, then by the others")
{
    Trunks office;
    office.fall_silent({&office.far});
    office.alice.sends(INVITE, "112");
    SUBCASE("which takes it")
    {
        office.alice_talks_to(office.other);
    }
    SUBCASE("which cannot do it")
    {
        office.other.receives(INVITE);
        office.other.replies(503);
        office.alice_talks_to(office.far);
    }
    SUBCASE("which knows no such number, whatever another one may know")
    {
        office.other.receives(INVITE);
        office.other.replies(404);
        office.alice_talks_to(office.far);
    }
}

TEST_CASE("why an emergency call goes by a trunk that does not answer is told in words")
{
    Trunks office;
    office.fall_silent({&office.far});
    const auto decision = office.pbx.decides("101", "112");
    CHECK(std::ranges::find(decision.steps,
                            "This is an emergency, so trunk one is tried all the same, after all "
                            "others") != decision.steps.end());
    REQUIRE(decision.targets.size() == 2);
    CHECK(decision.targets[0].trunk == "two");
    CHECK(decision.targets[1].trunk == "one");
}

TEST_CASE("an emergency number that is a colleague rings whatever the colleague wishes")
{
    Scenario pbx;
    DigitRules rules;
    rules.rules = {{.pattern = "112", .replacement = "102", .emergency = true}};
    pbx.has_trunks({}, rules);
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    Forwarding wishes;
    SUBCASE("no disturbance") { wishes.do_not_disturb = true; }
    SUBCASE("none of Alice's calls")
    {
        wishes.exceptions.push_back({.match = CallerMatch::number,
                                     .caller = "101",
                                     .treatment = CallerTreatment::refuse,
                                     .to = {}});
    }
    SUBCASE("no second call")
    {
        wishes.call_limit = 1;
        auto& carol = pbx.phone("103");
        bob.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.replies(200, talking_sdp);
        bob.receives(200U);
        carol.receives(ACK);
    }
    pbx.forwards("102", wishes);
    alice.sends(INVITE, "112");
    bob.receives(INVITE);
    bob.replies(486);
    alice.receives(486U);
}

TEST_CASE("an emergency number that is a ring group rings its members whatever they wish")
{
    Scenario pbx;
    DigitRules rules;
    rules.rules = {{.pattern = "112", .replacement = "600", .emergency = true}};
    pbx.has_trunks({}, rules);
    RingGroup group;
    group.number = "600";
    group.skip_busy = true;
    group.members = {{.number = "102"}, {.number = "103"}};
    pbx.has_ring_groups({group});
    auto& alice = pbx.phone("101");
    auto& bob = pbx.phone("102");
    auto& carol = pbx.phone("103");
    Forwarding wishes;
    auto otherwise = 480U;
    SUBCASE("no disturbance") { wishes.do_not_disturb = true; }
    SUBCASE("all calls sent on") { wishes.always = "104"; }
    SUBCASE("no second call")
    {
        otherwise = 486U;
        bob.sends(INVITE, "103");
        carol.receives(INVITE);
        carol.replies(200, talking_sdp);
        bob.receives(200U);
        carol.receives(ACK);
    }
    pbx.forwards("102", wishes);
    pbx.forwards("103", wishes);
    alice.sends(INVITE, "600");
    alice.receives(otherwise);
    alice.sends(INVITE, "112");
    bob.receives(INVITE);
    carol.receives(INVITE);
    bob.replies(486);
    carol.replies(486);
    alice.receives(486U);
}
