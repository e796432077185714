#pragma once
// The digit plan about numbers that somebody here has.
#include <string_view>

#include "core/digit_plan.hpp"

namespace lampline {

/// Whether `match`, the rule that is about `number`, gives way to who has it here. A number that somebody has counts as
/// a rule of the usual priority would that spells it out and stands behind all others: so a wide rule takes it nowhere, and
/// one that is meant does. Rules for emergencies, and those that leave a number where it is and say how its callers are
/// joined or what right they need, give way to nobody.
bool yields_to_owner(const DigitPlan::Match& match, std::string_view number);

}  // namespace lampline
