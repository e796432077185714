#include "admin/numbers.hpp"

#include "core/park_lot.hpp"
#include "db/digit_plan_store.hpp"
#include "db/extension_store.hpp"
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

bool is_taken(std::string_view number, db::Database& database)
{
    return db::ExtensionStore{database}.find(number) || db::RingGroupStore{database}.find(number);
}

bool is_destination(std::string_view number, db::Database& database)
{
    if (is_taken(number, database)) return true;
    auto plan = db::DigitPlanStore{database}.find();
    return plan && DigitPlan{std::move(plan->rules)}.find(number);
}

}  // namespace lampline::admin
