#pragma once
// What can be dialled beside extensions.
#include <vector>

#include "core/digit_plan.hpp"
#include "core/feature_code.hpp"
#include "core/park_lot.hpp"
#include "core/ring_group.hpp"

namespace lampline {

struct Numbering {
    FeatureCodes feature_codes;
    std::vector<RingGroup> ring_groups;
    DigitPlan digit_plan{};
    ParkLot park_lot{};
};

}  // namespace lampline
