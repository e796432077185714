#include "engine/occupancy.hpp"

#include <algorithm>

namespace lampline {

void Occupancy::began(std::string_view extension, CallRef call)
{
    if (extension.empty()) return;
    auto found = by_extension_.find(extension);
    if (found == by_extension_.end())
        found = by_extension_.emplace(extension, std::vector<Share>{}).first;
    auto& shares = found->second;
    const auto share = std::ranges::find(shares, call, &Share::call);
    if (share == shares.end())
        shares.push_back({call, 1});
    else
        ++share->legs;
}

void Occupancy::ended(std::string_view extension, CallRef call)
{
    const auto found = by_extension_.find(extension);
    if (found == by_extension_.end()) return;
    auto& shares = found->second;
    const auto share = std::ranges::find(shares, call, &Share::call);
    if (share == shares.end() || --share->legs > 0) return;
    shares.erase(share);
    if (shares.empty()) by_extension_.erase(found);
}

void Occupancy::talked(std::string_view extension)
{
    if (extension.empty()) return;
    auto found = last_talked_.find(extension);
    if (found == last_talked_.end()) found = last_talked_.emplace(extension, 0).first;
    found->second = ++talks_;
}

std::uint64_t Occupancy::last_talked(std::string_view extension) const noexcept
{
    const auto found = last_talked_.find(extension);
    return found == last_talked_.end() ? 0 : found->second;
}

std::vector<CallRef> Occupancy::calls_of(std::string_view extension) const
{
    std::vector<CallRef> calls;
    const auto found = by_extension_.find(extension);
    if (found == by_extension_.end()) return calls;
    for (const auto& share : found->second) calls.push_back(share.call);
    return calls;
}

std::size_t Occupancy::calls(std::string_view extension, CallRef except) const noexcept
{
    const auto found = by_extension_.find(extension);
    if (found == by_extension_.end()) return 0;
    const auto& shares = found->second;
    if (!except) return shares.size();
    const bool in_it = std::ranges::find(shares, except, &Share::call) != shares.end();
    return shares.size() - (in_it ? 1U : 0U);
}

}  // namespace lampline
