#include "web/attempt_limit.hpp"

namespace lampline::web {

std::optional<std::chrono::seconds> AttemptLimit::fail(const std::string& address, TimePoint now)
{
    if (failures_.size() >= max_addresses && !failures_.contains(address)) forget_old(now);
    auto& failures = failures_[address];
    if (failures.count == 0 || now - failures.since >= window) failures = {0, now};
    if (++failures.count <= max_failures) return std::nullopt;
    return std::chrono::ceil<std::chrono::seconds>(failures.since + window - now);
}

void AttemptLimit::forget_old(TimePoint now)
{
    std::erase_if(failures_, [&](const auto& each) { return now - each.second.since >= window; });
    // From so many addresses at once nobody is told apart any more: everybody starts anew.
    if (failures_.size() >= max_addresses) failures_.clear();
}

}  // namespace lampline::web
