#pragma once
// What can be watched and dialled of an extension besides itself: `dnd+202`, `fwd+202`, `login+600`.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lampline {

enum class KeyFeature : std::uint8_t {
    do_not_disturb,  ///< `dnd+`: lit while its owner wants peace; its owner's call changes that
    forward_always,  ///< `fwd+`: lit while all calls of its owner are forwarded; its owner's call
                     ///< ends that
    logged_in,  ///< `login+600`: lit while its owner is logged in to a ring group; its owner's call
                ///< changes that
};

/// One such key.
struct FeatureKey {
    KeyFeature feature;
    std::string_view owner;    ///< number of an extension; refers into what was read
    std::string_view group{};  ///< of `logged_in`: number of the ring group
};

/// nullopt: `number` is none. Of `login+` all that follows is read as `group`, and `owner` is
/// empty: Directory::key() knows better.
std::optional<FeatureKey> feature_key(std::string_view number) noexcept;
/// How the key of `owner` is written.
std::string key_of(KeyFeature feature, std::string_view owner);

}  // namespace lampline
