#include <boost/json.hpp>

#include "admin/digit_plan_service.hpp"
#include "web/api/request.hpp"
#include "web/api/sole_setting.hpp"
#include "web/api/text.hpp"
#include "web/api/time_text.hpp"
#include "web/api/warnings.hpp"
#include "web/problem.hpp"

namespace lampline::web {

namespace json = boost::json;

namespace {

json::object shown(const DigitRule& rule)
{
    json::object body{{"name", rule.name},
                      {"pattern", rule.pattern},
                      {"priority", rule.priority},
                      {"replacement", nullptr},
                      {"call_class", name(rule.call_class)},
                      {"emergency", rule.emergency},
                      {"status", nullptr},
                      {"phrase", nullptr},
                      {"trunks", json::array(rule.trunks.begin(), rule.trunks.end())},
                      {"mode", nullptr}};
    if (rule.mode) body["mode"] = name(*rule.mode);
    if (!rule.replacement.empty()) body["replacement"] = rule.replacement;
    if (rule.status != 0) {
        body["status"] = rule.status;
        body["phrase"] = rule.phrase;
    }
    return body;
}

json::object shown(const OutsideRights& may)
{
    return {{"forward", may.forward},
            {"calls", may.limits.calls},
            {"minutes", may.limits.minutes.count()},
            {"calls_per_day", may.limits.calls_per_day}};
}

json::array warnings_now(const ApiRequest& request)
{
    return shown_warnings(admin::leads_to_nobody(request.database), "digit_rule");
}

json::object shown_digit_plan(const admin::Sole<DigitRules>& plan, const json::array& warnings)
{
    json::array rules;
    for (const auto& rule : plan.content.rules) rules.push_back(shown(rule));
    json::object rights;
    for (const auto& [number, right] : plan.content.rights) rights.emplace(number, name(right));
    json::object outside;
    for (const auto& [number, may] : plan.content.outside) outside.emplace(number, shown(may));
    json::object body{
        {"rules", std::move(rules)},     {"default_right", name(plan.content.default_right)},
        {"rights", std::move(rights)},   {"default_outside", shown(plan.content.default_outside)},
        {"outside", std::move(outside)}, {"updated_at", nullptr},
        {"warnings", warnings}};
    if (plan.updated_at) body["updated_at"] = time_text(*plan.updated_at);
    return body;
}

/// An absent member and null are the same.
const json::value* given(const json::object& body, std::string_view name)
{
    const auto* member = body.if_contains(name);
    return member == nullptr || member->is_null() ? nullptr : member;
}

DigitRule rule_in(const json::object& body)
{
    DigitRule rule;
    rule.pattern = json::value_to<std::string>(body.at("pattern"));
    if (const auto* text = given(body, "name")) rule.name = json::value_to<std::string>(*text);
    if (const auto* number = given(body, "priority")) rule.priority = number->to_number<unsigned>();
    if (const auto* text = given(body, "replacement"))
        rule.replacement = json::value_to<std::string>(*text);
    if (const auto* word = given(body, "call_class"))
        rule.call_class = call_class_named(word->as_string()).value();
    if (const auto* flag = given(body, "emergency")) rule.emergency = flag->as_bool();
    if (const auto* status = given(body, "status")) rule.status = status->to_number<unsigned>();
    rule.phrase = rule.status == 0 ? "" : "Not Allowed";
    if (const auto* text = given(body, "phrase")) rule.phrase = json::value_to<std::string>(*text);
    if (const auto* trunks = given(body, "trunks"))
        rule.trunks = json::value_to<std::vector<std::string>>(*trunks);
    if (const auto* word = given(body, "mode")) rule.mode = call_mode(word->as_string());
    return rule;
}

OutsideRights outside_rights_in(const json::object& body)
{
    OutsideRights may;
    if (const auto* flag = given(body, "forward")) may.forward = flag->as_bool();
    if (const auto* count = given(body, "calls")) may.limits.calls = count->to_number<unsigned>();
    if (const auto* count = given(body, "minutes"))
        may.limits.minutes = std::chrono::minutes{count->to_number<unsigned>()};
    if (const auto* count = given(body, "calls_per_day"))
        may.limits.calls_per_day = count->to_number<unsigned>();
    return may;
}

DigitRules rules_in(const json::object& body)
{
    DigitRules plan;
    if (const auto* rules = given(body, "rules"))
        for (const auto& rule : rules->as_array()) plan.rules.push_back(rule_in(rule.as_object()));
    if (const auto* right = given(body, "default_right"))
        plan.default_right = call_class_named(right->as_string()).value();
    if (const auto* rights = given(body, "rights"))
        for (const auto& [number, right] : rights->as_object())
            plan.rights.emplace(number, call_class_named(right.as_string()).value());
    if (const auto* may = given(body, "default_outside"))
        plan.default_outside = outside_rights_in(may->as_object());
    if (const auto* outside = given(body, "outside"))
        for (const auto& [number, may] : outside->as_object())
            plan.outside.emplace(number, outside_rights_in(may.as_object()));
    return plan;
}

}  // namespace

ApiAnswer get_digit_plan(const ApiRequest& request)
{
    const auto warnings = warnings_now(request);
    return answer_with(
        request, admin::DigitPlanService{request.database}.at(),
        [&](const auto& plan) { return shown_digit_plan(plan, warnings); }, mark_of(warnings));
}

ApiAnswer put_digit_plan(const ApiRequest& request)
{
    auto saved = admin::DigitPlanService{request.database}.put(
        rules_in(request.body->as_object()), precondition_of(request.fields), request.actor,
        request.now);
    const auto warnings = warnings_now(request);
    return answer_saved(
        std::move(saved), "the digit plan",
        [&](const auto& plan) { return shown_digit_plan(plan, warnings); }, mark_of(warnings));
}

ApiAnswer test_digit_plan(const ApiRequest& request)
{
    const auto& route = *request.route;
    if (!route.known_caller) {
        const bool outside = request.body->as_object().contains("trunk");
        const admin::FieldFault fault =
            outside ? admin::FieldFault{"/trunk", "unknown_trunk", "is not a trunk"}
                    : admin::FieldFault{"/from", "unknown_extension", "is not an extension"};
        return {invalid({&fault, 1})};
    }
    json::array targets;
    for (const auto& target : route.targets)
        targets.push_back(json::object{{"extension", text_or_null(target.extension)},
                                       {"trunk", text_or_null(target.trunk)},
                                       {"contact", target.contact},
                                       {"address", target.address},
                                       {"after", target.after.count()}});
    json::object body{{"outcome", route.outcome},
                      {"status", nullptr},
                      {"phrase", nullptr},
                      {"steps", json::array(route.steps.begin(), route.steps.end())},
                      {"targets", std::move(targets)}};
    if (route.status != 0) {
        body["status"] = route.status;
        body["phrase"] = route.phrase;
    }
    return {json_answer(200, body)};
}

}  // namespace lampline::web
