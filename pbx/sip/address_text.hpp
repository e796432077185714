#pragma once
// Numeric IP addresses as text, quickly.

namespace lampline::sip {

/// Nothing; a call to it makes the linker take address_text.cpp, whose inet_ntop(3) then serves the
/// stack as well: it writes the address of every message three times, and the C library does that
/// by sprintf.
void write_addresses_quickly() noexcept;

}  // namespace lampline::sip
