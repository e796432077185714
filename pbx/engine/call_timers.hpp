#pragma once
// What calls wait for.
#include <chrono>

#include "base/timer_queue.hpp"
#include "core/sip_types.hpp"

namespace lampline {

/// 64*T1 and a little: no transaction of an ended call lives longer (RFC 3261 §17).
inline constexpr std::chrono::seconds linger_time{40};
/// 64*T1: so long an answer is waited for (RFC 3261 §17.1.2.2, timer F).
inline constexpr std::chrono::seconds request_lifetime{32};
/// So long an INVITE of ours within a dialog is waited for, from sending it: phones answer it by
/// themselves, and a 2xx of the other phone may wait for it, which is to have its ACK within 64*T1
/// (RFC 3261 §13.3.1.4): it has, but for what Glare::patience adds.
inline constexpr std::chrono::seconds answered_by_phone{25};
/// The same for one that another phone has sent, from the last that was heard of it: somebody may
/// be asked, about video say. Timer C, by which a proxy gives up, has more than three minutes
/// (§16.6 step 11).
inline constexpr std::chrono::seconds answered_by_person{185};

enum class CallTimer : std::uint8_t {
    ring,          ///< whom it rings next, or that it has rung for long enough
    session,       ///< it was not refreshed (RFC 4028)
    probe,         ///< silent phones are asked
    linger,        ///< no transaction of an ended call lives longer
    transfer,      ///< an INVITE of ours is sent again
    take_over,     ///< the same, of one who takes somebody's place
    display,       ///< the same, of UPDATEs
    answer,        ///< the final response to an INVITE within a dialog does not come
    seen,          ///< a display has been shown for long enough
    keep_ringing,  ///< what rings is worth a write
    outside,       ///< the minutes of a call to outside are over
    card,          ///< of the calling-card application
    park,          ///< who has parked it is rung
    expires,       ///< its caller wants no answer any more (RFC 3261 §13.3.1)
    referral,      ///< the subscription of a REFER outside a dialog is over
    remembered     ///< of no call: what is remembered of calls that ended or were taken
};

/// At most one deadline for each call and purpose. SIP thread only.
class CallTimers {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    struct Due {
        CallRef call;
        CallTimer timer;
        friend bool operator==(Due, Due) = default;
    };

    void set(CallRef call, CallTimer timer, TimePoint deadline)
    {
        queue_.set({call, timer}, deadline);
    }
    void cancel(CallRef call, CallTimer timer) { queue_.cancel({call, timer}); }
    void cancel_all(CallRef call)
    {
        for (auto timer = std::uint8_t{}; timer <= last; ++timer)
            cancel(call, static_cast<CallTimer>(timer));
    }
    [[nodiscard]] std::optional<TimePoint> next_deadline() const { return queue_.next_deadline(); }
    /// One that is due; nullopt: none.
    std::optional<Due> take_due(TimePoint now) { return queue_.take_due(now); }

private:
    static constexpr auto last = static_cast<std::uint8_t>(CallTimer::remembered);
    struct Hash {
        std::size_t operator()(Due due) const noexcept
        {
            return std::hash<std::uint64_t>{}(due.call.value * 16 +
                                              static_cast<std::uint64_t>(due.timer));
        }
    };
    static_assert(last < 16);

    TimerQueue<Due, Hash> queue_;
};

}  // namespace lampline
