// How caller and phone are joined: bridge, proxy or redirect.
#include "unit/engine/router_office.hpp"

using namespace lampline;
using namespace lampline::routing;

TEST_CASE("a rule says how its callers are joined, before the extension, and the steps say why")
{
    Office office;
    DigitRule rule;
    rule.name = "service";
    rule.pattern = "7(20\\d)";
    rule.replacement = "\\1";
    rule.mode = CallMode::proxy;
    office.rules.rules = {rule};
    auto route = office.decide("201", "7202");
    rings(route, "202");
    CHECK(route.mode == CallMode::proxy);
    CHECK(told(route).find("The rule service asks for proxy mode. Caller and phone share one "
                           "dialog (proxy). ") != std::string::npos);
    CHECK(office.decide("201", "202").mode == CallMode::bridge);

    office.modes["202"] = CallMode::redirect;
    CHECK(office.decide("201", "7202").mode == CallMode::proxy);
    CHECK(office.decide("201", "202").mode == CallMode::redirect);
    office.rules.rules[0].mode = CallMode::bridge;
    route = office.decide("201", "7202");
    CHECK(route.mode == CallMode::bridge);
    CHECK(told(route).find("have a dialog each (bridge)") != std::string::npos);
    office.rules.rules[0].mode.reset();
    route = office.decide("201", "7202");
    CHECK(route.mode == CallMode::redirect);
    CHECK(told(route).find("202 asks for redirect mode") != std::string::npos);
}

TEST_CASE("the mode is that of the number that rings: a forward asks the plan again")
{
    Office office;
    DigitRule first;
    first.pattern = "202";
    first.mode = CallMode::proxy;
    DigitRule second;
    second.pattern = "203";
    second.mode = CallMode::redirect;
    office.rules.rules = {first, second};
    office.forwarding["202"].always = "203";
    CHECK(office.decide("201", "202").mode == CallMode::redirect);
    office.rules.rules.pop_back();
    CHECK(office.decide("201", "202").mode == CallMode::bridge);
}

TEST_CASE("who is redirected calls the phones itself: the steps promise no forward")
{
    Office office;
    auto& wishes = office.forwarding["202"];
    wishes.busy = "204";
    wishes.no_answer = "203";
    CHECK(told(office.decide("201", "202")).find("They ring for 20 s. The call goes on to 203") !=
          std::string::npos);
    office.modes["202"] = CallMode::redirect;
    const auto text = told(office.decide("201", "202"));
    CHECK(text.ends_with("The caller is told where to call instead (redirect). "
                         "The caller calls them itself, so the call does not go on to 204 when it "
                         "is busy. The caller calls them itself, so the call does not go on to 203 "
                         "when nobody answers. "));
}

TEST_CASE("what a rule asks for and cannot be is bridged")
{
    Office office;
    DigitRule rule;
    rule.pattern = "600";
    rule.mode = CallMode::redirect;
    office.rules.rules = {rule};
    RingGroup group;
    group.number = "600";
    group.members = {{"202"}, {"203"}};
    office.groups = {group};
    const auto route = office.decide("201", "600");
    CHECK(route.mode == CallMode::bridge);
    CHECK(told(route).find("It is bridged all the same, since only the exchange knows whose turn "
                           "it is. ") != std::string::npos);
    office.rules.rules[0].mode = CallMode::proxy;
    CHECK(office.decide("201", "600").mode == CallMode::proxy);
}
