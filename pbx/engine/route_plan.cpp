// What the digit plan makes of a number, and who may have it at whose cost.
#include <algorithm>

#include "core/extension_uri.hpp"
#include "core/own_number.hpp"
#include "engine/route_decision.hpp"

namespace lampline {

std::string_view reason_of_limit(const Route& route) noexcept
{
    if (!route.steps.empty() && route.steps.back().kind == RouteStepKind::no_trunk &&
        route.status == 480)
        return no_trunk_reason;
    if (route.status != 486 && route.status != 403) return {};
    for (auto step = route.steps.rbegin(); step != route.steps.rend(); ++step) {
        const bool limit = step->kind == RouteStepKind::limit;
        if (limit && route.status == 403) return "Q.850;cause=21;text=\"Call rejected\"";
        if (route.status == 486 && (limit || step->kind == RouteStepKind::trunk_full))
            return no_circuit_reason;
    }
    return route.status == 486 ? user_busy_reason : std::string_view{};
}

bool refused_by_office(const Route& route) noexcept
{
    if (route.kind != RouteKind::reject || !route.diversions.empty()) return false;
    return std::ranges::any_of(route.steps, [](const RouteStep& step) {
        return step.kind == RouteStepKind::barred || step.kind == RouteStepKind::limit ||
               step.kind == RouteStepKind::no_trunk;
    });
}

RefusedBy refused_by(const Route& route) noexcept
{
    const bool barred = !route.steps.empty() && route.steps.back().kind == RouteStepKind::barred;
    return barred || reason_of_limit(route) == no_circuit_reason ? RefusedBy::exchange
                                                                 : RefusedBy::callee;
}

RefusedBy refused_by(std::span<const Header> why) noexcept
{
    const bool limit = std::ranges::any_of(why, [](const Header& header) {
        return header.name == "Reason" && header.value == no_circuit_reason;
    });
    return limit ? RefusedBy::exchange : RefusedBy::callee;
}

bool RouteDecision::applies_plan(std::string& number, std::string_view by, Asks asks)
{
    outside_ = nullptr;
    rule_ = nullptr;
    // 0900-1 is barred like 09001, unless somebody here is called so.
    if (!view_.directory.find(number) && !view_.directory.find_ring_group(number))
        number = plain_number(number);
    const auto& plan = view_.directory.digit_plan();
    auto match = plan.find(number);
    if (!match) return true;
    const auto& rule = *match->rule;
    const auto& name = rule.name.empty() ? rule.pattern : rule.name;
    if (is_somebodys(number) && yields_to_owner(*match, number)) {
        note(RouteStepKind::own_number, number, name);
        return true;
    }
    rule_ = &rule;
    note(RouteStepKind::rule, number, name);
    if (rule.status != 0 && !rule.emergency) {
        note(RouteStepKind::barred, number, std::to_string(rule.status) + ' ' + rule.phrase);
        reject(rule.status, rule.phrase);
        return false;
    }
    if (!may_ask(rule, number, by, asks)) return false;
    if (!rule.trunks.empty()) {
        outside_ = &rule;
        shown_ = number;
    }
    if (match->number == number) return true;
    note(RouteStepKind::rewritten, number, match->number);
    number = std::move(match->number);
    return true;
}

bool RouteDecision::may_ask(const DigitRule& rule, std::string_view number, std::string_view by,
                            Asks asks)
{
    const auto& plan = view_.directory.digit_plan();
    const bool outside = !rule.trunks.empty();
    if (asks == Asks::from_outside_to_outside) return true;
    // Left alone by a transfer, two parties from outside; or one that wants a call sent on.
    const bool nobody = by.empty() && asks != Asks::from_outside;
    if (asks == Asks::from_outside || nobody) {
        if (!outside && rule.call_class == CallClass::internal) return true;
        note(RouteStepKind::not_from_outside, number);
        reject(403, "Not From Outside");
        return false;
    }
    // Who leads others to it from outside needs the right to do so, as to any number there.
    const bool leads_outside = outside && asks == Asks::forwards;
    if (rule.emergency && (!leads_outside || plan.outside_rights_of(by).forward)) {
        emergency_ = emergency_ || asks == Asks::dials;
        note(RouteStepKind::emergency, number);
        return true;
    }
    if (emergency_) return true;  // it is somebody's here, who sends it on
    const bool enough = rule.call_class <= plan.right_of(by);
    note(enough ? RouteStepKind::right_enough : RouteStepKind::right_missing, by,
         std::string{name(rule.call_class)});
    if (!enough) {
        reject(403, "Not Allowed");
        route_.warning =
            std::string{by} + " may not make " + std::string{name(rule.call_class)} + " calls";
        return false;
    }
    if (!outside || asks == Asks::dials || plan.outside_rights_of(by).forward) return true;
    note(RouteStepKind::forward_missing, by);
    reject(403, "Not Allowed");
    route_.warning = std::string{by} + " may not forward calls to outside";
    return false;
}

bool RouteDecision::within_limits(std::string_view payer)
{
    const auto& limits = view_.directory.digit_plan().outside_rights_of(payer).limits;
    const auto* before = question_.counted;
    route_.counted = before && before->payer == payer &&
                     (before->number.empty() || before->number == shown_);
    auto open = limits;
    if (route_.counted) open.calls_per_day = 0;  // it is one of them
    const auto reached = view_.outside.payer_limit(payer, open);
    if (reached == OutsideLimit::none) {
        note(RouteStepKind::limit_free, payer, words_of(limits));
        return true;
    }
    const bool at_once = reached == OutsideLimit::calls;
    const auto count = at_once ? limits.calls : limits.calls_per_day;
    const auto text = std::to_string(count) + (at_once ? " calls at once" : " calls a day");
    note(RouteStepKind::limit, payer, text);
    if (at_once)
        reject(486, "Too Many Calls To Outside");
    else
        reject(403, "Daily Limit Reached");
    route_.warning = std::string{payer} + " has its " + text + " to outside already";
    return false;
}

std::string RouteDecision::words_of(const OutsideLimits& limits)
{
    const auto word = [](auto limit, std::string_view unit) {
        return limit == 0 ? "any number of" + std::string{unit}
                          : std::to_string(limit) + std::string{unit};
    };
    return word(limits.calls, " calls at once") + ", " + word(limits.calls_per_day, " a day") +
           ", " + word(limits.minutes.count(), " minutes each");
}

}  // namespace lampline
