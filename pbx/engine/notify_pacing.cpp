#include "engine/notify_pacing.hpp"

#include <algorithm>

namespace lampline {

bool NotifyPacing::take_turn(const std::string& watcher, SubscriptionId subscription,
                             std::chrono::milliseconds gap, TimePoint now, bool urgent)
{
    if (!holds_back(watcher, now)) {
        note_told(watcher, gap, now);
        auto& in_row = lines_.at(watcher).urgent_in_row;
        in_row = urgent && in_row < most_in_row ? in_row + 1 : 0;
        return true;
    }
    Line& line = lines_.at(watcher);
    const auto [waits, added] = waiting_.try_emplace(subscription);
    Place& place = waits->second;
    if (added) {
        place.in = urgent ? &line.urgent : &line.others;
        place.at = place.in->insert(place.in->end(), subscription);
    } else if (urgent && place.in != &line.urgent) {
        line.urgent.splice(line.urgent.end(), *place.in, place.at);
        place.in = &line.urgent;
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
        const auto found = lines_.find(*watcher);
        Line& line = found->second;
        if (line.urgent.empty() && line.others.empty()) {
            lines_.erase(found);
            continue;
        }
        const bool others_turn = line.urgent_in_row == most_in_row && !line.others.empty();
        auto& waiting = line.urgent.empty() || others_turn ? line.others : line.urgent;
        const auto next = waiting.front();
        waiting.pop_front();
        waiting_.erase(next);
        turns_.set(*watcher, line.free_at);
        return next;
    }
    return std::nullopt;
}

}  // namespace lampline
