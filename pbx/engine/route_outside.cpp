// Numbers outside: by which trunks, and how they are joined to their caller.
#include <algorithm>

#include "core/extension_uri.hpp"
#include "core/own_number.hpp"
#include "engine/route_decision.hpp"

namespace lampline {

void RouteDecision::go_outside(std::string number, std::string_view payer)
{
    const auto& rule = *outside_;
    if (!is_dialable(number)) return reject_unknown({});
    if (!may_go_to(shown_)) return;
    if (!rule.emergency && !payer.empty() && !within_limits(payer)) return;
    route_.hunt = {.number = shown_,
                   .outside = true,
                   .payer = std::string{payer},
                   .unlimited = rule.emergency};
    bool full = false;
    for (const auto& name : rule.trunks) full = add_trunk(name, number) || full;
    if (rule.emergency)
        for (const auto& name : rule.trunks) add_in_spite(name, number);
    if (!route_.hunt.waves.empty()) {
        route_.kind = RouteKind::hunt;
        route_.hunt.waves.back().heard_within = {};
        return join_outside(payer);
    }
    note(RouteStepKind::no_trunk, shown_);
    if (full)
        reject(486, "All Lines Busy");
    else
        reject(480, "No Trunk Available");
    route_.warning = full ? trunks_full : "No trunk for this number can be reached";
}

void RouteDecision::join(std::string_view number, std::string who, CallMode own,
                         const std::function<std::string(CallMode)>& obstacle)
{
    const bool ruled = rule_ && rule_->mode;
    route_.mode = ruled ? *rule_->mode : own;
    if (!ruled && own == CallMode::bridge) return;
    if (ruled) who = "The rule " + (rule_->name.empty() ? rule_->pattern : rule_->name);
    note(RouteStepKind::mode_asked, who, std::string{name(route_.mode)});
    auto why = route_.mode == CallMode::bridge ? std::string{} : obstacle(route_.mode);
    if (why.empty() && route_.mode != CallMode::bridge) why = obstacle_of_source();
    if (!why.empty()) {
        note(RouteStepKind::bridged, number, std::move(why));
        route_.mode = CallMode::bridge;
        return;
    }
    note(RouteStepKind::joined, number, std::string{name(route_.mode)});
}

std::string RouteDecision::obstacle_of_source() const
{
    if (question_.trunk.empty()) return {};
    const auto* from = view_.directory.find_trunk(question_.trunk);
    if (from && from->trunk().mode == route_.mode) return {};
    return route_.mode == CallMode::redirect
               ? "the call comes over a trunk that is not told where phones are"
               : "the call comes over a trunk that is no proxy of this office";
}

bool RouteDecision::needs_bridge(const DigitRule& rule, std::string_view payer) const
{
    const auto& rights = view_.directory.digit_plan().outside_rights_of(payer);
    if (!rule.trunks.empty() && rights.limits.minutes.count() > 0) return true;
    return std::ranges::any_of(rule.trunks, [&](const std::string& name) {
        const auto* rules = view_.directory.find_trunk(name);
        return rules && rules->trunk().enabled &&
               (rules->trunk().mode != CallMode::proxy ||
                rules->trunk().limits.minutes.count() > 0);
    });
}

bool RouteDecision::may_go_outside() const
{
    /// Who forwards through more numbers than these is bridged without another look.
    constexpr std::size_t most = 50;
    struct Step {
        std::string to, by;
    };
    std::vector<Step> ahead;
    const auto add = [&](const std::string& to, const std::string& by) {
        const bool known = std::ranges::any_of(
            ahead, [&](const Step& each) { return each.to == to && each.by == by; });
        if (!to.empty() && !known) ahead.push_back({to, by});
    };
    const Hunt& hunt = route_.hunt;
    for (const auto* to :
         {&hunt.if_busy, &hunt.if_no_answer, &hunt.if_unreachable, &hunt.if_refused})
        add(*to, hunt.number);
    for (std::size_t at = 0; at < ahead.size(); ++at) {
        if (at == most) return true;
        auto [number, by] = ahead[at];
        if (!view_.directory.find(number) && !view_.directory.find_ring_group(number))
            number = plain_number(number);
        auto match = view_.directory.digit_plan().find(number);
        if (match && !(is_somebodys(number) && yields_to_owner(*match, number))) {
            if (needs_bridge(*match->rule, by)) return true;
            if (!match->rule->trunks.empty()) continue;
            number = std::move(match->number);
        }
        if (const auto* extension = view_.directory.find(number)) {
            const auto& wishes = extension->forwarding;
            for (const auto* to :
                 {&wishes.always, &wishes.busy, &wishes.no_answer, &wishes.unregistered})
                add(*to, number);
            for (const auto& exception : wishes.exceptions) add(exception.to, number);
        } else if (const auto* group = view_.directory.find_ring_group(number)) {
            add(group->overflow, number);
        }
    }
    return false;
}

void RouteDecision::join_outside(std::string_view payer)
{
    const auto& plan = view_.directory.digit_plan();
    const auto limits = payer.empty() ? OutsideLimits{} : plan.outside_rights_of(payer).limits;
    bool limited = limits.minutes.count() > 0;
    bool few_at_once = limits.calls > 0;
    std::string_view no_proxy, no_redirect;
    for (const auto& wave : route_.hunt.waves) {
        const auto& trunk = view_.directory.find_trunk(wave.members.front().trunk)->trunk();
        limited = limited || trunk.limits.minutes.count() > 0;
        few_at_once = few_at_once || trunk.limits.calls > 0;
        if (trunk.mode != CallMode::proxy) no_proxy = trunk.name;
        if (trunk.mode != CallMode::redirect) no_redirect = trunk.name;
    }
    const auto own = no_proxy.empty()      ? CallMode::proxy
                     : no_redirect.empty() ? CallMode::redirect
                                           : CallMode::bridge;
    join(shown_, "The way outside", own, [&](CallMode mode) -> std::string {
        if (mode == CallMode::redirect) {
            if (!no_redirect.empty())
                return "callers are not told where trunk " + std::string{no_redirect} + " is";
            if (outside_->emergency) return "it is an emergency";
            if (payer != question_.from || payer.empty()) return "the caller is not who pays";
            if (few_at_once) return "the calls at once are limited";
        } else if (!no_proxy.empty()) {
            return "trunk " + std::string{no_proxy} + " is no proxy of this office";
        }
        return limited ? "the minutes of the call are limited" : "";
    });
}

bool RouteDecision::add_trunk(const std::string& trunk_name, const std::string& number)
{
    const auto* rules = view_.directory.find_trunk(trunk_name);
    if (!rules || !rules->trunk().enabled) {
        note(RouteStepKind::trunk_missing, number, trunk_name);
        return false;
    }
    const auto& trunk = rules->trunk();
    if (!outside_->emergency &&
        view_.outside.trunk_limit(trunk_name, trunk.limits) != OutsideLimit::none) {
        note(RouteStepKind::trunk_full, number, trunk_name);
        return true;
    }
    const auto paths = view_.trunks.paths(trunk);
    note(!paths.empty() ? RouteStepKind::trunk : RouteStepKind::trunk_unreachable, number, trunk_name);
    add_paths(trunk_name, number, paths);
    return false;
}

void RouteDecision::add_in_spite(const std::string& trunk_name, const std::string& number)
{
    const auto* rules = view_.directory.find_trunk(trunk_name);
    if (!rules || !rules->trunk().enabled || !view_.trunks.paths(rules->trunk()).empty()) return;
    const auto paths = view_.trunks.all_paths(rules->trunk());
    if (!paths.empty()) note(RouteStepKind::trunk_in_spite, number, trunk_name);
    add_paths(trunk_name, number, paths);
}

void RouteDecision::add_paths(const std::string& trunk_name, const std::string& number,
                              const std::vector<TrunkPath>& paths)
{
    /// A server that says nothing at all for so long is given up for the next one.
    constexpr std::chrono::seconds patience{4};
    for (const auto& path : paths)
        route_.hunt.waves.push_back(
            {.members = {{.trunk = trunk_name, .number = number, .server = path.flow}},
             .heard_within = patience});
}

}  // namespace lampline
