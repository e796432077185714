#include "core/trunk_line.hpp"

namespace lampline {

std::string_view name(TrunkState state) noexcept
{
    switch (state) {
    case TrunkState::disabled: return "disabled";
    case TrunkState::starting: return "starting";
    case TrunkState::registered: return "registered";
    case TrunkState::available: return "available";
    case TrunkState::failed: return "failed";
    case TrunkState::unreachable: return "unreachable";
    }
    return "";
}

}  // namespace lampline
