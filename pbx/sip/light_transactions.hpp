#pragma once
// Client transactions of our own for requests outside the stack's dialogs (RFC 3261 §17.1.2), light
// enough for thousands at once.
//
// The stack keeps every unanswered request in one list in order of time and searches it on each
// insertion; with some ten thousand unanswered NOTIFYs that fills the SIP thread. Here a
// transaction is a finished text, its place in a queue of timers, and an entry under its key, which
// is part of the branch: so the answer finds it.
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/timer_queue.hpp"
#include "core/sip_types.hpp"
#include "sip/datagrams.hpp"
#include "sip/event_loop.hpp"

namespace lampline::sip {

/// Names one request; at most one of each key is under way.
struct LightKey {
    enum class Kind : std::uint8_t { notify, standalone };
    static constexpr std::size_t kinds = 2;

    Kind kind = Kind::notify;
    std::uint64_t number = 0;  ///< SubscriptionId or ClientTransactionId

    friend bool operator==(LightKey, LightKey) = default;
};

/// How a request goes out.
struct LightRequest {
    LightKey key;
    std::uint32_t cseq = 0;
    const Flow* flow = nullptr;
    std::string_view request_uri;          ///< where a connection is opened when the flow's is gone
    std::chrono::milliseconds patience{};  ///< 0: timer F
};

/// The final answer to a request, or what stands for it.
struct LightAnswer {
    LightKey key;
    std::uint32_t cseq = 0;
    unsigned status = 0;              ///< 408: none came; 503: it could not be sent
    const sip_t* response = nullptr;  ///< null: made here
    std::string_view source{};        ///< numeric address that a challenge came from
    ConnectionId connection{};        ///< TCP: by which the request went out
    bool plain = false;               ///< a 2xx that says no more (plain_answer.hpp)
};

/// Repeats what nobody answers, over UDP, and tells how each request ended, exactly once. Loop
/// thread only.
class LightTransactions {
public:
    using OnAnswer = std::function<void(const LightAnswer&)>;
    using TimePoint = EventLoop::TimePoint;

    LightTransactions(EventLoop& loop, nta_agent_t& agent, Transports& transports,
                      DatagramSender& datagrams, const EndpointSettings& settings,
                      OnAnswer on_answer);

    /// Sends what `compose(listener, branch)` makes of the way out: a PacketRef whose top Via has
    /// that branch. Replaces an earlier request of the same key silently.
    template <class Compose>
    void send(const LightRequest& request, const Compose& compose)
    {
        auto* entry = open(request);
        if (!entry) return;
        entry->packet = compose(*entry->listener, branch_of(request.key, entry->secret));
        dispatch(request.key, *entry);
    }
    void forget(LightKey key);
    /// A response that belongs to no transaction of the stack, from numeric address `source`; false
    /// when it is not one of ours either.
    bool receive(const sip_t& response, std::string_view source);
    /// The same of a datagram that nobody has parsed; true: it was the plain answer to a NOTIFY. That
    /// of a call is not, as the tap keeps it.
    bool take(std::string_view datagram);
    /// What is under way over this connection fails now; what is over others costs nothing.
    void fail(ConnectionId connection);

    struct Counters {
        std::uint64_t sent = 0, repeated = 0, timed_out = 0;
        std::uint64_t fragmented = 0;  ///< too large for one datagram, and sent all the same
    };
    [[nodiscard]] const Counters& counters(LightKey::Kind kind) const noexcept
    {
        return counters_[static_cast<std::size_t>(kind)];
    }

private:
    enum class Place : std::uint8_t { none, waiting, taken };  // among those under way to one peer
    struct Peer {
        std::size_t under_way = 0;
        std::list<LightKey> waiting;  // mostly empty, and then without memory
    };
    using Peers = std::unordered_map<std::string, Peer>;  // by transport and address
    struct Entry {
        std::uint32_t cseq = 0;
        std::string secret;  // second half of the branch; guards against forged answers
        Flow flow;
        std::string hop;  // TCP: where a connection is opened; empty for UDP
        std::chrono::milliseconds patience{};
        PacketRef packet;
        SocketAddress to;  // UDP
        const Listener* listener = nullptr;
        ConnectionId connection;  // TCP
        TimePoint give_up;        // timer F
        Place place = Place::none;
        Peers::value_type* peer = nullptr;  // once it has a place
    };
    struct Hash {
        std::size_t operator()(LightKey key) const noexcept
        {
            return std::hash<std::uint64_t>{}(key.number * LightKey::kinds +
                                              static_cast<std::uint64_t>(key.kind));
        }
    };
    using Entries = std::unordered_map<LightKey, Entry, Hash>;
    /// Timer E: the n-th repetition of every request waits in the n-th queue, and so each queue is
    /// in order of time.
    struct Timer {
        TimePoint due;
        LightKey key;
        std::uint32_t cseq;
    };

    [[nodiscard]] Counters& count(LightKey key) noexcept
    {
        return counters_[static_cast<std::size_t>(key.kind)];
    }
    /// nullptr: it has failed already.
    [[nodiscard]] Entry* open(const LightRequest& request);
    void dispatch(LightKey key, Entry& entry);
    void start(LightKey key, Entry& entry);
    void report_fragments(const Entry& entry, LightKey key, std::size_t size, TimePoint now);
    [[nodiscard]] bool start_over_connection(LightKey key, Entry& entry);
    void set_timer(LightKey key, const Entry& entry, std::size_t repetition, TimePoint now);
    void arm(TimePoint due);
    void expire();
    void start_ready();
    /// What a response with this branch answers; the end when there is no such request.
    [[nodiscard]] Entries::iterator find(std::string_view branch);
    void finish(LightKey key, unsigned status, const sip_t* response, std::string_view source = {});
    void leave_peer(const Entry& entry);
    void put_on(ConnectionId connection, LightKey key, Entry& entry);
    [[nodiscard]] static std::string branch_of(LightKey key, std::string_view secret);

    nta_agent_t& agent_;
    Transports& transports_;
    DatagramSender& datagrams_;
    const EndpointSettings& settings_;
    OnAnswer on_answer_;
    Entries entries_;
    std::unordered_map<std::uint64_t, std::unordered_set<LightKey, Hash>> by_connection_;
    Peers peers_;
    std::vector<std::deque<Timer>> repetitions_;
    std::deque<Timer> deadlines_;           // timer F of connections, where nothing is repeated
    TimerQueue<LightKey, Hash> impatient_;  // those with a patience of their own
    std::vector<LightKey> ready_;           // have got a place, and start with the next timer
    std::optional<TimePoint> armed_;
    LoopTimer timer_;
    std::array<Counters, LightKey::kinds> counters_{};
    TimePoint next_report_{};
};

}  // namespace lampline::sip
