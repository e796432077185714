// What the digit plan makes of dialled digits, and what codes and # have to do with it.
#include "unit/engine/router_office.hpp"

using namespace lampline;
using namespace lampline::routing;

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
                          {.name = "outside", .pattern = "\\d\\d\\d#", .priority = 99, .status = 403}};
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
        CHECK(asks("*23*204#") == DialledFeature{except_caller, "204"});
        CHECK(asks("*23*204*205#") == DialledFeature{except_caller, "204", {}, "205"});
        CHECK(asks("*24*204#") == DialledFeature{end_exception, "204"});
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

TEST_CASE("who is called so comes before a code that the number only begins with")
{
    Office office;
    office.groups = {{.number = "600", .members = {{.number = "203"}}}};
    office.codes.set(Feature::pickup_group, "2");
    office.codes.set(Feature::pickup_directed, "60");
    rings(office.decide("201", "202"), "202");
    rings(office.decide("201", "202#"), "202");
    rings(office.decide("201", "600"), "600");
    CHECK(office.decide("201", "2").feature == DialledFeature{Feature::pickup_group});
    CHECK(office.decide("201", "2202").feature == DialledFeature{Feature::pickup_group, "202"});
    CHECK(office.decide("201", "60202").feature == DialledFeature{Feature::pickup_directed, "202"});
    CHECK(office.decide("201", "299").feature == DialledFeature{Feature::pickup_group, "99"});
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

TEST_CASE("a wide rule takes no number that somebody here has")
{
    Office office;
    office.groups = {{.number = "600", .members = {{.number = "203"}}}};
    office.forwarding["bob"] = {};
    office.registers("bob");
    for (const auto* pattern : {".*", "2.*", "[26].{2,}|bob|1.*", "(2.*|6.*|b.*)", "20\\d.?"}) {
        CAPTURE(std::string{pattern});
        office.rules.rules = {{.name = "out", .pattern = pattern, .trunks = {"none"}}};
        rings(office.decide("201", "202"), "202");
        rings(office.decide("201", "2-0-2"), "202");
        rings(office.decide("201", "202#"), "202");
        rings(office.decide("201", "600"), "600");
        rings(office.decide("201", "bob"), "bob");
        office.rules.rules[0].replacement = "0\\0";
        rings(office.decide("201", "202"), "202");
        office.rules.rules[0].trunks.clear();
        rings(office.decide("201", "202"), "202");
        office.rules.rules[0].replacement.clear();
        office.rules.rules[0].status = 403;
        rings(office.decide("201", "202"), "202");
        office.rules.rules[0].priority = 101;
        rings(office.decide("201", "202"), "202");
    }
    office.rules.rules = {{.name = "out", .pattern = "2.*", .status = 480, .phrase = "Out"}};
    CHECK(told(office.decide("201", "202#"))
              .starts_with("201 dials 202#. 202# is nobody's number, and read as 202: # ends dialling. "
                           "The rule out would take 202 too, but that is a number of this office, "
                           "which counts before wider rules. 202 is an extension. "));
    rejected(office.decide("201", "299"), 480, "Out");
    rejected(office.decide("201", "299#"), 480, "Out");
    office.forwarding["204"].always = "203";
    rings(office.decide("201", "204"), "203");
}

TEST_CASE("a rule that is meant takes the number of somebody here")
{
    Office office;
    const auto takes = [&](DigitRule rule, std::string_view dialled = "202") {
        rule.status = rule.emergency ? 0 : 480;
        office.rules.rules = {rule};
        return office.decide("201", dialled).status == 480;
    };
    CHECK(takes({.pattern = "2.*", .priority = 99}));
    CHECK(takes({.pattern = "202"}));
    CHECK(takes({.pattern = "202(#)?"}, "202#"));
    CHECK(takes({.pattern = "202#"}, "202#"));
    CHECK(takes({.pattern = "\\d\\d\\d#", .priority = 1}, "202#"));
    CHECK_FALSE(takes({.pattern = "202", .priority = 101}));
    CHECK_FALSE(takes({.pattern = "202|203"}));  // spells out neither
    CHECK_FALSE(takes({.pattern = "\\d\\d\\d#"}, "202#"));

    office.rules.rules = {{.pattern = "2..", .replacement = "204", .emergency = true}};
    rings(office.decide("201", "202"), "204");
    office.rules.rules = {{.pattern = "2..", .mode = CallMode::proxy}};
    CHECK(office.decide("201", "202").mode == CallMode::proxy);  // it leaves it here
    office.rules.rules = {{.pattern = "2..", .call_class = CallClass::premium}};
    rejected(office.decide("201", "202"), 403, "Not Allowed");
}

TEST_CASE("a wide rule takes no code, with the # that ends dialling either")
{
    Office office;
    office.codes = {};
    for (const auto* pattern : {".*", "\\*.*", ".{4,}", "[*0-9#]{4}|.{7,}"}) {
        CAPTURE(std::string{pattern});
        office.rules.rules = {{.name = "out", .pattern = pattern, .replacement = "204"}};
        for (const auto* dialled : {"*78", "*78#", "*21*203", "*21*203#", "**203", "**203#"}) {
            CAPTURE(std::string{dialled});
            CHECK(office.decide("201", dialled).kind == RouteKind::feature);
        }
    }
}
