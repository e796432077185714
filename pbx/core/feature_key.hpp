#pragma once
// What can be watched and dialled of an extension besides itself: `dnd+202`, `fwd+202`.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lampline {

enum class KeyFeature : std::uint8_t {
    do_not_disturb,  ///< `dnd+`: lit while its owner wants peace; its owner's call changes that
    forward_always,  ///< `fwd+`: lit while all calls of its owner are forwarded; its owner's call
                     ///< ends that
};

/// One such key.
struct FeatureKey {
    KeyFeature feature;
    std::string_view owner;  ///< number of an extension; refers into what was read
};

/// nullopt: `number` is none.
std::optional<FeatureKey> feature_key(std::string_view number) noexcept;
/// How the key of `owner` is written.
std::string key_of(KeyFeature feature, std::string_view owner);

}  // namespace lampline
