#include "admin/digit_plan_service.hpp"

#include <algorithm>

#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"
#include "db/ring_group_store.hpp"
#include "db/trunk_store.hpp"

namespace lampline::admin {
namespace {

constexpr std::size_t max_text = 64;

/// A phrase goes into a status line (RFC 3261 §25.1).
bool is_plain(std::string_view text)
{
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
}

void check_rule(const DigitRule& rule, const std::string& pointer, std::vector<FieldFault>& faults)
{
    check_text(rule.name, max_text, pointer + "/name", faults);
    if (const auto fault = DigitPlan::fault_of(rule))
        faults.push_back({pointer + '/' + fault->member, "malformed", fault->reason});
    if (rule.status != 0 && (rule.status < 400 || rule.status > 699))
        faults.push_back({pointer + "/status", "out_of_range", "must be 400 to 699"});
    else if (rule.status != 0 && rule.emergency)
        faults.push_back({pointer + "/status", "not_allowed",
                          "emergency numbers are never refused: leave out status or emergency"});
    if (rule.mode == CallMode::redirect && !rule.trunks.empty())
        faults.push_back({pointer + "/mode", "not_allowed",
                          "cannot be redirect with trunks: whether callers are told these, they say"});
    if (!is_plain(rule.phrase) || rule.phrase.size() > max_text)
        faults.push_back(
            {pointer + "/phrase", "malformed", "must be at most 64 characters of ASCII"});
    else if (rule.status == 0 && !rule.phrase.empty())
        faults.push_back({pointer + "/phrase", "not_allowed",
                          "is said with a refusal: give a status, or leave it out"});
}

std::vector<FieldFault> faults_of(const DigitRules& rules, db::Database& database)
{
    std::vector<FieldFault> faults;
    if (rules.rules.size() > DigitPlan::max_rules)
        return {{"/rules", "too_many", "must be at most " + std::to_string(DigitPlan::max_rules)}};
    for (std::size_t i = 0; i < rules.rules.size(); ++i)
        check_rule(rules.rules[i], "/rules/" + std::to_string(i), faults);
    const db::TrunkStore trunks{database};
    const db::ExtensionStore extensions{database};
    const db::RingGroupStore ring_groups{database};
    for (std::size_t i = 0; i < rules.rules.size(); ++i)
        for (std::size_t j = 0; j < rules.rules[i].trunks.size(); ++j)
            if (const auto& trunk = rules.rules[i].trunks[j]; !trunks.find(trunk))
                faults.push_back({"/rules/" + std::to_string(i) + "/trunks/" + std::to_string(j),
                                  "unknown_trunk", "there is no trunk " + trunk});
    for (const auto& [number, may] : rules.outside)
        if (!extensions.find(number) && !ring_groups.find(number))
            faults.push_back({"/outside/" + number, "unknown_number",
                              "there is no extension or ring group " + number});
    for (const auto& [number, right] : rules.rights)
        if (!extensions.find(number) && !ring_groups.find(number))
            faults.push_back({"/rights/" + number, "unknown_number",
                              "there is no extension or ring group " + number});
    return faults;
}

}  // namespace

Sole<DigitRules> DigitPlanService::at() const
{
    return in_force(db::DigitPlanStore{database_}.find());
}

Result<SoleSaved<DigitRules>, Refusal> DigitPlanService::put(const DigitRules& rules,
                                                             const Precondition& condition,
                                                             const Actor& actor,
                                                             std::chrono::sys_seconds now)
{
    return put_sole(database_, db::DigitPlanStore{database_}, "digit_plan.put", "digit-plan", rules,
                    condition, actor, now,
                    [&](const DigitRules& asked) { return faults_of(asked, database_); });
}

}  // namespace lampline::admin
