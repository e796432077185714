#pragma once
// What the stack's parsers leave out of a message, and nobody could see afterwards: that a Call-Info
// has empty values, which RFC 3261 §20.9 does not allow, and the text of a Refer-To that cannot be
// read. lost_text.cpp takes the place of the two, as strict_replaces.cpp does, and notes it for who
// handles the message, which is parsed right before that. The thread of the stack only.
#include <string>

#include "sip/sofia.hpp"

namespace lampline::sip {

/// Does nothing; whoever calls it has the parsers linked.
void note_lost_text() noexcept;

/// A Call-Info of the message has an empty value, as between two commas, beside others.
[[nodiscard]] bool has_empty_call_info(const sip_t& sip) noexcept;

/// The Refer-To that was found unreadable last, cut where it is long, once.
[[nodiscard]] std::string take_unreadable_refer_to() noexcept;

}  // namespace lampline::sip
