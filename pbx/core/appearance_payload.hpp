#pragma once
// What a message says of the appearance that it is about, beside what it carries.
#include <optional>

#include "core/appearance.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// The first value of a Call-Info header of `payload` that names an appearance; nullopt: none does,
/// or it is malformed.
std::optional<CallInfo> appearance_in(const PayloadRef& payload);

/// `payload` without what it says of appearances. These are between a phone and its exchange: the
/// other side has lines of its own. `payload` must not be null.
PayloadRef without_appearance(const PayloadRef& payload);

}  // namespace lampline
