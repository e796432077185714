#include "core/digit_plan.hpp"

#include <doctest/doctest.h>

#include "core/forward_target.hpp"

using namespace lampline;

namespace {

DigitRule rule(std::string pattern, std::string replacement = {}, unsigned priority = 100)
{
    DigitRule made;
    made.name = pattern;
    made.pattern = std::move(pattern);
    made.replacement = std::move(replacement);
    made.priority = priority;
    return made;
}

/// `NAME OF THE RULE: NUMBER`
std::string found(const DigitPlan& plan, std::string_view dialled)
{
    const auto match = plan.find(dialled);
    return match ? match->rule->name + ": " + match->number : "none";
}

}  // namespace

TEST_CASE("a pattern is about the whole number")
{
    const DigitPlan plan{{{rule("1[0-9]"), rule("0(.+)", "\\1")}}};
    CHECK(found(plan, "15") == "1[0-9]: 15");
    CHECK(found(plan, "155") == "none");
    CHECK(found(plan, "015") == "0(.+): 15");
    CHECK(found(plan, "0") == "none");
    CHECK(found(plan, "") == "none");
    CHECK(found(DigitPlan{}, "15") == "none");
}

TEST_CASE(
    "of several the lowest priority counts, then the longest literal beginning, then the order")
{
    const DigitPlan plan{{{rule("[0-9]+"), rule("0.*"), rule("00.*"), rule("0049.*"),
                           rule("00(49)?.*"), rule("0043.*", {}, 200), rule("[0-9]*", {}, 50)}}};
    CHECK(found(plan, "0049").starts_with("[0-9]*"));
    const DigitPlan longest{{{rule("[0-9]+"), rule("0.*"), rule("00.*"), rule("0049.*")}}};
    CHECK(found(longest, "00491").starts_with("0049.*"));
    CHECK(found(longest, "00431").starts_with("00.*"));
    CHECK(found(longest, "01").starts_with("0.*"));
    CHECK(found(longest, "1").starts_with("[0-9]+"));
    const DigitPlan equal{{{rule("1.0"), rule("1.*"), rule("10.|2"), rule("1?00")}}};
    CHECK(found(equal, "100").starts_with("1.0"));
}

TEST_CASE("an alternation in a group takes nothing from the beginning before it")
{
    const DigitPlan plan{{{rule("0(900|930)\\d+"), rule("0([1-9]\\d+)"), rule("(1|2)34"),
                           rule("1.*"), rule("00([1-9]\\d+)"), rule("00[|8](8|7).*"),
                           rule("5\\|(6|7)|6.*"), rule("6.*")}}};
    CHECK(found(plan, "0900123456").starts_with("0(900|930)"));
    CHECK(found(plan, "0664123456").starts_with("0([1-9]"));
    CHECK(found(plan, "134").starts_with("1.*"));
    CHECK(found(plan, "00887").starts_with("00([1-9]"));  // equal: the first
    CHECK(found(plan, "67").starts_with("6.*"));          // these two have nothing in common
}

TEST_CASE("alternatives begin with what all of them have in common")
{
    const auto general = rule("0([1-9]\\d+)");
    const auto found_first = [&](const char* bar, std::string_view dialled) {
        return found(DigitPlan{{{rule(bar), general}}}, dialled).starts_with(bar);
    };
    for (const auto* bar : {"0900\\d+|0930\\d+", "(0900|0930)\\d+", "^0900\\d+|^0930\\d+$",
                            "(?:0900|0930)\\d+", "(?P<bar>0900|0930)\\d+", "0(?:90|93)0\\d+",
                            "((09)00|0(930))\\d+", "(0900\\d+)", "(0900|0930)+"}) {
        CAPTURE(std::string{bar});
        CHECK(found_first(bar, "09000900"));
        const DigitPlan behind{{{general, rule(bar)}}};
        CHECK(found(behind, "09000900").starts_with(bar));
        CHECK_FALSE(found_first(bar, "0664123456"));
    }
    const auto local = rule("0.*");
    for (const auto* vague : {"(0900)?0664", "(0900)*0664", "(0900){0,2}0664", "0664|", "0664|1",
                              "(0664|1.*)", "(?i)0664", "()0664|[0]664", "[(]?0664|(|0900)0664"}) {
        CAPTURE(std::string{vague});
        CHECK(found(DigitPlan{{{rule(vague), local}}}, "0664").starts_with("0.*"));
    }
}

