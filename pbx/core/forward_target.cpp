#include "core/forward_target.hpp"

#include "core/extension_uri.hpp"
#include "core/own_number.hpp"

namespace lampline {

std::optional<ForwardRefusal> forward_refusal(const DigitPlan& plan, std::string_view by,
                                              std::string_view number, bool is_ours)
{
    const auto match = plan.find(is_ours ? std::string{number} : plain_number(number));
    if (!match || (is_ours && yields_to_owner(*match, number))) return std::nullopt;
    const auto& rule = *match->rule;
    const std::string who{by};
    if (rule.emergency)
        return ForwardRefusal{"Not To An Emergency Number",
                              std::string{number} + " is an emergency number"};
    if (rule.status != 0)
        return ForwardRefusal{"Not Allowed",
                              "The digit plan refuses calls to " + std::string{number}};
    if (rule.call_class > plan.right_of(by))
        return ForwardRefusal{
            "Not Allowed", who + " may not make " + std::string{name(rule.call_class)} + " calls"};
    if (!rule.trunks.empty() && !plan.outside_rights_of(by).forward)
        return ForwardRefusal{"Not To Outside", who + " may not forward calls to outside"};
    return std::nullopt;
}

}  // namespace lampline
