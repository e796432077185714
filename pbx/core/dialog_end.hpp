#pragma once
// What a refusal within a dialog says of the call (RFC 5057).
#include "core/sip_types.hpp"

namespace lampline {

/// Whether the refusal of a request that somebody passes on to the other phone may say that the call is gone there. Of
/// other methods it ends no more than their own usage of the dialog, or nothing (RFC 5057 §5.1).
[[nodiscard]] constexpr bool speaks_of_call(Method method) noexcept
{
    return method == Method::invite || method == Method::update || method == Method::info || method == Method::options;
}

}  // namespace lampline
