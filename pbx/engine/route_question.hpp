#pragma once
// What calls that no phone has dialled ask the router. The answers refer to the arguments.
#include <string_view>

#include "core/call.hpp"
#include "engine/addresses.hpp"
#include "engine/router.hpp"

namespace lampline {

/// Whether `number` can be rung for `transferee`, whose phone is at `own` and shows the number
/// `shown`, by the rights of `by`.
[[nodiscard]] RouteQuestion question_of_transfer(const Call& call, const Leg& transferee,
                                                 std::string_view by, std::string_view number,
                                                 std::string_view shown, const PhoneAddress& own);
/// Whether `from`, whose phones ring first, can call `to`.
[[nodiscard]] RouteQuestion question_of_click(std::string_view from, const Called& to);

}  // namespace lampline
