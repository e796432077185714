#include "engine/taken_calls.hpp"

#include <iterator>

#include "base/table_room.hpp"

namespace lampline {
namespace {

constexpr std::chrono::seconds taken_for{5};
constexpr std::size_t max_taken = 1024;

}  // namespace

void TakenCalls::add(std::string_view extension, std::string_view called, std::string_view taker,
                     const Flow& phone, TimePoint now)
{
    forget_old(now);
    forget(extension);
    if (taken_.size() >= max_taken) drop(taken_.begin());
    taken_.push_back({std::string{extension}, std::string{called}, std::string{taker}, phone,
                      now + taken_for});
    by_extension_.emplace(taken_.back().extension, std::prev(taken_.end()));
}

bool TakenCalls::has_another(std::string_view extension, std::string_view called,
                             std::string_view asker, const Flow& phone, TimePoint now)
{
    forget_old(now);
    const auto found = by_extension_.find(extension);
    if (found == by_extension_.end()) return false;
    const Taken& taken = *found->second;
    if (!called.empty() && taken.called != called) return false;
    return taken.taker != asker || taken.phone != phone;
}

void TakenCalls::forget(std::string_view extension)
{
    const auto found = by_extension_.find(extension);
    if (found != by_extension_.end()) drop(found->second);
}

void TakenCalls::forget_old(TimePoint now)
{
    while (!taken_.empty() && taken_.front().until <= now) drop(taken_.begin());
}

void TakenCalls::drop(List::iterator taken)
{
    by_extension_.erase(std::string_view{taken->extension});
    give_back_room(by_extension_);
    taken_.erase(taken);
}

}  // namespace lampline
