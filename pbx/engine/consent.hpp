#pragma once
// Extensions that hide themselves, or whom they talk to, on the lamps of others (`Visibility`).
#include <string_view>

#include "core/call_event.hpp"
#include "core/directory.hpp"

namespace lampline {

/// Whether `party`, at the other end of a dialog that others watch, is an extension that does not
/// let itself be seen there. Somebody outside has no say, nor has a ring group or a slot.
/// `other_host`: by which `party` may name the office, beside its domain; empty: none. O(1).
[[nodiscard]] bool is_withheld(const SipUri& party, const Directory& directory,
                               std::string_view other_host = {});
/// The same for who is at the other end of `dialog`.
[[nodiscard]] bool withholds_party(const DialogSnapshot& dialog, const Directory& directory);
/// Whoever is an extension in `after` lets itself be seen as in `before`. O(extensions).
[[nodiscard]] bool same_consent(const Directory& before, const Directory& after);

}  // namespace lampline
