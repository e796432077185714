#pragma once
// What one step of the exchange changes is told when all of it is known.
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "core/subscription.hpp"

namespace lampline {

/// Who has news of the present step, each once, in the order of the first news. O(1) per news, and
/// never more than there are subscriptions.
class StepNews {
public:
    void add(SubscriptionUsage& subscription)
    {
        if (!std::exchange(subscription.has_news, true)) ids_.push_back(subscription.id);
    }
    [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }
    /// Takes all of them; some may be over. What has `has_news` then is to be cleared by the
    /// caller.
    [[nodiscard]] std::vector<SubscriptionId> take() { return std::exchange(ids_, {}); }

private:
    std::vector<SubscriptionId> ids_;
};

}  // namespace lampline
