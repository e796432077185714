#pragma once
// The start lines, CSeq and Content-Length of the stack's messages as text, quickly.

namespace lampline::sip {

/// Nothing; a call to it makes the linker take field_encoders.cpp, whose four encoders then serve
/// the stack in place of its own (as screen.hpp explains): those go through snprintf, which is half
/// of what it costs to write a message's headers.
void write_fields_quickly() noexcept;

}  // namespace lampline::sip
