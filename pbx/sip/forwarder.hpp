#pragma once
// A stateful proxy between the phones (RFC 3261 §16): INVITEs with a transaction on either side,
// and what follows in their dialogs by the signed parameter of our Record-Route, without one.
//
// Not the stack's transactions: those acknowledge, repeat and time out as a user agent does, and
// cost 10 KB each for 32 seconds. Here a message goes on as the text it came in, in one piece.
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/timer_queue.hpp"
#include "core/message_ring.hpp"
#include "core/sip_command.hpp"
#include "core/sip_input.hpp"
#include "sip/datagrams.hpp"
#include "sip/event_loop.hpp"
#include "sip/route_token.hpp"
#include "sip/stateless_reply.hpp"

namespace lampline::sip {

/// What the forwarder needs of the endpoint. All outlive it.
struct ForwarderParts {
    EventLoop& loop;
    nta_agent_t& agent;
    Transports& transports;
    DatagramSender& datagrams;
    const EndpointSettings& settings;
    MessageRing* kept_messages =
        nullptr;  ///< null: messages are not kept, nor do they keep their text
    std::function<void(SipInput&&)> on_input;
    std::function<void()> flush_soon;
    RepeatedRequests& repeated;
};

/// A subscription at a phone, in whose dialog we are.
struct PassedSubscription {
    std::string watcher;
    std::string member;
};
struct PassedRequest;

/// Loop thread only.
class Forwarder {
public:
    Forwarder(ForwarderParts parts, const RouteKey& key);
    ~Forwarder();
    Forwarder(const Forwarder&) = delete;
    Forwarder& operator=(const Forwarder&) = delete;

    /// Takes over an INVITE, whose key is none that is_known(). 100 Trying at once.
    void take(TransactionId id, HeldRequest&& invite);
    void run(const ForwardInvite& command);
    void run(const ForwardResponse& command);
    void run(const ProbeDialog& command);
    void run(const MovePassed& command);
    /// Takes over a SUBSCRIBE; reported as SubscribeForwarded.
    void take(HeldRequest&& subscribe, const ForwardSubscribe& command);
    /// What a SUBSCRIBE within a dialog of two phones prolongs; nullopt: there is no such dialog.
    [[nodiscard]] std::optional<PassedSubscription> subscription_of(const sip_t& subscribe) const;
    /// False: the transaction is not one of these.
    bool run(const Reply& command);
    bool run(const SendCancel& command);

    /// What makes an INVITE, its CANCEL and the ACK of its failure the same one (RFC 3261 §17.2.3).
    static std::string key_of(const sip_t& request);
    /// An INVITE that is being passed on has come again, and got the same answer.
    bool is_repeated(const sip_t& invite);
    /// The CANCEL of an INVITE that is being passed on; it is to be answered 200.
    bool cancel(const sip_t& cancel);
    /// The ACK of a failure that was passed back.
    bool acknowledge(const sip_t& ack);
    /// A request with a Route of ours for its dialog: it is passed on, or gets the answer that is
    /// returned. `passed` says which. A SUBSCRIBE is left to take(); the NOTIFY of a phone that
    /// notifies by itself is only described, its transaction left out, and waits for pass_notify().
    struct Outcome {
        bool passed = false;
        unsigned status = 0;  ///< not passed: 0: it is none of these
        std::string headers{};
        std::optional<NotifyReceived> notify{};
    };
    Outcome pass(HeldRequest& request);
    Outcome pass_notify(HeldRequest& request, const PassNotify& command);
    /// A response to what was passed on; false: it is none.
    bool receive(MessageRef& message, const sip_t& response);
    /// What is under way over this connection fails now.
    void fail(ConnectionId connection);
    [[nodiscard]] std::size_t under_way() const noexcept { return open_ + subscribings_.size(); }

private:
    using TimePoint = EventLoop::TimePoint;
    struct Passing;
    struct Branch;
    struct Repetition;
    struct Subscribing;
    struct Passage;
    enum class TimerKind : std::uint8_t {
        repeat_invite,
        repeat_cancel,
        repeat_answer,
        repeat_request,     // A, E, G, E
        branch_gives_up,    // B, and 64*T1 after a CANCEL
        branch_too_long,    // C
        branch_forgotten,   // D
        passing_forgotten,  // H, L of RFC 6026
        moved_forgotten,    // like E: until then its requests are repeated
    };
    struct TimerKey {
        std::uint64_t id;
        TimerKind kind;
        friend bool operator==(TimerKey, TimerKey) = default;
    };
    struct TimerKeyHash {
        std::size_t operator()(TimerKey key) const noexcept
        {
            return std::hash<std::uint64_t>{}(key.id * 8 + static_cast<std::uint64_t>(key.kind));
        }
    };
    /// Where a phone is reached that is not where its dialog began.
    struct Moved {
        Flow flow;
        std::uint64_t forgets = 0;  // the timer by which it is; 0: none
    };
    /// Where a message goes.
    struct Hop {
        Flow flow;
        const Listener* listener = nullptr;
        SocketAddress address;  ///< UDP
        SipUri target;          ///< where to connect to, should the connection be gone
    };

