#include "admin/numbers.hpp"

#include "admin/feature_code_service.hpp"
#include "core/park_lot.hpp"
#include "db/calling_card_store.hpp"
#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"
#include "db/park_lot_store.hpp"
#include "db/ring_group_store.hpp"

namespace lampline::admin {

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
    if (db::ExtensionStore{database}.find(number) || db::RingGroupStore{database}.find(number))
        return true;
    auto plan = db::DigitPlanStore{database}.find();
    return plan && DigitPlan{std::move(plan->content)}.find(number);
}

std::string for_phones_alone(std::string_view number, db::Database& database)
{
    if (const auto card = db::CallingCardStore{database}.find();
        card && !number.empty() && card->content.number == number)
        return "the number of the calling-card application";
    for (const auto& code : FeatureCodeService{database}.all())
        if (!code.code.empty() && code.code == number)
            return "the code of " + std::string{name(code.feature)};
    if (db::ExtensionStore{database}.find(number) || db::RingGroupStore{database}.find(number))
        return {};
    if (const auto lot = db::ParkLotStore{database}.find();
        lot && !number.empty() && (lot->content.number == number || lot->content.slot_of(number)))
        return "a number of the park lot";
    return {};
}

std::vector<db::GroupReference> emergencies_of(std::string_view number, db::Database& database)
{
    auto row = db::DigitPlanStore{database}.find();
    if (!row) return {};
    const auto rules = row->content.rules;
    const DigitPlan plan{std::move(row->content)};
    const auto dialled = plan.find(number);
    std::vector<db::GroupReference> found;
    for (const auto& rule : rules) {
        const bool by_itself = dialled && *dialled->rule == rule && dialled->number == number;
        if (rule.emergency && rule.trunks.empty() && (rule.replacement == number || by_itself))
            found.push_back(
                {rule.name.empty() ? rule.pattern : rule.name, "emergency", {}, "digit_rule"});
    }
    return found;
}

bool may_lead_to(std::string_view number, std::string_view was, db::Database& database)
{
    return number.empty() || number == was || is_destination(number, database);
}

}  // namespace lampline::admin
