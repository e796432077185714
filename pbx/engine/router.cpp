#include "engine/router.hpp"

namespace lampline {

Route route(std::string_view dialled, const Directory& directory, const LocationTable& locations)
{
    const auto* extension = directory.find(dialled);
    if (!extension) return {.status = 404, .phrase = "No Such Extension"};
    const auto bindings = locations.bindings(dialled);
    if (bindings.empty()) return {.status = 480, .phrase = "No Phone Registered"};
    return {.extension = extension, .bindings = bindings};
}

}  // namespace lampline
