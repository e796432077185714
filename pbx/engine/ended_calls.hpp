#pragma once
// Calls that are over: who names a dialog of one in Replaces or Join is told so (RFC 3891 §3, RFC
// 3911 §4).
#include <chrono>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/sip_types.hpp"

namespace lampline {

/// The dialogs in which phones have talked, and those of calls that nobody took, for a while after
/// the end, and the latest of them when there are many. O(1). SIP thread only.
class EndedCalls {
public:
    void add(const DialogId& dialog, std::chrono::steady_clock::time_point now);
    /// `named` means one of them, by at least one tag.
    [[nodiscard]] bool has(const Replaces& named, std::chrono::steady_clock::time_point now);
    /// Gives back what has been remembered for long enough.
    void forget_old(std::chrono::steady_clock::time_point now);
    /// When there is something to give back; nullopt: nothing is remembered.
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_end() const
    {
        return ended_.empty() ? std::nullopt : std::optional{ended_.front().until};
    }

private:
    struct Ended {
        DialogId dialog;
        std::chrono::steady_clock::time_point until;
    };

    void drop_oldest();

    std::deque<Ended> ended_;  // the oldest first
    std::unordered_multimap<std::string_view, const Ended*> by_call_id_;
};

}  // namespace lampline
