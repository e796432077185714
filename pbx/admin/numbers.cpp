#include "admin/numbers.hpp"

#include <algorithm>
#include <utility>

#include "admin/feature_code_service.hpp"
#include "core/park_lot.hpp"
#include "db/calling_card_store.hpp"
#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"
#include "db/park_lot_store.hpp"
#include "db/ring_group_store.hpp"
#include "db/trunk_store.hpp"

namespace lampline::admin {
namespace {

db::GroupReference reference_to(const DigitRule& rule, std::size_t place, const char* as)
{
    const auto row = "/rules/" + std::to_string(place);
    return {rule.name.empty() ? rule.pattern : rule.name, as, {}, "digit_rule",
            rule.replacement.empty() ? row : row + "/replacement"};
}

bool is_somebody(std::string_view number, db::Database& database)
{
    return db::ExtensionStore{database}.find(number) || db::RingGroupStore{database}.find(number);
}

/// Of what was dialled: which number it means is known only then.
bool is_made_of_groups(std::string_view number)
{
    return number.find('\\') != std::string_view::npos;
}

}  // namespace

bool is_number(std::string_view text) noexcept
{
    constexpr std::size_t max_number = 32;
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789._+*#-";
    return !text.empty() && text.size() <= max_number && !is_park_name(text) &&
           text.find_first_not_of(allowed) == std::string_view::npos;
}

void check_free(std::string_view number, NumberKind own, const std::string& pointer,
                db::Database& database, std::vector<FieldFault>& faults,
                std::optional<Feature> feature)
{
    const auto taken = [&](std::string message) {
        faults.push_back({pointer, "taken", std::move(message)});
    };
    if (own != NumberKind::extension && db::ExtensionStore{database}.find(number))
        taken("is the number of an extension");
    if (own != NumberKind::ring_group && db::RingGroupStore{database}.find(number))
        taken("is the number of a ring group");
    if (own != NumberKind::calling_card)
        if (const auto row = db::CallingCardStore{database}.find();
            row && row->content.number == number)
            taken("is the number of the calling-card application");
    for (const auto& code : FeatureCodeService{database}.all())
        if (code.code == number && code.feature != feature)
            taken("is the code of " + std::string{name(code.feature)});
}

bool is_destination(std::string_view number, db::Database& database)
{
    if (is_somebody(number, database)) return true;
    auto plan = db::DigitPlanStore{database}.find();
    return plan && DigitPlan{std::move(plan->content)}.find(number);
}

std::string for_phones_alone(std::string_view number, db::Database& database)
{
    if (const auto card = db::CallingCardStore{database}.find();
        card && !number.empty() && card->content.number == number)
        return "the number of the calling-card application";
    const auto code = FeatureCodeService{database}.codes().find(number);
    if (code && !code->number) return "the code of " + std::string{name(code->feature)};
    if (is_somebody(number, database)) return {};
    if (const auto lot = db::ParkLotStore{database}.find();
        lot && !number.empty() && (lot->content.number == number || lot->content.slot_of(number)))
        return "a number of the park lot";
    // What calls from outside are led to goes through the plan before it is taken for a code.
    if (code && !is_made_of_groups(number) && !is_destination(number, database))
        return "the code of " + std::string{name(code->feature)} + " with a number";
    return {};
}

std::vector<Lead> all_leads(db::Database& database)
{
    std::vector<Lead> found;
    const auto add = [&](const std::string& number, db::GroupReference by) {
        if (!number.empty() && !is_made_of_groups(number)) found.push_back({number, std::move(by)});
    };
    if (const auto plan = db::DigitPlanStore{database}.find()) {
        const auto& rules = plan->content.rules;
        for (std::size_t i = 0; i < rules.size(); ++i)
            if (rules[i].trunks.empty() && rules[i].status == 0)
                add(rules[i].replacement,
                    reference_to(rules[i], i, rules[i].emergency ? "emergency" : "replacement"));
    }
    for (const auto& row : db::TrunkStore{database}.all())
        for (std::size_t i = 0; i < row.trunk.inbound.size(); ++i) {
            auto place = "/inbound/" + std::to_string(i) + "/destination";
            add(row.trunk.inbound[i].destination,
                {row.trunk.name, "destination", {}, "trunk", std::move(place)});
        }
    for (const auto& row : db::RingGroupStore{database}.all())
        add(row.group.overflow, {row.group.number, "overflow", {}, "ring_group", "/overflow"});
    if (const auto lot = db::ParkLotStore{database}.find(); lot && !lot->content.number.empty())
        add(lot->content.fallback,
            {lot->content.number, "fallback", {}, "park_lot", "/fallback"});
    return found;
}

std::vector<db::GroupReference> leading_to(std::string_view number, db::Database& database)
{
    std::vector<db::GroupReference> found;
    for (auto& lead : all_leads(database))
        if (lead.number == number) found.push_back(std::move(lead.by));
    auto row = db::DigitPlanStore{database}.find();
    if (!row) return found;
    const auto rules = row->content.rules;
    const DigitPlan plan{std::move(row->content)};
    const auto dialled = plan.find(number);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const auto& rule = rules[i];
        const bool by_itself = dialled && *dialled->rule == rule && dialled->number == number;
        if (rule.emergency && rule.trunks.empty() && by_itself && rule.replacement != number)
            found.push_back(reference_to(rule, i, "emergency"));
    }
    return found;
}

namespace {

/// All leads, those that lead to somebody before the others; and how many they are.
std::pair<std::vector<Lead>, std::ptrdiff_t> parted_leads(db::Database& database)
{
    auto found = all_leads(database);
    auto row = db::DigitPlanStore{database}.find();
    const DigitPlan plan{row ? std::move(row->content) : DigitRules{}};
    const auto others = std::ranges::stable_partition(found, [&](const Lead& lead) {
        // What a rule makes of a number is not looked up in the plan again.
        const bool planned = lead.by.type != "digit_rule" && plan.find(lead.number);
        return planned || is_somebody(lead.number, database) ||
               !for_phones_alone(lead.number, database).empty();
    });
    const auto ending = others.begin() - found.begin();
    return {std::move(found), ending};
}

}  // namespace

std::vector<Lead> leads_that_end(db::Database& database)
{
    auto [leads, ending] = parted_leads(database);
    leads.erase(leads.begin() + ending, leads.end());
    return std::move(leads);
}

std::vector<Lead> leads_to_nobody(db::Database& database)
{
    auto [leads, ending] = parted_leads(database);
    leads.erase(leads.begin(), leads.begin() + ending);
    return std::move(leads);
}

std::vector<db::GroupReference> cut_off(const std::vector<Lead>& before, db::Database& database)
{
    std::vector<db::GroupReference> found;
    if (before.empty()) return found;
    const auto all = all_leads(database);
    const auto now = leads_that_end(database);
    const auto has = [](const std::vector<Lead>& leads, const Lead& one) {
        return std::ranges::find(leads, one) != leads.end();
    };
    for (const auto& lead : before)
        if (has(all, lead) && !has(now, lead)) found.push_back(lead.by);
    return found;
}

bool may_lead_to(std::string_view number, std::string_view was, db::Database& database)
{
    return number.empty() || number == was || is_destination(number, database);
}

}  // namespace lampline::admin
