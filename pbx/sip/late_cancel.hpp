#pragma once
// The CANCEL of an INVITE that we have answered.
#include <string>

#include "sip/sofia.hpp"

namespace lampline::sip {

/// While it lives, the CANCEL of an INVITE whose 2xx has left comes to the message callback, as if
/// the stack had never seen that INVITE. By itself the stack answers 481 and tells nobody, where RFC
/// 6026 §7.1 keeps the transaction, whose CANCEL gets 200 (RFC 3261 §9.2). Pinned; loop thread only.
class LateCancel {
public:
    /// `transaction`, which outlives this, is that of `invite`.
    LateCancel(const sip_t& invite, ServerTransaction& transaction);
    ~LateCancel();
    LateCancel(const LateCancel&) = delete;
    LateCancel& operator=(const LateCancel&) = delete;

    /// The transaction of the INVITE that `cancel` is for; nullptr: there is none, or its 2xx has
    /// not left yet.
    [[nodiscard]] static ServerTransaction* find(const sip_t& cancel);
    /// For the screen, of each message before the stack looks for its transaction.
    static void keep_from_stack(const sip_t& message);

private:
    std::string key_;
};

}  // namespace lampline::sip
