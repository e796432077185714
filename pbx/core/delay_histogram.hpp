#pragma once
// How long things took: counts in fixed buckets, as Prometheus wants them.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lampline {

/// Counts of delays from a millisecond to a minute. One thread; copied to be shown.
class DelayHistogram {
public:
    /// Upper bounds in seconds, each included; what is longer is counted behind the last one.
    static constexpr std::array bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                       0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};

    /// A negative delay, which no clock of ours gives, counts as none. O(1).
    void observe(std::chrono::steady_clock::duration delay) noexcept
    {
        const double seconds = std::max(std::chrono::duration<double>(delay).count(), 0.0);
        std::size_t bucket = 0;
        while (bucket < bounds.size() && seconds > bounds[bucket]) ++bucket;
        ++counts_[bucket];
        sum_ += seconds;
    }

    /// How many fell between `bounds[bucket - 1]` and `bounds[bucket]`; the last bucket has no
    /// bound.
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const noexcept { return counts_[bucket]; }
    [[nodiscard]] std::uint64_t total() const noexcept
    {
        std::uint64_t total = 0;
        for (const auto count : counts_) total += count;
        return total;
    }
    [[nodiscard]] double sum() const noexcept { return sum_; }

private:
    std::array<std::uint64_t, bounds.size() + 1> counts_{};
    double sum_ = 0;
};

}  // namespace lampline
