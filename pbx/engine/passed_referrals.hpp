#pragma once
// REFERs that have passed between two phones, and what they allow (RFC 3515, RFC 3891).
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "core/call.hpp"

namespace lampline {

/// Who may take whose place in which dialog, because it was told to by who is there. Of the last
/// minute, 256 at most. SIP thread only.
class PassedReferrals {
public:
    /// A REFER with `payload` has passed from the phone of `by` to that of `to`.
    void note(const Leg& by, const Leg& to, const PayloadRef& payload, Moment now);
    /// `extension` was referred to the place of `leg` by who is there.
    [[nodiscard]] bool allow(std::string_view extension, const Leg& leg, Moment now) const;

private:
    struct Referred {
        std::string extension;
        std::string by;
        std::string call_id;
        std::chrono::steady_clock::time_point until;
    };

    std::vector<Referred> referrals_;
};

}  // namespace lampline
