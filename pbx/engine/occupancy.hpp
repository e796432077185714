#pragma once
// Who is in how many calls.
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"

namespace lampline {

/// Calls of each extension: a call that rings at two of its phones is one. O(1) in the number of
/// calls of others. SIP thread only.
class Occupancy {
public:
    /// A leg of `extension` began in `call`.
    void began(std::string_view extension, CallRef call);
    /// A leg of `extension` that was announced by began() ended in `call`.
    void ended(std::string_view extension, CallRef call);
    [[nodiscard]] std::size_t calls(std::string_view extension) const noexcept;

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
    std::unordered_map<std::string, std::vector<Share>, Hash, std::equal_to<>> by_extension_;
};

}  // namespace lampline
