#include "core/own_number.hpp"

namespace lampline {

bool yields_to_owner(const DigitPlan::Match& match, std::string_view number)
{
    const auto& rule = *match.rule;
    const bool leaves_it = rule.trunks.empty() && rule.status == 0 && match.number == number;
    if (rule.emergency || leaves_it) return false;
    const auto usual = DigitRule{}.priority;
    if (rule.priority != usual) return rule.priority > usual;
    return literal_length(rule.pattern) < number.size();
}

}  // namespace lampline
