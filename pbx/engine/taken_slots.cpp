#include "engine/taken_slots.hpp"

namespace lampline {
namespace {

CallRef call_at(const TakenSlots::Slots& slots, std::string_view slot) noexcept
{
    const auto found = slots.find(slot);
    return found == slots.end() ? CallRef{} : found->second;
}

}  // namespace

void TakenSlots::take(std::string_view slot, CallRef call)
{
    taken_.emplace(slot, call);
}

void TakenSlots::release(std::string_view slot, CallRef call)
{
    const auto found = taken_.find(slot);
    if (found != taken_.end() && found->second == call) taken_.erase(found);
}

CallRef TakenSlots::find(std::string_view slot) const noexcept
{
    return call_at(taken_, slot);
}

void TakenSlots::offer(std::string_view slot, CallRef call, const StillAsks& asks)
{
    std::erase_if(offered_, [&](const auto& each) { return !asks(each.second); });
    offered_.insert_or_assign(std::string{slot}, call);
}

CallRef TakenSlots::offered_to(std::string_view slot) const noexcept
{
    return call_at(offered_, slot);
}

std::optional<std::string> TakenSlots::first_free(const ParkLot& lot, const StillAsks& asks) const
{
    for (auto& slot : lot.all_slots()) {
        const auto told = offered_to(slot);
        if (!find(slot) && !(told && asks(told))) return std::move(slot);
    }
    return std::nullopt;
}

}  // namespace lampline
