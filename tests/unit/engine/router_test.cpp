#include "engine/router.hpp"

#include <doctest/doctest.h>

using namespace lampline;

namespace {

using namespace std::chrono_literals;

/// Extensions 201 to 209, the first five registered once.
struct Office {
    Office()
    {
        for (int n = 201; n <= 209; ++n) forwarding[std::to_string(n)] = {};
        for (int n = 201; n <= 205; ++n) registers(std::to_string(n));
    }

    Flow registers(const std::string& number, unsigned q = 1000)
    {
        Binding binding;
        binding.aor = number;
        binding.flow = {Transport::udp, "192.0.2.1", port++, {}, 0};
        binding.contact = *SipUri::parse("sip:" + number + "@192.0.2.1:" + std::to_string(port));
        binding.q_thousandths = q;
        locations.put(binding);
        return binding.flow;
    }

    Route decide(std::string_view from, std::string_view dialled, const Flow* own = nullptr,
                 std::vector<Diversion> diversions = {},
                 std::optional<std::string_view> caller = {})
    {
        std::vector<Extension> extensions;
        for (const auto& [number, wishes] : forwarding)
            extensions.push_back({number, {}, {}, {}, wishes});
        for (auto& each : extensions)
            if (const auto mode = modes.find(each.number); mode != modes.end())
                each.mode = mode->second;
        const Directory directory{"office.test",
                                  extensions,
                                  {},
                                  Numbering{.feature_codes = codes,
                                            .ring_groups = groups,
                                            .digit_plan = DigitPlan{rules}}};
        const PhoneAddress phone{own ? *own : Flow{}, {}, std::string{from}};
        return route({from, dialled, own ? &phone : nullptr, diversions, caller},
                     {directory, locations, occupancy, order, trunks, outside});
    }

    std::map<std::string, Forwarding> forwarding;
    std::map<std::string, CallMode> modes;
    std::vector<RingGroup> groups;
    DigitRules rules;
    FeatureCodes codes;
    LocationTable locations;
    Occupancy occupancy;
    HuntOrder order{[](std::uint32_t) { return 0U; }};
    ConfiguredTrunkStates trunks;
    OutsideUse outside;
    std::uint16_t port = 5060;
};

std::string told(const Route& route)
{
    std::string text;
    for (const auto& step : route.steps) text += words(step) + ". ";
    return text;
}

void rejected(const Route& route, unsigned status, std::string_view phrase)
{
    CHECK(route.kind == RouteKind::reject);
    CHECK(route.status == status);
    CHECK(route.phrase == phrase);
}

void rings(const Route& route, std::string_view number)
{
    CHECK(route.kind == RouteKind::hunt);
    CHECK(route.hunt.number == number);
    CHECK(route.hunt.waves.size() == 1);
}

}  // namespace

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

TEST_CASE("a ring group rings its members, and says whom it passes over")
{
    Office office;
    RingGroup team{.number = "600", .display_name = "Sales", .strategy = RingStrategy::linear};
    team.members = {{"202"}, {"203"}, {"204"}, {"205"}, {"206"}};
    team.ring_time = 15s;
    team.overflow = "201";
    office.groups = {team};
    office.occupancy.began("202", CallRef{1});
    office.forwarding["203"].do_not_disturb = true;
    auto route = office.decide("204", "600");
    CHECK(route.kind == RouteKind::hunt);
    CHECK(route.hunt.waves == std::vector{HuntWave{{{"205"}}, 15s}});
    CHECK(route.hunt.if_refused == "201");
    CHECK(told(route) ==
          "204 dials 600. 600 is a ring group: Sales. 202 is passed over: it has a call "
          "already, which may only ring. "
          "203 is passed over: it does not want to be disturbed. "
          "204 is passed over: it calls itself. 206 is passed over: it has no registered phone. "
          "The phones of 205 ring. They ring for 15 s. "
          "When nobody has taken it, the call goes on to 201. ");
    office.groups[0].skip_busy = false;
    office.groups[0].strategy = RingStrategy::all;
    office.groups[0].members[0].delay = 10s;
    route = office.decide("201", "600");
    CHECK(route.hunt.waves == std::vector{HuntWave{{{"202", 10s}, {"204"}, {"205"}}, 15s}});
}

