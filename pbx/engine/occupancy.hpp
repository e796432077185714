#pragma once
// Who is in how many calls, and who talked last.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/string_table.hpp"

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
    /// `except` does not count.
    [[nodiscard]] std::size_t calls(std::string_view extension, CallRef except = {}) const noexcept;
    /// Those calls.
    [[nodiscard]] std::vector<CallRef> calls_of(std::string_view extension) const;
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

    StringTable<std::vector<Share>> by_extension_;
    StringTable<std::uint64_t> last_talked_;
    std::uint64_t talks_ = 0;
};

}  // namespace lampline
