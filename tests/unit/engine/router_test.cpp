// What becomes of a call to a number: whose phones ring, and where it goes on to.
#include "unit/engine/router_office.hpp"

using namespace lampline;
using namespace lampline::routing;

TEST_CASE("an extension with phones rings; without any, or unknown, the caller is told")
{
    Office office;
    rings(office.decide("201", "202"), "202");
    rejected(office.decide("201", "206"), 480, "No Phone Registered");
    rejected(office.decide("201", "999"), 404, "No Such Extension");
    CHECK(told(office.decide("201", "202")) ==
          "201 dials 202. 202 is an extension. The phones of 202 ring all at once. ");
}

TEST_CASE("text that no header of ours could repeat is nobody's number")
{
    Office office;
    for (const auto* dialled : {"2 02", "202\r\nX", "\"", "202>", "\xc3\xa4"})
        rejected(office.decide("201", dialled), 404, "No Such Extension");
    rejected(office.decide("201", std::string(65, '1')), 404, "No Such Extension");
}

TEST_CASE("the phone that calls does not ring")
{
    Office office;
    const auto second = office.registers("201");
    rings(office.decide("201", "201", &second), "201");
    const auto only = office.registers("207");
    rejected(office.decide("207", "207", &only), 480, "No Other Phone Registered");
    rings(office.decide("207", "207"), "207");
}

TEST_CASE("wishes in their order: always, do not disturb, busy, unregistered")
{
    Office office;
    auto& wishes = office.forwarding["202"];
    wishes = {.always = "203", .busy = "204", .no_answer = "205", .unregistered = "201"};
    wishes.do_not_disturb = true;
    wishes.call_limit = 1;
    rings(office.decide("201", "202"), "203");
    wishes.always.clear();
    auto route = office.decide("201", "202");
    rings(route, "204");
    CHECK(route.diversions.back() == Diversion{"202", {}, DiversionReason::do_not_disturb, 1});
    wishes.do_not_disturb = false;
    office.occupancy.began("202", CallRef{1});
    route = office.decide("201", "202");
    rings(route, "204");
    CHECK(route.diversions.back().reason == DiversionReason::user_busy);
    office.occupancy.ended("202", CallRef{1});
    route = office.decide("201", "202");
    rings(route, "202");
    CHECK(route.hunt.if_busy == "204");
    CHECK(route.hunt.if_no_answer == "205");
    CHECK(route.hunt.if_unreachable == "201");
    CHECK(route.hunt.waves[0].ring_for == 20s);
    office.forwarding["206"].unregistered = "203";
    rings(office.decide("201", "206"), "203");
}

TEST_CASE("a loop is refused with its chain, those of other exchanges included")
{
    Office office;
    office.forwarding["202"].always = "203";
    office.forwarding["203"].always = "204";
    office.forwarding["204"].always = "202";
    auto route = office.decide("201", "202");
    rejected(route, 482, "Loop Detected");
    CHECK(route.warning == "Forwarding loop: 202 > 203 > 204 > 202");
    route = office.decide("201", "205", nullptr, {{"205", "office.test", {}, 1}});
    rejected(route, 482, "Loop Detected");
    rings(office.decide("201", "205", nullptr, {{"205", "gw.test", {}, 1}}), "205");
}

TEST_CASE("five diversions are enough, wherever they were made")
{
    Office office;
    office.forwarding["202"].always = "203";
    rings(office.decide("201", "202", nullptr, {{"1", "gw.test", {}, 4}}), "203");
    const auto route = office.decide("201", "202", nullptr, {{"1", "gw.test", {}, 5}});
    rejected(route, 482, "Too Many Forwards");
    CHECK(route.warning == "Forwarded too often: 1@gw.test > 202 > 203");
}

TEST_CASE("contacts by falling q: those with the same ring together")
{
    Office office;
    office.registers("202", 500);
    office.registers("202", 500);
    office.registers("202", 100);
    auto& wishes = office.forwarding["202"];
    wishes.forking = Forking::sequential;
    wishes.no_answer_after = 12s;
    auto waves = office.decide("201", "202").hunt.waves;
    REQUIRE(waves.size() == 3);
    CHECK(waves[1].members == std::vector{HuntMember{"202", 0s, 500}});
    CHECK(waves[0].ring_for == 12s);
    CHECK(waves[2].ring_for == 0s);  // as long as calls ring
    wishes.no_answer = "203";
    waves = office.decide("201", "202").hunt.waves;
    CHECK(waves[2].ring_for == 12s);
}

TEST_CASE("codes are features, and never numbers")
{
    Office office;
    office.forwarding["*8"] = {};
    office.registers("*8");
    const auto route = office.decide("201", "*8");
    CHECK(route.kind == RouteKind::feature);
    CHECK(route.feature->feature == Feature::pickup_group);
    office.forwarding["202"].always = "*78";
    rejected(office.decide("201", "202"), 404, "No Such Extension");
}

TEST_CASE("an explanation shows the phones, and when they would ring")
{
    Office office;
    office.registers("202", 500);
    auto& wishes = office.forwarding["202"];
    wishes.forking = Forking::sequential;
    const Directory directory{"office.test", {{"202", "Bob", {}, {}, wishes}}, {}};
    const RouteQuestion question{"201", "202"};
    const RouterView view{directory,    office.locations, office.occupancy,
                          office.order, office.trunks,    office.outside};
    const auto shown = explain(route(question, view), question, view);
    CHECK(shown.outcome == "ring");
    REQUIRE(shown.targets.size() == 2);
    CHECK(shown.targets[0].address == "udp:192.0.2.1:5061");
    CHECK(shown.targets[0].after == 0s);
    CHECK(shown.targets[1].contact == "sip:202@192.0.2.1:5066");
    CHECK(shown.targets[1].after == 20s);
    CHECK(shown.steps[1] == "202 is an extension: Bob");
}
