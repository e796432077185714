#pragma once
// What can be dialled beside extensions.
#include "core/feature_code.hpp"

namespace lampline {

struct Numbering {
    FeatureCodes feature_codes;
};

}  // namespace lampline
