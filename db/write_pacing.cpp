#include "db/write_pacing.hpp"

#include <algorithm>
#include <variant>

namespace lampline::db {
namespace {

/// A call that was just answered.
bool is_answer(const StorageChange& change) noexcept
{
    const auto* stored = std::get_if<CallStored>(&change);
    return stored && stored->first;
}

std::chrono::milliseconds delay_of(const StorageChange& change) noexcept
{
    const bool of_call = std::holds_alternative<CallStored>(change) ||
                         std::holds_alternative<CallRemoved>(change) ||
                         std::holds_alternative<RingingStored>(change) ||
                         std::holds_alternative<RingingRemoved>(change) ||
                         std::holds_alternative<RecordOpened>(change);
    if (of_call) return WritePacing::call_delay;
    if (std::holds_alternative<CallRecorded>(change)) return WritePacing::record_delay;
    if (std::holds_alternative<TurnTaken>(change)) return WritePacing::refresh_delay;
    const auto* stored = std::get_if<BindingStored>(&change);
    return stored && stored->refresh ? WritePacing::refresh_delay : WritePacing::soon;
}

}  // namespace

WritePacing::TimePoint WritePacing::due(const StorageChange& change, TimePoint now) const noexcept
{
    if (is_answer(change)) return std::max(now, answers_from_);
    const auto delay = delay_of(change);
    return delay == soon ? std::max(now + soon, soon_from_) : now + delay;
}

void WritePacing::note_written(std::size_t changes, TimePoint now) noexcept
{
    const auto after = [&](std::chrono::milliseconds pause) {
        return now + std::min(call_delay, pause * static_cast<std::int64_t>(changes));
    };
    answers_from_ = after(answer_pause);
    soon_from_ = after(soon_pause);
}

}  // namespace lampline::db
