/// Texts that people search, whatever the case of their letters.
#pragma once

#include <string_view>

namespace lampline {

/// The small letter of a Latin (to U+017F), Greek or Cyrillic one, letter by letter; any other code
/// point as it is. A table of all scripts would be ICU, which is larger than we are.
[[nodiscard]] char32_t folded(char32_t letter) noexcept;

/// `wanted` is somewhere in `text`, but for the case of letters. Both are UTF-8; a byte that is
/// none stands for itself. Nothing is in every text.
[[nodiscard]] bool holds_text(std::string_view text, std::string_view wanted) noexcept;

}  // namespace lampline
