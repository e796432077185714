#include "web/event_ring.hpp"

#include <algorithm>
#include <charconv>

namespace lampline::web {

std::string_view name(EventType type) noexcept
{
    switch (type) {
    case EventType::call: return "call";
    case EventType::lamp: return "lamp";
    case EventType::registration: return "registration";
    case EventType::reachability: return "reachability";
    case EventType::trunk: return "trunk";
    case EventType::presence: return "presence";
    case EventType::appearance: return "appearance";
    case EventType::published: return "published";
    case EventType::messages: return "messages";
    case EventType::features: return "features";
    case EventType::login: return "login";
    }
    return "call";
}

std::string event_text(std::string_view id, std::string_view event, std::string_view data)
{
    std::string text;
    text.reserve(id.size() + event.size() + data.size() + 24);
    text.append("id: ").append(id).append("\nevent: ").append(event);
    return text.append("\ndata: ").append(data).append("\n\n");
}

EventRing::EventRing(std::string run, EventRingSettings settings)
    : run_{std::move(run)}, settings_{settings}
{
}

void EventRing::append(EventType type, std::vector<std::string> extensions, std::string_view data)
{
    auto text = event_text(id_before(end_ + 1), name(type), data);
    bytes_ += text.size();
    entries_.push_back({type, std::move(extensions), std::move(text)});
    ++end_;
    while (entries_.size() > settings_.max_events || bytes_ > settings_.max_bytes) drop_oldest();
}

void EventRing::drop_oldest()
{
    bytes_ -= entries_.front().text.size();
    entries_.pop_front();
}

void EventRing::forget()
{
    entries_.clear();
    bytes_ = 0;
    ++end_;  // a number that no event has
}

std::string EventRing::id_before(std::uint64_t place) const
{
    return run_ + '-' + std::to_string(place - 1);
}

std::optional<std::uint64_t> EventRing::place_after(std::string_view id) const
{
    if (!id.starts_with(run_) || id.size() <= run_.size() || id[run_.size()] != '-')
        return std::nullopt;
    id.remove_prefix(run_.size() + 1);
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc{} || stop != id.data() + id.size()) return std::nullopt;
    if (number >= end_ || number + 1 < begin()) return std::nullopt;
    return number + 1;
}

EventRing::Part EventRing::read(std::uint64_t place, const EventFilter& filter,
                                std::size_t max_bytes) const
{
    if (place < begin()) return {{}, end_, true};
    Part part{{}, place, false};
    const auto wanted = [&](const Entry& entry) {
        return (filter.types & static_cast<unsigned>(entry.type)) != 0 &&
               (filter.extension.empty() ||
                std::ranges::count(entry.extensions, filter.extension) > 0);
    };
    while (part.place < end_ && part.text.size() < max_bytes) {
        const Entry& entry = entries_[part.place - begin()];
        if (wanted(entry)) part.text += entry.text;
        ++part.place;
    }
    return part;
}

}  // namespace lampline::web
