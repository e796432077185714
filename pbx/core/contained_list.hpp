#pragma once
// The list that a SUBSCRIBE contains (RFC 5367), in the format of RFC 4826 §3.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "core/sip_uri.hpp"

namespace lampline {

inline constexpr std::string_view resource_lists_type = "application/resource-lists+xml";
inline constexpr std::size_t max_contained_entries = 1000;
inline constexpr std::size_t max_entry_uri = 256;  ///< bytes

/// One resource of such a list.
struct ContainedEntry {
    std::string
        member;  ///< what it is to us, if that is there at all: as Directory names it; else `uri`
    std::string uri;  ///< as the phone calls it

    friend bool operator==(const ContainedEntry&, const ContainedEntry&) = default;
};

enum class ContainedListFault : std::uint8_t {
    malformed,  ///< not XML as parse_xml() reads it, or no resource-lists, or an entry without URI
    empty,
    too_large,  ///< entries, or the URI of one
};

/// The URIs of all entries, nested lists too, in the order of the document, each once.
/// `entry-ref` and `external` are passed over with all else that RFC 5367 §4 has no use for. Any
/// thread.
Result<std::vector<std::string>, ContainedListFault> read_contained_list(std::string_view text);

/// The number or name that `uri` has here, where it is at `domain`, or at `host`, the same by
/// another name, or a `tel:`. Empty: it is somebody else's, or can be nobody's.
std::string name_here(const SipUri& uri, std::string_view domain, std::string_view host);

}  // namespace lampline