TEST_CASE("a member of a ring group whose delay is too long is no phone that rings")
{
    Office office;
    RingGroup team{.number = "600"};
    team.members = {{"202"}, {"203", 20s}, {"204", 30s}};
    team.ring_time = 20s;
    office.groups = {team};
    const auto route = office.decide("201", "600");
    CHECK(told(route) ==
          "201 dials 600. 600 is a ring group. The phones of 202 ring. "
          "203 is passed over: it would ring after 20 s, so it does only when all others have "
          "refused. 204 is passed over: it would ring after 30 s, so it does only when all others "
          "have refused. They ring for 20 s. ");
    const Directory directory{
        "office.test",
        {{"202", {}, {}, {}, {}}, {"203", {}, {}, {}, {}}, {"204", {}, {}, {}, {}}},
        {},
        Numbering{.ring_groups = office.groups}};
    const RouteQuestion question{"201", "600"};
    const RouterView view{directory,    office.locations, office.occupancy,
                          office.order, office.trunks,    office.outside};
    CHECK(explain(route, question, view).targets.size() == 1);

    SUBCASE("with nobody before it, it rings at once")
    {
        office.groups[0].members = {{"206"}, {"204", 15s}, {"203", 10s}};
        CHECK(told(office.decide("201", "600"))
                  .find("The phones of 204 ring after 15 s. The phones of 203 ring. ") !=
              std::string::npos);
    }
    SUBCASE("other strategies do not use it")
    {
        office.groups[0].strategy = RingStrategy::linear;
        CHECK(told(office.decide("201", "600"))
                  .find("The phones of 203 ring after 20 s. The "
                        "phones of 204 ring after 40 s. ") != std::string::npos);
    }
}

TEST_CASE("a ring group without anybody to ring goes on at once, or is refused")
{
    Office office;
    RingGroup team{.number = "600", .members = {{"206"}}, .overflow = "202"};
    office.groups = {team};
    rings(office.decide("201", "600"), "202");
    office.groups[0].overflow.clear();
    rejected(office.decide("201", "600"), 480, "Nobody There");
    office.groups[0].members = {{"206"}, {"203"}};
    office.occupancy.began("203", CallRef{1});
    rejected(office.decide("201", "600"), 486, "Busy Here");
}

TEST_CASE("the digit plan rewrites, bars, and asks for rights; emergency numbers need none")
{
    Office office;
    office.rules.rules = {
        {.name = "reception", .pattern = "0", .replacement = "202"},
        {.name = "old numbers", .pattern = "7(20\\d)", .replacement = "\\1"},
        {.name = "no premium", .pattern = "0900.*", .status = 403, .phrase = "No Premium Calls"},
        {.name = "abroad",
         .pattern = "00.*",
         .replacement = "203",
         .call_class = CallClass::international},
        {.name = "guard",
         .pattern = "112",
         .replacement = "204",
         .call_class = CallClass::premium,
         .emergency = true},
        {.name = "peace", .pattern = "66", .replacement = "*78"},
    };
    office.rules.rights = {{"201", CallClass::internal}};
    rings(office.decide("201", "0"), "202");
    rings(office.decide("201", "7203"), "203");
    rejected(office.decide("201", "7299"), 404, "No Such Extension");
    rejected(office.decide("201", "09001"), 403, "No Premium Calls");
    rejected(office.decide("201", "0044"), 403, "Not Allowed");
    rings(office.decide("202", "0044"), "203");
    rings(office.decide("201", "112"), "204");
    CHECK(office.decide("201", "66").feature == DialledFeature{Feature::do_not_disturb});
    CHECK(told(office.decide("201", "0044")) ==
          "201 dials 0044. The digit plan has a rule for 0044: abroad. "
          "201 may not make international calls. ");
    CHECK(
        told(office.decide("201", "112"))
            .starts_with("201 dials 112. The digit plan has a rule for 112: guard. "
                         "This is an emergency number, which everybody may dial. 112 becomes 204. "
                         "204 is an extension. "));
}

TEST_CASE("an emergency number passes feature codes and rules that bar it")
{
    Office office;
    office.rules.rules = {{.pattern = "1.*", .priority = 1, .status = 403, .phrase = "Barred"},
                          {.name = "guard", .pattern = "112|144", .emergency = true},
                          {.name = "doctor",
                           .pattern = "141",
                           .replacement = "204",
                           .emergency = true,
                           .status = 403,
                           .phrase = "Barred"}};
    office.rules.default_right = CallClass::internal;
    office.codes.set(Feature::pickup_directed, "11");
    office.codes.set(Feature::pickup_group, "14");
    office.forwarding["112"] = office.forwarding["144"] = {};
    for (const auto* number : {"112", "144"}) {
        office.registers(number);
        rings(office.decide("201", number), number);
    }
    rings(office.decide("201", "141"), "204");
    rejected(office.decide("201", "199"), 403, "Barred");
    CHECK(office.decide("201", "11202").feature == DialledFeature{Feature::pickup_directed, "202"});
    CHECK(told(office.decide("201", "112"))
              .starts_with("201 dials 112. The digit plan has a rule for 112: guard. "
                           "This is an emergency number, which everybody may dial. "));
}

