#pragma once
// How often a watcher is told: whose turn it is, whatever the event package.
#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.hpp"
#include "base/string_table.hpp"
#include "base/timer_queue.hpp"
#include "core/sip_command.hpp"

namespace lampline {

/// The turns of the NOTIFYs to watchers whose profile wants a gap between any two. What waits is
/// written when its turn comes, so it says what is true then. What is urgent is told before what is
/// not, which has every fourth turn all the same; among its like, whoever has waited longest is
/// next. O(1) but for the timers; memory only for who was told within the last gap. SIP thread only.
class NotifyPacing {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// Whether `subscription` of `watcher` may be told now; then nobody else may for `gap`. If not,
    /// take_due() names it when its turn comes. What waits and becomes `urgent` meanwhile goes to
    /// the end of what is; it does not go back.
    [[nodiscard]] bool take_turn(const std::string& watcher, SubscriptionId subscription,
                                 std::chrono::milliseconds gap, TimePoint now, bool urgent = false);
    /// `watcher` is told out of turn: the others wait for `gap`.
    void note_told(const std::string& watcher, std::chrono::milliseconds gap, TimePoint now);
    /// What `watcher` is to be told now would have to wait.
    [[nodiscard]] bool holds_back(std::string_view watcher, TimePoint now) const;

    /// Takes a subscription whose turn has come; it may be over. nullopt: none. Unless it takes the
    /// turn, it is the next one's.
    std::optional<SubscriptionId> take_due(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const { return turns_.next_deadline(); }

private:
    using Waiting = std::list<SubscriptionId>;  // whose turn is next first
    struct Line {
        Waiting urgent, others;
        unsigned urgent_in_row = 0;  // since the others had a turn, or could have had one
        TimePoint free_at{};
    };
    struct Place {
        Waiting* in = nullptr;
        Waiting::iterator at{};
    };

    static constexpr unsigned most_in_row = 3;

    StringTable<Line> lines_;  // by watcher
    std::unordered_map<SubscriptionId, Place> waiting_;
    TimerQueue<std::string> turns_;
};

}  // namespace lampline
