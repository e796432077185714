#pragma once
// Dialled digits -> whom to ring.
#include <span>
#include <string>

#include "core/directory.hpp"
#include "core/location_table.hpp"

namespace lampline {

/// Where a call goes: to the phones of one extension, or nowhere for a reason.
struct Route {
    const Extension* extension = nullptr;  ///< null: rejected
    std::span<const Binding>
        bindings;         ///< all ring at once; valid until the location table changes
    unsigned status = 0;  ///< rejected: 404 or 480
    std::string_view phrase;
};

/// The route of a call to `dialled` (RFC 3261 §16.5): 404 no such extension, 480 none of its phones
/// is registered.
Route route(std::string_view dialled, const Directory& directory, const LocationTable& locations);

}  // namespace lampline
