#pragma once
// What can be dialled beside extensions, and the lines that it goes out by.
#include <vector>

#include "core/calling_card.hpp"
#include "core/digit_plan.hpp"
#include "core/feature_code.hpp"
#include "core/park_lot.hpp"
#include "core/ring_group.hpp"
#include "core/trunk.hpp"

namespace lampline {

struct Numbering {
    FeatureCodes feature_codes;
    std::vector<RingGroup> ring_groups;
    DigitPlan digit_plan{};
    std::vector<Trunk> trunks{};
    CallingCard calling_card{};
    ParkLot park_lot{};
};

}  // namespace lampline
