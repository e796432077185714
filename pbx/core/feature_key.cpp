#include "core/feature_key.hpp"

#include <array>

namespace lampline {
namespace {

constexpr std::array<std::string_view, 3> beginnings{"dnd+", "fwd+", "login+"};

}  // namespace

std::optional<FeatureKey> feature_key(std::string_view number) noexcept
{
    for (std::size_t at = 0; at < beginnings.size(); ++at) {
        if (!number.starts_with(beginnings[at]) || number.size() == beginnings[at].size()) continue;
        const auto feature = static_cast<KeyFeature>(at);
        const auto rest = number.substr(beginnings[at].size());
        if (feature == KeyFeature::logged_in) return FeatureKey{feature, {}, rest};
        return FeatureKey{feature, rest};
    }
    return std::nullopt;
}

std::string key_of(KeyFeature feature, std::string_view owner)
{
    return std::string{beginnings[static_cast<std::size_t>(feature)]}.append(owner);
}

}  // namespace lampline
