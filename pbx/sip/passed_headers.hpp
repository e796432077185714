#pragma once
// Which headers go from leg to leg.
#include <string_view>

namespace lampline::sip {

/// The allow-list of headers that go from leg to leg as they are. Never on it: what describes one
/// hop or one leg (Via, Route, Contact, Call-ID, Allow, Supported, ...), what asserts or proves an
/// identity (P-Asserted-Identity, Authorization, ...), and what names the software of the phone.
bool passes_through(std::string_view header_name) noexcept;

}  // namespace lampline::sip
