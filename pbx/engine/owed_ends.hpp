#pragma once
// Lamps that phones were told unasked, and may still show though nobody tells them any more.
#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/string_table.hpp"
#include "core/stored.hpp"

namespace lampline {

/// Those of phones that are not registered: they are told once they are back, be it by a new
/// registration, for who was only cut off shows what it did before. Of each extension the latest
/// `most_of_watcher` are known, and each for `longest`. To add one is O(1), to take some O(those of
/// one extension). SIP thread only.
class OwedEnds {
public:
    static constexpr std::size_t most_of_watcher = 1024;
    static constexpr std::chrono::hours longest{7 * 24};  ///< a weekend, and who is away for a week

    /// Its phone has not come back for too long. Never while its `since` is 0.
    [[nodiscard]] static bool is_over(const UnaskedLamp& lamp, std::chrono::sys_seconds now)
    {
        return lamp.since != std::chrono::sys_seconds{} && lamp.since + longest < now;
    }

    /// Instead of the same one of before. Returns what is forgotten for it, or is over by `now`.
    [[nodiscard]] std::vector<UnaskedLamp> add(UnaskedLamp lamp, std::chrono::sys_seconds now);
    /// Those of the phone that is back.
    [[nodiscard]] std::vector<UnaskedLamp> take(std::string_view watcher, std::string_view phone);
    [[nodiscard]] std::vector<UnaskedLamp> take_all_of(std::string_view watcher);
    /// Those that have no `since`, which is `now` from now on.
    [[nodiscard]] std::vector<UnaskedLamp> date(std::chrono::sys_seconds now);

    [[nodiscard]] bool any_of(std::string_view watcher) const
    {
        return by_watcher_.contains(watcher);
    }
    [[nodiscard]] std::vector<std::string> watchers() const;

private:
    struct Lamps {
        std::list<UnaskedLamp> by_age;  // the oldest first
        std::unordered_map<std::string, std::list<UnaskedLamp>::iterator> by_name;
    };

    StringTable<Lamps> by_watcher_;  // none is empty
};

}  // namespace lampline