TEST_CASE("an emergency rule counts before all others, whatever they say")
{
    auto help = rule("112|144", {}, 900);
    help.emergency = true;
    const DigitPlan plan{{{rule("1\\d\\d", {}, 1), rule("112", {}, 1), rule("1.*", {}, 0), help}}};
    CHECK(found(plan, "112") == "112|144: 112");
    CHECK(found(plan, "144").starts_with("112|144"));
    CHECK(found(plan, "113").starts_with("1.*"));
    CHECK(plan.is_emergency("112"));
    CHECK(plan.is_emergency("1-1-2"));
    CHECK_FALSE(plan.is_emergency("113"));
    CHECK_FALSE(plan.is_emergency("1120"));
    CHECK_FALSE(DigitPlan{}.is_emergency("112"));
}

TEST_CASE("a call for help without a number has that of an emergency rule (RFC 5031)")
{
    const auto number_of = [](std::vector<std::string> patterns) {
        DigitRules rules;
        rules.rules = {{.pattern = "911"}};
        for (auto& pattern : patterns)
            rules.rules.push_back({.pattern = std::move(pattern), .emergency = true});
        return DigitPlan{std::move(rules)}.emergency_number();
    };
    CHECK(number_of({}).empty());
    CHECK(number_of({"133|144", "11[02]"}) == "112");
    CHECK(number_of({"\\d+x", "133|144"}) == "133");
    CHECK(number_of({"1[34]{2}"}).empty());
}

TEST_CASE("numbers are rewritten: stripped, prefixed, put together anew")
{
    const DigitPlan plan{{{rule("\\+49(30)(\\d+)", "0\\1\\2"), rule("9(\\d{3})", "\\1"),
                           rule("([12])(\\d)?x", "\\2-\\1"), rule("7", "201")}}};
    CHECK(found(plan, "+4930123") == "\\+49(30)(\\d+): 030123");
    CHECK(found(plan, "9201") == "9(\\d{3}): 201");
    CHECK(found(plan, "1x") == "([12])(\\d)?x: -1");
    CHECK(found(plan, "7") == "7: 201");
}

TEST_CASE("what cannot be compiled, or costs too much, is told and left out")
{
    const auto fault = [](const DigitRule& each) {
        const auto what = DigitPlan::fault_of(each);
        return what ? what->member : "";
    };
    CHECK(fault(rule("(")) == "pattern");
    CHECK(fault(rule("")) == "pattern");
    CHECK(fault(rule(std::string(129, '1'))) == "pattern");
    CHECK(fault(rule("((1{100}){100}){100}")) == "pattern");
    CHECK(fault(rule("(?=1)2")) == "pattern");
    CHECK(fault(rule("1", "\\1")) == "replacement");
    CHECK(fault(rule("1", std::string(65, '1'))) == "replacement");
    CHECK(fault(rule("(1)", "\\1")).empty());
    const DigitPlan plan{{{rule("("), rule("1", "2")}}};
    CHECK(found(plan, "1") == "1: 2");
}

TEST_CASE("a pattern that makes backtracking engines hang takes no time")
{
    const DigitPlan plan{{{rule("(1+)+(1+)+(1+)+2"), rule("(.*)(.*)(.*)(.*)(.*)x")}}};
    CHECK(found(plan, std::string(64, '1')) == "none");
}

TEST_CASE("rights are the extension's own, or those of all")
{
    DigitRules rules;
    rules.default_right = CallClass::local;
    rules.rights = {{"201", CallClass::premium}};
    const DigitPlan plan{rules};
    CHECK(plan.right_of("201") == CallClass::premium);
    CHECK(plan.right_of("202") == CallClass::local);
    CHECK(CallClass::internal < CallClass::national);
    for (const auto* word : {"internal", "local", "national", "international", "premium"})
        CHECK(name(call_class_named(word).value()) == word);
    CHECK_FALSE(call_class_named("free"));
}

TEST_CASE("who has a number comes before wide rules for whoever forwards to it, too")
{
    DigitRules rules;
    rules.rules = {{.pattern = "2.*", .call_class = CallClass::premium, .trunks = {"line"}},
                   {.pattern = "203", .status = 403}};
    const DigitPlan plan{rules};
    CHECK_FALSE(forward_refusal(plan, "201", "202", true));
    CHECK(forward_refusal(plan, "201", "202", false));
    CHECK(forward_refusal(plan, "201", "203", true));
}
