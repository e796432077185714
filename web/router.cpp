#include "web/router.hpp"

#include <optional>

namespace lampline::web {
namespace {

bool is_any(std::string_view segment)
{
    return segment.starts_with('{') && segment.ends_with('}');
}

std::optional<PathParams> match(const std::vector<std::string>& pattern,
                                const std::vector<std::string>& segments)
{
    if (pattern.size() != segments.size()) return std::nullopt;
    PathParams params;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (is_any(pattern[i]) && !segments[i].empty())
            params.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), segments[i]);
        else if (pattern[i] != segments[i])
            return std::nullopt;
    }
    return params;
}

}  // namespace

Route find_route(std::span<const Operation> operations, std::string_view method,
                 const std::vector<std::string>& segments)
{
    Route route;
    const std::string_view served = method == "HEAD" ? "GET" : method;
    for (const auto& operation : operations) {
        auto params = match(operation.path, segments);
        if (!params) continue;
        route.allowed.push_back(operation.method);
        if (operation.method == "GET") route.allowed.emplace_back("HEAD");
        const bool better = route.operation == nullptr || params->size() < route.params.size();
        if (operation.method != served || !better) continue;
        route.operation = &operation;
        route.params = std::move(*params);
    }
    return route;
}

}  // namespace lampline::web
