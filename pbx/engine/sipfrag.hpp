#pragma once
// The body of a report on a REFER: how the response to an INVITE begins (RFC 3515 §2.4.5, RFC 3420).
#include <span>
#include <string>
#include <string_view>

#include "core/sip_types.hpp"

namespace lampline {

inline constexpr std::string_view sipfrag_type = "message/sipfrag;version=2.0";

/// What progress is called that is told once more, when the phone's own words for it are gone (RFC
/// 3261 §21.1); empty: a status of none.
std::string_view words_of_progress(unsigned status) noexcept;

/// The status line, which is all that some phones read, and then why: of `told` the Reason headers
/// (RFC 3326) and behind them the Warnings, and no others. Each line ends with CRLF, and no empty
/// one follows. A control character becomes a blank, of `phrase` no more than 128 bytes are told,
/// and of headers no more than 512, each whole or not at all: a NOTIFY is to fit into a datagram.
std::string sipfrag(unsigned status, std::string_view phrase, std::span<const Header> told = {});

}  // namespace lampline
