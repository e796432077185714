#include "engine/ended_calls.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/table_room.hpp"
#include "core/dialog_match.hpp"

namespace lampline {
namespace {

/// A key that is pressed as the call ends is late by no more than its request may be (64*T1).
constexpr std::chrono::seconds remembered_for{32};
constexpr std::size_t max_remembered = 4096;

}  // namespace

void EndedCalls::add(const DialogId& dialog, std::chrono::steady_clock::time_point now)
{
    forget_old(now);
    if (ended_.size() >= max_remembered) drop_oldest();
    ended_.push_back({dialog, now + remembered_for});
    by_call_id_.emplace(ended_.back().dialog.call_id, &ended_.back());
}

bool EndedCalls::has(const Replaces& named, std::chrono::steady_clock::time_point now)
{
    forget_old(now);
    const auto [first, last] = by_call_id_.equal_range(named.call_id);
    return std::any_of(first, last, [&](const auto& each) {
        return rung_of(each.second->dialog, named) < MatchRung::call_id_only;
    });
}

void EndedCalls::forget_old(std::chrono::steady_clock::time_point now)
{
    while (!ended_.empty() && ended_.front().until <= now) drop_oldest();
}

void EndedCalls::drop_oldest()
{
    const Ended& oldest = ended_.front();
    const auto [first, last] = by_call_id_.equal_range(oldest.dialog.call_id);
    const auto found =
        std::find_if(first, last, [&](const auto& each) { return each.second == &oldest; });
    by_call_id_.erase(found);
    give_back_room(by_call_id_);
    ended_.pop_front();
}

}  // namespace lampline
