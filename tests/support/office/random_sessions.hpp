#pragma once
// Session timers of phones (RFC 4028): some know them, and of those some forget to refresh.
#include <functional>
#include <optional>

#include "support/office/office.hpp"

namespace lampline::test {

class RandomSessions {
public:
    explicit RandomSessions(Office& office);

    /// An UPDATE, or what settles the session of a dialog, has arrived. True: it is answered.
    bool take(Phone& phone, const Arrived& arrived);
    /// The phone answers the INVITE that it rings for.
    void answer(Phone& phone, unsigned status, std::string_view sdp);
    /// One session that is due is refreshed, or a phone gives up waiting for an ACK. False: none is,
    /// and none does.
    bool act();
    /// Of `phone`, whose 2xx in this dialog was never acknowledged: it is to say BYE.
    std::function<void(Phone& phone, LegId dialog)> gives_up;
    /// After each step: which dialogs are in calls.
    void look();
    /// No call outlives the first session of the two that talk, whoever was to refresh it.
    void check(const LiveView& view) const;
    void exchange_killed();
    /// In these dialogs their phones say nothing any more.
    void died(const std::set<std::string>& dialogs);
    /// How long sessions last as far as the exchange knows from now on.
    void storage_lost(const std::vector<StoredCall>& left);

private:
    using Time = std::chrono::steady_clock::time_point;
    /// Whoever accepts counts from its 2xx, and so does who hears of it, from then on (RFC 4028 §7.2,
    /// §9). Where that one is the exchange, a 2xx that is late makes its session longer, by one
    /// passage at most; what the exchange accepts it counts from what it said, to the second.
    struct Session {
        Phone* phone;
        SessionTimer timer;
        Time until;                        ///< the exchange has it at least
        Time longest;                      ///< and at most
        std::optional<Time> before{};      ///< that a 2xx of the phone is to prolong
        Time accepted_at{};                ///< by a 2xx of either
        std::optional<Time> refresh_at{};  ///< by the phone; empty: it forgets
        std::optional<Time> bye_at{};      ///< unless it is refreshed; empty: that is left to others
    };
    [[nodiscard]] bool knows(const Phone& phone) const { return wishes_.contains(&phone); }
    /// What the phone says of sessions in a 2xx to `asked`.
    [[nodiscard]] SessionTimer said_to(const Phone& phone, const Arrived& asked);
    bool gives_up_one();
    /// By a 2xx of the phone, or one that the exchange has given at `said_at`.
    void settled(Phone& phone, LegId dialog, const SessionTimer& timer, bool kept_by_phone,
                 std::optional<Time> said_at = std::nullopt);
    bool gives_up_unrefreshed();
    [[nodiscard]] std::string call_id_of(LegId dialog) const;
    void ended_for_session(LegId dialog) const;
    /// Of one message.
    [[nodiscard]] std::chrono::milliseconds longest_way() const;
    /// The exchange may have missed that `session` begins anew: the 2xx is on its way, or was when
    /// the exchange said BYE, or was killed.
    [[nodiscard]] bool may_be_unheard(const Session& session, std::chrono::milliseconds since) const;

    Office& office_;
    std::map<const Phone*, SessionTimer> wishes_;  // of those that know session timers
    std::map<std::string, Session> sessions_;      // by Call-ID
    struct Unacknowledged {
        Phone* phone;
        Time until;
    };
    std::map<LegId, Unacknowledged> unacknowledged_;  // 2xx to INVITEs
    std::map<std::string, std::set<std::string>> calls_;  // Call-IDs by Call-ID, at the last look
};

}  // namespace lampline::test
