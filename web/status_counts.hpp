#pragma once
// How many answers had which status, for /metrics.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace lampline::web {

/// Any thread.
class StatusCounts {
public:
    void count(unsigned status) noexcept
    {
        if (status < counts_.size()) counts_[status].fetch_add(1, std::memory_order_relaxed);
    }
    /// Calls `visit(status, count)` for every status that was answered.
    template <class Visit>
    void for_each(Visit visit) const
    {
        for (std::size_t status = 0; status < counts_.size(); ++status)
            if (const auto count = counts_[status].load(std::memory_order_relaxed); count != 0)
                visit(static_cast<unsigned>(status), count);
    }

private:
    std::array<std::atomic<std::uint64_t>, 600> counts_{};
};

}  // namespace lampline::web
