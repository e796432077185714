#include "core/trunk.hpp"

#include <charconv>

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

bool is_numeric_address(std::string_view host) noexcept
{
    if (host.find(':') != std::string_view::npos)
        return host.size() <= 45 &&
               host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
    for (int part = 0; part < 4; ++part) {
        unsigned value = 0;
        const auto* end = host.data() + host.size();
        const auto read = std::from_chars(host.data(), end, value);
        if (read.ec != std::errc{} || value > 255) return false;
        host.remove_prefix(static_cast<std::size_t>(read.ptr - host.data()));
        if (part == 3) return host.empty();
        if (!host.starts_with('.')) return false;
        host.remove_prefix(1);
    }
    return false;
}

std::string trunk_contact_user(std::string_view trunk)
{
    return "trunk-" + std::string{trunk};
}

}  // namespace lampline
