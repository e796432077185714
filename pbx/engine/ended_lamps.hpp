#pragma once
// Lamps that were there, for the question where they have gone.
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "core/lamp_account.hpp"
#include "core/subscription.hpp"

namespace lampline {

/// The last of the subscriptions that have ended, and how. SIP thread only.
class EndedLamps {
public:
    struct Entry {
        std::string watcher, member;
        SipUri contact;
        std::shared_ptr<const NotifyDialog> dialog;
        EndedLamp end;
    };

    /// O(1).
    void note(const Subscription& subscription, const std::string& member, EndedLamp end);
    /// The last one of this pair; with `phone`, of that phone. nullptr: none, or too long ago. O(n)
    /// in what is remembered, which is bounded.
    [[nodiscard]] const Entry* last(std::string_view watcher, std::string_view member,
                                    const WatcherPhone* phone = nullptr) const;

private:
    static constexpr std::size_t max_entries = 1024;

    std::deque<Entry> entries_;  // oldest first
};

}  // namespace lampline
