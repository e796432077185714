#pragma once
// What calls to outside may cost, and who may cause them.
#include <chrono>

namespace lampline {

/// What calls to outside may cost. 0: no limit.
struct OutsideLimits {
    unsigned calls = 0;              ///< at once
    std::chrono::minutes minutes{};  ///< of one call, after which it ends
    unsigned calls_per_day = 0;      ///< attempts within a day (UTC)

    friend bool operator==(const OutsideLimits&, const OutsideLimits&) = default;
};

/// What one number may do outside, beside the classes of calls it may make. The defaults are those
/// of a plan that says nothing: an office notices them long after a thief does.
struct OutsideRights {
    bool forward = false;  ///< calls to it may go on to outside
    OutsideLimits limits{.calls = 4, .minutes = std::chrono::minutes{240}, .calls_per_day = 300};

    friend bool operator==(const OutsideRights&, const OutsideRights&) = default;
};

}  // namespace lampline
