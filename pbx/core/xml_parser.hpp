#pragma once
// Small XML documents from phones, element by element, within limits.
#include <cstddef>
#include <string_view>

namespace lampline {

/// Is shown what a document holds, in its order. May throw, which ends the reading.
class XmlHandler {
public:
    virtual ~XmlHandler() = default;
    /// `name`: namespace, `|`, local name; without a namespace the local name alone. `attributes`:
    /// name and value in turn, then null. False: no more is wanted, the document is refused.
    virtual bool start(std::string_view name, const char** attributes) = 0;
    /// Of the element that started last and has not ended.
    virtual void end() = 0;
    /// Part of the text of the element that is open; it may come in several parts.
    virtual void characters(std::string_view text) = 0;
};

inline constexpr std::size_t max_xml_text = 32 * 1024;
inline constexpr std::size_t max_xml_depth = 16;

/// Whether a body of this type is XML: `x/xml` or `x/y+xml` (RFC 7303 §4.2), whatever its
/// parameters.
bool is_xml(std::string_view content_type) noexcept;

/// False: not well formed, a DOCTYPE, beyond a limit, or refused by `handler`. Any thread.
bool parse_xml(std::string_view text, XmlHandler& handler);

}  // namespace lampline
