#pragma once
// What a notifier has brought about: what phones have been sent, and what is stored.
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "core/sip_command.hpp"
#include "core/subscription.hpp"
#include "engine/notify_path.hpp"
#include "engine/outbox.hpp"

namespace lampline::test {

/// Its subscription ends with it.
inline bool is_last(const SendNotify& notify)
{
    return notify.subscription_state.starts_with("terminated");
}

/// Into a datagram (RFC 3261 §18.1.1).
inline bool fits(const SendNotify& notify)
{
    return notify.body_head->size() + header_size(*notify.dialog) <= safe_message_size;
}

/// Keeps what is sent until it is taken, and plays storage.
struct Collected {
    void take(const Outbox& outbox)
    {
        for (const auto& command : outbox.commands) {
            if (auto* reply = std::get_if<Reply>(&command)) replies.push_back(*reply);
            if (auto* notify = std::get_if<SendNotify>(&command)) notifies.push_back(*notify);
            if (auto* forget = std::get_if<ForgetNotify>(&command))
                forgotten.push_back(forget->subscription);
        }
        for (const auto& change : outbox.storage) {
            if (auto* stored = std::get_if<SubscriptionStored>(&change)) {
                const auto& one = stored->subscription;
                storage[one.call_id + "\n" + one.local_tag] = one;
                ++writes;
            }
            if (auto* removed = std::get_if<SubscriptionRemoved>(&change))
                storage.erase(removed->call_id + "\n" + removed->local_tag);
        }
    }
    /// Exactly one Reply came out, as it must.
    Reply only_reply()
    {
        REQUIRE(replies.size() == 1);
        Reply reply = replies.front();
        replies.clear();
        return reply;
    }
    /// The next NOTIFY, which must be there.
    SendNotify notified()
    {
        REQUIRE_FALSE(notifies.empty());
        SendNotify notify = std::move(notifies.front());
        notifies.pop_front();
        return notify;
    }
    [[nodiscard]] std::vector<StoredSubscription> kept() const
    {
        std::vector<StoredSubscription> all;
        for (const auto& [key, subscription] : storage) all.push_back(subscription);
        return all;
    }

    std::vector<Reply> replies;
    std::deque<SendNotify> notifies;
    std::vector<SubscriptionId> forgotten;
    std::map<std::string, StoredSubscription> storage;
    unsigned writes = 0;
};

}  // namespace lampline::test
