#pragma once
// application/simple-message-summary (RFC 3842): what waits in a mailbox.
#include <string>
#include <string_view>

namespace lampline {

inline constexpr std::string_view message_summary_type = "application/simple-message-summary";

/// Voice messages of one extension, as whoever keeps them has counted. At most 9999 each.
struct MessageCounts {
    unsigned fresh = 0;  ///< not yet heard, the urgent ones included
    unsigned old = 0;
    unsigned urgent_fresh = 0;
    unsigned urgent_old = 0;
    bool unsolicited = true;  ///< registered phones are told without having subscribed

    friend bool operator==(const MessageCounts&, const MessageCounts&) = default;
};

/// The body about `account`, a SIP URI.
std::string write_message_summary(const MessageCounts& counts, std::string_view account);

}  // namespace lampline
