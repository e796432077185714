#include "core/trunk.hpp"

namespace lampline {

std::string_view name(TrunkKind kind) noexcept
{
    return kind == TrunkKind::registering ? "registering" : "peer";
}

std::optional<TrunkKind> trunk_kind(std::string_view word) noexcept
{
    for (const auto kind : {TrunkKind::registering, TrunkKind::peer})
        if (name(kind) == word) return kind;
    return std::nullopt;
}

std::string trunk_contact_user(std::string_view trunk)
{
    return "trunk-" + std::string{trunk};
}

}  // namespace lampline