TEST_CASE("the # that ends dialling is no part of a number, unless something has it there")
{
    Office office;
    office.rules.rules = {{.name = "guard", .pattern = "112", .emergency = true},
                          {.name = "any", .pattern = "9.*", .replacement = "203"},
                          {.name = "hash", .pattern = "8#", .replacement = "204"},
                          {.name = "plain", .pattern = "8", .replacement = "205"},
                          {.name = "outside", .pattern = "\\d\\d\\d#", .status = 403}};
    office.forwarding["112"] = {};
    office.registers("112");
    office.codes.set(Feature::pickup_directed, "11");
    rings(office.decide("201", "112#"), "112");  // whatever else would take it
    rings(office.decide("201", "9#"), "203");
    rings(office.decide("201", "8#"), "204");
    CHECK(office.decide("201", "203#").status == 403);
    office.rules.rules.pop_back();
    rings(office.decide("201", "203#"), "203");
    CHECK(told(office.decide("201", "203#"))
              .starts_with("201 dials 203#. 203# is nobody's number, and read as 203: # ends "
                           "dialling. 203 is an extension. "));
    CHECK(office.decide("201", "11202#").feature ==
          DialledFeature{Feature::pickup_directed, "202"});
    rejected(office.decide("201", "203##"), 404, "No Such Extension");
    rejected(office.decide("201", "#"), 404, "No Such Extension");
}

TEST_CASE("the # that ends dialling is no part of a code, nor of the number behind it")
{
    using enum Feature;
    Office office;
    const auto asks = [&](std::string_view dialled) {
        return office.decide("201", dialled).feature;
    };
    const auto all_are_read = [&] {
        CHECK(asks("**203#") == DialledFeature{pickup_directed, "203"});
        CHECK(asks("blfpickup-203#") == DialledFeature{pickup_directed, "203"});
        CHECK(asks("**#") == DialledFeature{pickup_directed});
        CHECK(asks("*8#") == DialledFeature{pickup_group});
        CHECK(asks("*8203#") == DialledFeature{pickup_group, "203"});
        CHECK(asks("*21#") == DialledFeature{forward_always});
        CHECK(asks("*21*205#") == DialledFeature{forward_always, "205"});
        CHECK(asks("*61*205*30#") == DialledFeature{forward_no_answer, "205", 30});
        CHECK(asks("*51*600#") == DialledFeature{log_out, "600"});
        CHECK(asks("*79#") == DialledFeature{disturb});
    };
    SUBCASE("of any code")
    {
        all_are_read();
    }
    SUBCASE("whatever a rule takes with and without it, since codes come first")
    {
        office.rules.rules = {{.name = "all", .pattern = "[0-9*#]+", .replacement = "205"}};
        all_are_read();
        rings(office.decide("201", "999#"), "205");
    }
    SUBCASE("unless a rule is about the number with it")
    {
        office.rules.rules = {{.name = "hash", .pattern = "\\*\\*203#", .replacement = "204"}};
        rings(office.decide("201", "**203#"), "204");
        CHECK(asks("**202#") == DialledFeature{pickup_directed, "202"});
    }
    SUBCASE("unless somebody is called so")
    {
        office.forwarding["203#"] = {};
        CHECK(asks("**203#") == DialledFeature{pickup_directed, "203#"});
        CHECK(asks("*21*203#") == DialledFeature{forward_always, "203#"});
    }
    SUBCASE("unless it is the code's own")
    {
        office.codes.set(pickup_group, "*#");
        CHECK(asks("*#") == DialledFeature{pickup_group});
        CHECK(asks("*#203#") == DialledFeature{pickup_group, "203"});
    }
}

