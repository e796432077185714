#pragma once
// The calling-card application: it watches the keys of its callers, and has the engine do what they
// mean.
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "core/call.hpp"
#include "core/card_session.hpp"
#include "core/sip_input.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// All that the application asks of the engine.
class CardDesk {
public:
    /// Sends `request` in the dialog of `leg`.
    virtual ClientTransactionId send(Leg& leg, SendRequest request, Outbox& outbox) = 0;
    /// The same for an INVITE, which is cancelled unless it is answered in time.
    virtual ClientTransactionId invite(Leg& leg, SendRequest request, Moment now,
                                       Outbox& outbox) = 0;
    /// Acknowledges the 2xx to such an INVITE.
    virtual void acknowledge(Call& call, Leg& leg, const ResponseReceived& success,
                             Outbox& outbox) = 0;
    /// Rings `number` for `caller`, by its rights. Comes back as connected() or alone(), the latter
    /// maybe at once.
    virtual void dial(Call& call, const Leg& caller, std::string_view number, Moment now,
                      Outbox& outbox) = 0;
    /// No longer: comes back as alone().
    virtual void give_up_dialling(Call& call, Moment now, Outbox& outbox) = 0;
    /// `caller` and `other` talk to each other no more; `other` is hung up unless it has said BYE.
    virtual void part(Call& call, Leg& caller, Leg& other, bool has_left, Outbox& outbox) = 0;
    virtual void show(const Leg& leg, Outbox& outbox) = 0;
    /// The answer to `offer` with nothing to hear, or an offer of that where it is empty.
    [[nodiscard]] virtual PayloadRef silence(std::string_view offer) const = 0;
    virtual void end(Call& call, std::string_view reason, Moment now, Outbox& outbox) = 0;
    virtual void wake_at(const Call& call, std::chrono::steady_clock::time_point time) = 0;

protected:
    CardDesk() = default;
    CardDesk(const CardDesk&) = default;
    CardDesk& operator=(const CardDesk&) = default;
    ~CardDesk() = default;
};

/// Every call of the application, from its answer on. SIP thread only.
class CallingCards {
public:
    /// `desk` outlives this; `random` is for waits when INVITEs meet.
    CallingCards(CardDesk& desk, RandomSource random) : desk_{desk}, random_{std::move(random)} {}

    /// `caller` was answered, with nothing to hear. Its keys are watched from the ACK on.
    void begin(const Call& call, const Leg& caller, CardRules rules, Moment now);
    void acknowledged(Call& call, Leg& leg, Moment now, Outbox& outbox);
    /// True: the request was for the application, and is answered.
    bool take(Call& call, Leg& leg, const RequestReceived& request, Moment now, Outbox& outbox);
    /// True: it was an answer to a request of the application.
    bool hear(Call& call, Leg& leg, const ResponseReceived& response, Moment now, Outbox& outbox);
    /// Somebody talks to the caller.
    void connected(Call& call, Moment now, Outbox& outbox);
    /// Nobody is called any more; `media_moved`: the caller may have been told of another's media.
    /// False: this is no call of the application, or its caller has gone.
    bool alone(Call& call, bool media_moved, Moment now, Outbox& outbox);
    /// `leg` has said BYE. True: the caller that it talked to goes on.
    bool left(Call& call, Leg& leg, Moment now, Outbox& outbox);
    void due(Call& call, Moment now, Outbox& outbox);
    void forget(CallRef call) { cards_.erase(call); }

private:
    /// What the phone is asked to report.
    enum class Watch : std::uint8_t { nothing, keys, back };
    /// How it reports keys: by what it did first, so that none counts twice.
    enum class KeySource : std::uint8_t { unknown, subscription, info };

    struct Card {
        LegId caller;
        NameAddr application;  ///< as the caller sees it
        CardSession session;
        KeySource source = KeySource::unknown;
        Watch watch = Watch::nothing;  ///< what the phone has accepted
        Watch asked = Watch::nothing;
        ClientTransactionId subscribing{};
        bool refused = false;   ///< the phone has no key events
        Glare keys_glare;       ///< it had something else under way when asked for them
        unsigned renewals = 0;  ///< since the last key
        PayloadRef heard{};     ///< the session of who was called last
        bool silence_owed = false;
        ClientTransactionId silencing{};
        Glare glare;  ///< of the INVITE that silences
        std::optional<std::chrono::steady_clock::time_point> retry_at{};
    };

    /// The card of `call` and its caller; null: there is none any more.
    std::pair<Card*, Leg*> find(Call& call);
    void follow(Call& call, Leg& caller, Card& card, const CardMove& move, Moment now,
                Outbox& outbox);
    void take_back(Call& call, Leg& caller, Card& card, Moment now, Outbox& outbox);
    void watch_keys(Leg& caller, Card& card, Outbox& outbox);
    void take_notify(Call& call, Leg& caller, Card& card, const RequestReceived& request,
                     Moment now, Outbox& outbox);
    bool take_info(Call& call, Leg& caller, Card& card, const RequestReceived& request, Moment now,
                   Outbox& outbox);
    void answer_session(Call& call, Leg& caller, const RequestReceived& request, Outbox& outbox);
    void silence(Call& call, Leg& caller, Card& card, Moment now, Outbox& outbox);
    void silenced(Call& call, Leg& caller, Card& card, const ResponseReceived& response, Moment now,
                  Outbox& outbox);
    void wake(const Call& call, const Card& card);

    CardDesk& desk_;
    RandomSource random_;
    std::unordered_map<CallRef, Card> cards_;
};

}  // namespace lampline
