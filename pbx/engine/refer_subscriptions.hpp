#pragma once
// The implicit subscriptions of REFERs outside a dialog: each hears what became of one call.
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "core/sip_input.hpp"
#include "core/token_source.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// RFC 3515 §2.4, RFC 4488. At most one of each call; it ends with the final word, when its time is
/// over, or with a phone that does not want to hear. Nothing of it outlives the process. SIP thread
/// only.
class ReferSubscriptions {
public:
    explicit ReferSubscriptions(TokenSource tokens) : tokens_{std::move(tokens)} {}

    struct Lasting {
        CallRef call;
        std::chrono::steady_clock::time_point expires_at;
    };
    /// Accepts `request`: 202, and `100 Trying` at once. `call` becomes the one to be told about.
    /// When expire() is due.
    std::chrono::steady_clock::time_point accept(const ReferReceived& request, CallRef call,
                                                 Moment now, Outbox& outbox);
    /// Something has become of `call`; after a `final` word nobody is told about it any more. `why`:
    /// as sipfrag() has it.
    void report(CallRef call, unsigned status, std::string_view phrase, bool final, Moment now,
                Outbox& outbox, std::span<const Header> why = {});
    /// A SUBSCRIBE within one of the dialogs: prolongs it, and says until when, or ends it. Else
    /// 481.
    std::optional<Lasting> receive(const SubscribeReceived& request, Moment now, Outbox& outbox);
    /// Ends that of `call` with a last NOTIFY, if its time is over (RFC 6665 §4.2.2).
    void expire(CallRef call, Moment now, Outbox& outbox);
    void receive(const NotifyAnswered& answer);
    /// Whether `subscription` is one of these.
    [[nodiscard]] static bool owns(SubscriptionId subscription) noexcept
    {
        return subscription.value >= first_id;
    }
    [[nodiscard]] std::size_t size() const noexcept { return by_call_.size(); }

private:
    struct Watch {
        CallRef call;
        std::string local_tag, remote_tag;
        std::string watcher;
        std::shared_ptr<const NotifyDialog> dialog;
        std::uint32_t cseq = 0;         // of our NOTIFYs
        std::uint32_t remote_cseq = 0;  // of the phone's requests
        unsigned reported = 0;
        std::chrono::steady_clock::time_point expires_at;
    };

    /// `over`: the reason why it is the last one; empty: it is not.
    static void notify(Watch& watch, unsigned status, std::string_view phrase,
                       std::string_view over, Moment now, Outbox& outbox,
                       std::span<const Header> why = {});
    /// What was told last, once more.
    static void notify_again(Watch& watch, std::string_view over, Moment now, Outbox& outbox);
    void end(const Watch& watch);

    /// Apart from those of lamps and other events, which begin lower; the rest is the number of the
    /// call.
    static constexpr std::uint64_t first_id = std::uint64_t{1} << 63U;

    TokenSource tokens_;
    std::unordered_map<CallRef, Watch> by_call_;
    std::unordered_map<std::string, CallRef> by_tag_;  // ours
};

}  // namespace lampline
