#pragma once
// Whether calls may be sent on to a number at all: asked once for codes, keys of phones, and REST.
#include <optional>
#include <string>
#include <string_view>

#include "core/digit_plan.hpp"

namespace lampline {

/// Why calls would get no further, or not be let go there.
struct ForwardRefusal {
    std::string_view phrase;  ///< of a status line
    std::string reason;       ///< for people
};

/// What `plan` has against calls that `by` sends on to `number`, in whatever way it is written;
/// nullopt: nothing. An emergency number is none to forward to. `is_ours`: the number is an
/// extension's or a ring group's.
std::optional<ForwardRefusal> forward_refusal(const DigitPlan& plan, std::string_view by,
                                              std::string_view number, bool is_ours);

}  // namespace lampline
