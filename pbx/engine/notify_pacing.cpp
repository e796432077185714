#include "engine/notify_pacing.hpp"

#include <algorithm>

namespace lampline {

bool NotifyPacing::take_turn(const std::string& watcher, SubscriptionId subscription,
                             std::chrono::milliseconds gap, TimePoint now, bool urgent)
{
    if (!holds_back(watcher, now)) {
        note_told(watcher, gap, now);
        return true;
    }
    if (waiting_.insert(subscription).second) {
        auto& waiting = lines_.at(watcher).waiting;
        waiting.insert(urgent ? waiting.begin() : waiting.end(), subscription);
    }
    return false;
}

void NotifyPacing::note_told(const std::string& watcher, std::chrono::milliseconds gap,
                             TimePoint now)
{
    Line& line = lines_[watcher];
    line.free_at = std::max(line.free_at, now + gap);
    turns_.set(watcher, line.free_at);
}

bool NotifyPacing::holds_back(std::string_view watcher, TimePoint now) const
{
    const auto line = lines_.find(watcher);
    return line != lines_.end() && now < line->second.free_at;
}

std::optional<SubscriptionId> NotifyPacing::take_due(TimePoint now)
{
    while (const auto watcher = turns_.take_due(now)) {
        const auto line = lines_.find(*watcher);
        if (line->second.waiting.empty()) {
            lines_.erase(line);
            continue;
        }
        const auto next = line->second.waiting.front();
        line->second.waiting.pop_front();
        waiting_.erase(next);
        turns_.set(*watcher, line->second.free_at);
        return next;
    }
    return std::nullopt;
}

}  // namespace lampline
