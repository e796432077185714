#include "web/router.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace lampline::web {
namespace {

/// `{name}` stands for any segment, `{name}:verb` for any that ends with `:verb`.
struct AnySegment {
    std::string_view name;
    std::string_view verb;  ///< with its colon; empty: none

    static std::optional<AnySegment> parse(std::string_view segment)
    {
        const auto end = segment.find('}');
        if (!segment.starts_with('{') || end == segment.npos) return std::nullopt;
        return AnySegment{segment.substr(1, end - 1), segment.substr(end + 1)};
    }
    [[nodiscard]] bool matches(std::string_view segment) const
    {
        return segment.size() > verb.size() && segment.ends_with(verb);
    }
};

struct Match {
    PathParams params;
    bool verb = false;
};

std::optional<Match> match(const std::vector<std::string>& pattern,
                           const std::vector<std::string>& segments)
{
    if (pattern.size() != segments.size()) return std::nullopt;
    Match match;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const auto any = AnySegment::parse(pattern[i]);
        if (any && any->matches(segments[i])) {
            match.params.emplace_back(any->name,
                                      segments[i].substr(0, segments[i].size() - any->verb.size()));
            match.verb = match.verb || !any->verb.empty();
        } else if (pattern[i] != segments[i]) {
            return std::nullopt;
        }
    }
    return match;
}

}  // namespace

Route find_route(std::span<const Operation> operations, std::string_view method,
                 const std::vector<std::string>& segments)
{
    Route route;
    bool verb = false;
    const std::string_view served = method == "HEAD" ? "GET" : method;
    for (const auto& operation : operations) {
        auto found = match(operation.path, segments);
        if (!found || (verb && !found->verb)) continue;
        if (found->verb && !std::exchange(verb, true)) route = {};  // it means no `{name}`
        auto* params = &found->params;
        route.allowed.push_back(operation.method);
        if (operation.method == "GET") route.allowed.emplace_back("HEAD");
        const bool better = route.operation == nullptr || params->size() < route.params.size();
        if (operation.method != served || !better) continue;
        route.operation = &operation;
        route.params = std::move(*params);
    }
    if (!route.allowed.empty()) route.allowed.emplace_back("OPTIONS");
    return route;
}

std::vector<std::string> methods_of(std::span<const Operation> operations)
{
    std::vector<std::string> methods{"GET", "HEAD", "OPTIONS"};
    for (const auto& operation : operations)
        if (std::ranges::find(methods, operation.method) == methods.end())
            methods.push_back(operation.method);
    return methods;
}

}  // namespace lampline::web
