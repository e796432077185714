#pragma once
// A move of a call that came to nothing, in the words of its record.
#include <span>
#include <string_view>

#include "core/call_record.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// `phrase`, `told`: of the response with `status`, or of what would be one; of `told` the words of Warning and Reason
/// count. Texts may be anybody's: they are cut, between characters of UTF-8, and control characters become blanks.
[[nodiscard]] FailedMove failed_move(MoveKind kind, std::string_view target, unsigned status,
                                     std::string_view phrase, std::span<const Header> told = {});

}  // namespace lampline
