#pragma once
// How long what is written behind waits.
#include <chrono>
#include <cstddef>

#include "core/stored.hpp"

namespace lampline::db {

/// When changes are due: the more were written before, the more share a transaction.
class WritePacing {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::milliseconds soon{
        20};  ///< a new binding, a removal, a subscription, a publication
    static constexpr std::chrono::milliseconds call_delay{100};  ///< a call, and its end
    static constexpr std::chrono::milliseconds refresh_delay{1000};
    static constexpr std::chrono::milliseconds record_delay{200};  ///< a call that is over
    /// An answer, which a call is lost without, waits no longer than this for each change that was
    /// written before it, and never above call_delay.
    static constexpr std::chrono::milliseconds answer_pause{10};
    /// So does what is written soon, where that is longer.
    static constexpr std::chrono::milliseconds soon_pause{2};

    /// Of `change`, which comes at `now`.
    [[nodiscard]] TimePoint due(const StorageChange& change, TimePoint now) const noexcept;
    void note_written(std::size_t changes, TimePoint now) noexcept;

private:
    TimePoint answers_from_{};
    TimePoint soon_from_{};
};

}  // namespace lampline::db