TEST_CASE("a forward is dialled by the rights of who forwards")
{
    Office office;
    office.rules.rules = {{.name = "abroad",
                           .pattern = "00.*",
                           .replacement = "203",
                           .call_class = CallClass::international}};
    office.rules.rights = {{"202", CallClass::national}};
    office.forwarding["202"].always = "0044";
    office.forwarding["204"].always = "0044";
    rejected(office.decide("201", "202"), 403, "Not Allowed");
    rings(office.decide("201", "204"), "203");
    rings(office.decide("202", "204"), "203");
}

TEST_CASE("the plan is asked once for each number dialled, and never makes what cannot be dialled")
{
    Office office;
    office.rules.rules = {{.name = "up", .pattern = "(\\d+)", .replacement = "\\1\\1"},
                          {.name = "bad", .pattern = "x", .replacement = "2\"02"}};
    office.forwarding["22"] = {};
    office.registers("22");
    rings(office.decide("201", "2"), "22");
    rejected(office.decide("201", "x"), 404, "No Such Extension");
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

namespace {

CallerException exception(CallerMatch match, std::string caller, CallerTreatment treatment,
                          std::string to = {})
{
    return {match, std::move(caller), treatment, std::move(to)};
}

}  // namespace

TEST_CASE("a caller that is excepted rings through do not disturb and forwarding")
{
    Office office;
    auto& wishes = office.forwarding["202"];
    wishes.do_not_disturb = true;
    wishes.always = "203";
    wishes.exceptions = {exception(CallerMatch::number, "201", CallerTreatment::ring)};
    const auto chief = office.decide("201", "202");
    rings(chief, "202");
    CHECK(told(chief).find("202 makes an exception for 201: it rings. ") != std::string::npos);
    rings(office.decide("204", "202"), "203");
    wishes.always.clear();
    rejected(office.decide("204", "202"), 480, "Do Not Disturb");
    wishes.call_waiting = false;
    office.occupancy.began("202", CallRef{9});
    rejected(office.decide("201", "202"), 486, "Busy Here");  // a phone has no second line for it
}

TEST_CASE("excepted callers go elsewhere or are refused, by number, prefix or none at all; the "
          "order decides")
{
    Office office;
    auto& wishes = office.forwarding["202"];
    wishes.exceptions = {exception(CallerMatch::anonymous, "", CallerTreatment::refuse),
                         exception(CallerMatch::number, "0301", CallerTreatment::ring),
                         exception(CallerMatch::prefix, "030", CallerTreatment::forward, "203"),
                         exception(CallerMatch::prefix, "0", CallerTreatment::refuse)};
    const auto shows = [&](std::string_view caller) {
        return office.decide("201", "202", nullptr, {}, caller);
    };
    rings(office.decide("201", "202"), "202");
    rejected(shows(""), 433, "Anonymity Disallowed");
    rings(shows("0301"), "202");
    const auto moved = shows("03012");
    rings(moved, "203");
    CHECK(moved.diversions ==
          std::vector<Diversion>{{"202", {}, DiversionReason::unconditional, 1}});
    CHECK(told(moved).find("202 makes an exception for numbers that begin with 030: the call goes "
                           "on to 203. ") != std::string::npos);
    rejected(shows("040"), 603, "Decline");
}

TEST_CASE("an exception's number takes the rights of who forwards, and loops end")
{
    Office office;
    office.rules.rules = {{.name = "out",
                           .pattern = "0.*",
                           .replacement = "203",
                           .call_class = CallClass::international}};
    office.rules.rights = {{"202", CallClass::internal}, {"201", CallClass::premium}};
    office.forwarding["202"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::forward, "044")};
    rejected(office.decide("201", "202"), 403, "Not Allowed");
    office.forwarding["202"].exceptions[0].to = "203";
    office.forwarding["203"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::forward, "202")};
    const auto looped = office.decide("201", "202");
    rejected(looped, 482, "Loop Detected");
    CHECK(looped.warning == "Forwarding loop: 202 > 203 > 202");
}

TEST_CASE("a ring group passes over members that do not want this caller, and rings those that do")
{
    Office office;
    office.groups = {{.number = "600", .members = {{"202"}, {"203"}, {"204"}}}};
    office.forwarding["202"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::refuse)};
    office.forwarding["203"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::forward, "205")};
    office.forwarding["204"].do_not_disturb = true;
    office.forwarding["204"].exceptions = {
        exception(CallerMatch::number, "201", CallerTreatment::ring)};
    const auto route = office.decide("201", "600");
    rings(route, "600");
    REQUIRE(route.hunt.waves[0].members.size() == 1);
    CHECK(route.hunt.waves[0].members[0].extension == "204");
}

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
