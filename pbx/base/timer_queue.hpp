#pragma once
// Deadlines of one use case, in order.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/table_room.hpp"

namespace lampline {

/// How long keys are there. Lasting ones, whose deadlines are set anew time and again, lie among
/// their own: between what comes and goes with calls each would hold a page of it.
enum class Keys : std::uint8_t { passing, lasting };

/// At most one deadline per key; O(log n) to set, O(1) to cancel. Cancelled entries leave the heap
/// lazily, and the heap is rebuilt when they are the majority, so it stays within twice the live
/// deadlines; its memory follows. Belongs to one thread.
template <class Key, class Hash = std::hash<Key>>
class TimerQueue {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    explicit TimerQueue(Keys keys = Keys::passing)
        : live_{keys == Keys::lasting ? static_cast<std::pmr::memory_resource*>(&pool_)
                                      : std::pmr::new_delete_resource()}
    {
    }
    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;

    /// Sets or moves the deadline of `key`.
    void set(const Key& key, TimePoint deadline)
    {
        const auto generation = ++last_generation_;
        live_.insert_or_assign(key, Live{deadline, generation});
        heap_.push_back(Entry{deadline, generation, key});
        std::push_heap(heap_.begin(), heap_.end());
        if (heap_.size() > 2 * live_.size() + few) rebuild();
    }

    void cancel(const Key& key)
    {
        if (live_.erase(key) != 0) give_back();
    }

    /// The earliest deadline; nullopt when nothing is set. May name a cancelled one: waking early
    /// is harmless.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const
    {
        if (live_.empty() || heap_.empty()) return std::nullopt;
        return heap_.front().deadline;
    }

    /// Takes one key whose deadline is not after `now`; nullopt when none is due.
    std::optional<Key> take_due(TimePoint now)
    {
        while (!heap_.empty()) {
            const Entry& top = heap_.front();
            const auto live = live_.find(top.key);
            const bool stale = live == live_.end() || live->second.generation != top.generation;
            if (!stale && top.deadline > now) return std::nullopt;
            std::pop_heap(heap_.begin(), heap_.end());
            Key key = std::move(heap_.back().key);
            heap_.pop_back();
            if (stale) continue;
            live_.erase(live);
            give_back();
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

    static constexpr std::size_t few = 64;  // entries: not worth it

    void rebuild()
    {
        std::erase_if(heap_, [this](const Entry& entry) {
            const auto live = live_.find(entry.key);
            return live == live_.end() || live->second.generation != entry.generation;
        });
        std::make_heap(heap_.begin(), heap_.end());
        if (heap_.capacity() > 8 * heap_.size() + few) heap_.shrink_to_fit();
    }

    void give_back()
    {
        give_back_room(live_);
        if (!live_.empty() || heap_.capacity() <= few) return;
        heap_ = {};
        live_ = Table{live_.get_allocator()};
        pool_.release();
    }

    using Table = std::pmr::unordered_map<Key, Live, Hash>;

    std::pmr::unsynchronized_pool_resource pool_;
    Table live_;
    std::vector<Entry> heap_;  // the earliest in front
    std::uint64_t last_generation_{};
};

}  // namespace lampline
