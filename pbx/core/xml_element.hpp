#pragma once
// Small XML documents from phones, read with limits.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lampline {

/// One element; names are without prefix or namespace.
struct XmlElement {
    std::string name;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string text;  ///< all character data directly in it, blanks at both ends left out
    std::vector<XmlElement> children;

    /// The first child of that name; nullptr: none.
    [[nodiscard]] const XmlElement* child(std::string_view name) const noexcept;
    /// The text of that child; empty: none.
    [[nodiscard]] std::string_view text_of(std::string_view name) const noexcept;
};

/// The root of a document of at most 32 KB, 16 levels and 512 elements. nullopt: not well formed,
/// a DOCTYPE, or beyond a limit. Any thread.
std::optional<XmlElement> read_xml(std::string_view text);

}  // namespace lampline
