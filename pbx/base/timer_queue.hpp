#pragma once
// Deadlines of one use case, in order.
#include <chrono>
#include <cstdint>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

namespace lampline {

/// At most one deadline per key; O(log n) to set, O(1) to cancel. Cancelled entries leave the heap
/// lazily, and the heap is rebuilt when they are the majority, so it stays within twice the live
/// deadlines. Belongs to one thread.
template <class Key, class Hash = std::hash<Key>>
class TimerQueue {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// Sets or moves the deadline of `key`.
    void set(const Key& key, TimePoint deadline)
    {
        const auto generation = ++last_generation_;
        live_.insert_or_assign(key, Live{deadline, generation});
        heap_.push(Entry{deadline, generation, key});
        if (heap_.size() > 2 * live_.size() + 64) rebuild();
    }

    void cancel(const Key& key) { live_.erase(key); }

    /// The earliest deadline; nullopt when nothing is set. May name a cancelled one: waking early
    /// is harmless.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const
    {
        if (live_.empty() || heap_.empty()) return std::nullopt;
        return heap_.top().deadline;
    }

    /// Takes one key whose deadline is not after `now`; nullopt when none is due.
    std::optional<Key> take_due(TimePoint now)
    {
        while (!heap_.empty()) {
            const Entry& top = heap_.top();
            const auto live = live_.find(top.key);
            const bool stale = live == live_.end() || live->second.generation != top.generation;
            if (!stale && top.deadline > now) return std::nullopt;
            Key key = top.key;
            heap_.pop();
            if (stale) continue;
            live_.erase(live);
            return key;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::size_t size() const noexcept { return live_.size(); }

private:
    struct Live {
        TimePoint deadline;
        std::uint64_t generation;
    };
    struct Entry {
        TimePoint deadline;
        std::uint64_t generation;
        Key key;
        bool operator<(const Entry& other) const noexcept
        {
            return deadline != other.deadline ? deadline > other.deadline
                                              : generation > other.generation;
        }
    };

    void rebuild()
    {
        std::vector<Entry> entries;
        entries.reserve(live_.size());
        for (const auto& [key, live] : live_)
            entries.push_back({live.deadline, live.generation, key});
        heap_ = std::priority_queue<Entry>{std::less<Entry>{}, std::move(entries)};
    }

    std::unordered_map<Key, Live, Hash> live_;
    std::priority_queue<Entry> heap_;
    std::uint64_t last_generation_{};
};

}  // namespace lampline