    [[nodiscard]] Hop hop_to(const Flow& flow, SipUri target) const;
    /// The connection it went over; false: it cannot be sent.
    bool send(Hop& hop, const PacketRef& packet, const sip_t& about);
    [[nodiscard]] std::string via_line(const Hop& hop, std::string_view branch) const;
    [[nodiscard]] std::string branch_of(const sip_t& request, ClientTransactionId id,
                                        const HeldRequest& from, std::string_view mark) const;
    [[nodiscard]] std::string signed_text(const sip_t& message, const sip_via_t& sender,
                                          std::string_view stem) const;

    [[nodiscard]] static std::vector<std::string>
    record_routes(const std::string& token, const Listener& nearer, const Listener& farther);
    [[nodiscard]] std::optional<Passage> passage_of(const HeldRequest& request) const;
    [[nodiscard]] const Flow* moved_to(std::string_view call_id, std::string_view tag) const;
    void forget_moved(std::uint64_t timer);

    void answer(Passing& passing, std::string text, unsigned status, const sip_t& about);
    void cancel(Branch& branch);
    void fail(Branch& branch, unsigned status);
    void finish(Branch& branch);
    void acknowledge(Branch& branch, const sip_t& response);
    void receive_for(Branch& branch, MessageRef& message, const sip_t& response);
    void report(const sip_t& response, Method method, const SessionTimer& session);
    void add_way(DialogPassed& passed, const sip_t& success) const;
    void repeat(Repetition repetition);
    [[nodiscard]] std::chrono::milliseconds patience_of(const Repetition& repetition) const;
    void settle_subscribe(std::uint64_t id, unsigned status, const sip_t* response,
                          const Flow& source = {});
    void lose_notify(const HeldRequest& notify);
    [[nodiscard]] Outcome send_on(HeldRequest& request, Passage& passage);
    void settle(const std::string& branch, const sip_t& response);
    void probe_answered(const Repetition& probe, unsigned status, bool generated);
    void release(Passing& passing);
    void forget(Passing& passing);
    void repeat_again(TimerKey key, TimePoint now);
    void give_up(std::uint64_t repetition);
    void set_timer(TimerKey key, TimePoint when);
    void expire();
    void expire(TimerKey key, TimePoint now);

    ForwarderParts parts_;
    RouteTokens tokens_;
    std::unordered_map<std::string, std::unique_ptr<Passing>> by_key_;
    std::unordered_map<std::uint64_t, Passing*> passings_;                 // by TransactionId
    std::unordered_map<std::uint64_t, std::unique_ptr<Branch>> branches_;  // by ClientTransactionId
    std::unordered_map<std::string, std::uint64_t> repeated_;              // by branch
    std::unordered_map<std::uint64_t, Repetition> repetitions_;
    std::unordered_map<std::uint64_t, Subscribing> subscribings_;
    std::unordered_map<std::string, Moved> moved_;  // by Call-ID and tag of the phone
    std::unordered_map<std::uint64_t, std::string> moved_ends_;  // by timer
    std::uint64_t last_repetition_ = 0;  // of repetitions, SUBSCRIBEs and these timers
    std::size_t open_ = 0;               // INVITEs without a final answer
    TimerQueue<TimerKey, TimerKeyHash> timers_;
    std::optional<TimePoint> armed_;
    LoopTimer timer_;
};

}  // namespace lampline::sip
