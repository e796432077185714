#pragma once
// Which dialog a Replaces means (RFC 3891 §3), as phones in the field write it.
#include <cstdint>

#include "core/sip_types.hpp"

namespace lampline {

/// How surely a Replaces header names a dialog; lower is surer.
enum class MatchRung : std::uint8_t {
    exact,      ///< to-tag ours, from-tag the other's
    exchanged,  ///< the other way round
    one_tag,    ///< one of them, where it belongs; the other is missing, or 0
    one_tag_exchanged,
    call_id_only,  ///< no tags
    none,
};

/// The rung on which `replaces` names `dialog`, whose Call-ID is known to be the same.
MatchRung rung_of(const DialogId& dialog, const Replaces& replaces) noexcept;

}  // namespace lampline
