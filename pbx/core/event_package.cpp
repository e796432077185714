#include "core/event_package.hpp"

#include <algorithm>
#include <array>

namespace lampline {
namespace {

constexpr std::array<std::string_view, event_package_count> names{
    "message-summary", "presence", "reg", "as-feature-event", "call-info", "line-seize",
};

}  // namespace

std::string_view name(EventPackage package) noexcept
{
    return names[static_cast<std::size_t>(package)];
}

std::optional<EventPackage> event_package(std::string_view event) noexcept
{
    const auto found = std::ranges::find(names, event.substr(0, event.find_first_of("; \t")));
    if (found == names.end()) return std::nullopt;
    return static_cast<EventPackage>(found - names.begin());
}

const std::string& allow_events()
{
    static const std::string all = [] {
        std::string list{"dialog"};
        for (const auto package : names) list.append(", ").append(package);
        return list;
    }();
    return all;
}

}  // namespace lampline
