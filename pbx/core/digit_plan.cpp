#include "core/digit_plan.hpp"

#include <algorithm>
#include <array>

#include "core/extension_uri.hpp"

namespace lampline {
namespace {

constexpr std::array<std::string_view, 5> class_names{"internal", "local", "national",
                                                      "international", "premium"};

}  // namespace

std::string_view name(CallClass call_class) noexcept
{
    return class_names[static_cast<std::size_t>(call_class)];
}

std::optional<CallClass> call_class_named(std::string_view word) noexcept
{
    const auto found = std::ranges::find(class_names, word);
    if (found == class_names.end()) return std::nullopt;
    return static_cast<CallClass>(found - class_names.begin());
}

DigitPlan::DigitPlan(DigitRules rules) : written_{std::move(rules)}
{
    std::erase_if(written_.rules, [](const DigitRule& rule) { return fault_of(rule).has_value(); });
    if (written_.rules.size() > max_rules) written_.rules.resize(max_rules);
    // The first that matches counts, so the order is settled here.
    std::ranges::stable_sort(written_.rules, [](const DigitRule& left, const DigitRule& right) {
        if (left.emergency != right.emergency) return left.emergency;
        if (left.priority != right.priority) return left.priority < right.priority;
        return literal_length(left.pattern) > literal_length(right.pattern);
    });
    std::vector<NumberPatterns::Rule> patterns;
    patterns.reserve(written_.rules.size());
    for (const auto& rule : written_.rules) patterns.push_back({rule.pattern, rule.replacement});
    patterns_ = NumberPatterns{std::move(patterns)};
}

std::optional<DigitPlan::Match> DigitPlan::find(std::string_view dialled) const
{
    auto found = patterns_.find(dialled);
    if (!found) return std::nullopt;
    return Match{&written_.rules[found->rule], std::move(found->number)};
}

bool DigitPlan::is_emergency(std::string_view dialled) const
{
    const auto is_one = [this](std::string_view number) {
        const auto found = find(plain_number(number));
        return found && found->rule->emergency;
    };
    if (is_one(dialled)) return true;
    return dialled.ends_with('#') && is_one(dialled.substr(0, dialled.size() - 1));
}

std::string DigitPlan::emergency_number() const
{
    // These mean any help, where others may be for the police or for a fire alone.
    for (const auto* number : {"112", "911", "999"})
        if (is_emergency(number)) return number;
    for (const auto& rule : written_.rules) {
        if (!rule.emergency) break;  // they come first
        const auto number = rule.pattern.substr(0, rule.pattern.find('|'));
        const bool digits = std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
        if (!number.empty() && digits) return number;
    }
    return {};
}

CallClass DigitPlan::right_of(std::string_view extension) const noexcept
{
    const auto found = written_.rights.find(extension);
    return found == written_.rights.end() ? written_.default_right : found->second;
}

const OutsideRights& DigitPlan::outside_rights_of(std::string_view extension) const noexcept
{
    const auto found = written_.outside.find(extension);
    return found == written_.outside.end() ? written_.default_outside : found->second;
}

std::optional<DigitRuleFault> DigitPlan::fault_of(const DigitRule& rule)
{
    const auto fault = NumberPatterns::fault_of({rule.pattern, rule.replacement});
    if (!fault) return std::nullopt;
    return DigitRuleFault{fault->in_replacement ? "replacement" : "pattern", fault->reason};
}

}  // namespace lampline
