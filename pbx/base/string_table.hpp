#pragma once
// A hash table by text that can be asked with any text.
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace lampline {

struct StringHash {
    using is_transparent = void;
    // Not noexcept: libstdc++ then keeps each hash with its entry, so that a search neither hashes
    // the keys that share a bucket nor reads most of them.
    std::size_t operator()(std::string_view text) const
    {
        return std::hash<std::string_view>{}(text);
    }
};

template <class T>
using StringTable = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

}  // namespace lampline
