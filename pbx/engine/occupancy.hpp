#pragma once
// Who is in how many calls, and who talked last.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"

namespace lampline {

/// Calls of each extension: a call that rings at two of its phones is one. An empty extension is
/// nobody's. O(1) in the number of
/// calls of others. SIP thread only.
class Occupancy {
public:
    /// A leg of `extension` began in `call`.
    void began(std::string_view extension, CallRef call);
    /// A leg of `extension` that was announced by began() ended in `call`.
    void ended(std::string_view extension, CallRef call);
    [[nodiscard]] std::size_t calls(std::string_view extension) const noexcept;
    /// A talk of `extension` ended.
    void talked(std::string_view extension);
    /// Rises with each end of a talk, of anybody; 0: it has not talked yet.
    [[nodiscard]] std::uint64_t last_talked(std::string_view extension) const noexcept;
    /// Forgets when those talked whom `gone` names.
    template <class Gone>
    void forget_if(Gone gone)
    {
        std::erase_if(last_talked_, [&](const auto& each) { return gone(each.first); });
    }

private:
    struct Share {
        CallRef call;
        std::size_t legs = 0;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept
        {
            return std::hash<std::string_view>{}(text);
        }
    };
    template <class T>
    using Table = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

    Table<std::vector<Share>> by_extension_;
    Table<std::uint64_t> last_talked_;
    std::uint64_t talks_ = 0;
};

}  // namespace lampline
