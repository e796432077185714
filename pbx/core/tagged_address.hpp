#pragma once
// From and To of a dialog, as text.
#include <string>
#include <string_view>

namespace lampline {

/// `address` with `tag`; without one where the tag is empty, which is null: that of a phone older
/// than RFC 3261, which gives none (§12.2.1.1).
inline std::string with_tag(std::string address, std::string_view tag)
{
    if (!tag.empty()) address.append(";tag=").append(tag);
    return address;
}

}  // namespace lampline
