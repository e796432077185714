#pragma once
// NOTIFY transactions of our own, light enough for thousands of watchers (RFC 3261 §17.1.2, RFC
// 6665 §4.2.2).
//
// The stack keeps every unanswered request in one list in order of time and searches it on each
// insertion; with some ten thousand unanswered NOTIFYs that fills the SIP thread. Here a
// transaction is a finished text, its place in a queue of timers, and an entry under its
// subscription, whose number is part of the branch: so the answer finds it.
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/sip_command.hpp"
#include "core/sip_input.hpp"
#include "sip/datagrams.hpp"
#include "sip/event_loop.hpp"

namespace lampline::sip {

/// Loop thread only.
class NotifySender {
public:
    using OnInput = std::function<void(SipInput&&)>;
    using TimePoint = EventLoop::TimePoint;

    NotifySender(EventLoop& loop, nta_agent_t& agent, Transports& transports,
                 DatagramSender& datagrams, const EndpointSettings& settings, OnInput on_input);

    void send(SendNotify&& command);
    void forget(SubscriptionId subscription);
    /// A response that belongs to no transaction of the stack; false when it is not one of ours
    /// either.
    bool receive(const sip_t& response);
    /// What is under way over this connection fails now.
    void fail(ConnectionId connection);

    [[nodiscard]] std::size_t under_way() const noexcept { return entries_.size(); }

    struct Counters {
        std::uint64_t sent = 0, repeated = 0, timed_out = 0;
        std::uint64_t fragmented = 0;  ///< too large for one datagram, and sent all the same
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

private:
    enum class Place : std::uint8_t { none, waiting, taken };  // among those under way to one peer
    struct Peer {
        std::size_t under_way = 0;
        std::list<SubscriptionId> waiting;  // mostly empty, and then without memory
    };
    using Peers = std::unordered_map<std::string, Peer>;  // by transport and address
    struct Entry {
        std::uint32_t cseq = 0;
        std::string secret;  // second half of the branch; guards against forged answers
        std::shared_ptr<const NotifyDialog> dialog;
        PacketRef packet;
        SocketAddress to;  // UDP
        const Listener* listener = nullptr;
        ConnectionId connection;  // TCP
        TimePoint give_up;        // timer F
        Place place = Place::none;
        Peers::value_type* peer = nullptr;  // once it has a place
    };
    /// Timer E: the n-th repetition of every NOTIFY waits in the n-th queue, and so each queue is
    /// in order of time.
    struct Timer {
        TimePoint due;
        SubscriptionId subscription;
        std::uint32_t cseq;
    };
    void start(SubscriptionId id, Entry& entry);
    void report_fragments(const Entry& entry, std::size_t size, TimePoint now);
    [[nodiscard]] bool start_over_connection(SubscriptionId id, Entry& entry);
    void set_timer(SubscriptionId id, const Entry& entry, std::size_t repetition, TimePoint now);
    void arm(TimePoint due);
    void expire();
    void start_ready();
    void finish(SubscriptionId id, unsigned status, std::chrono::seconds retry_after,
                bool generated);
    void leave_peer(const Entry& entry);
    [[nodiscard]] PacketRef compose(const SendNotify& command, const Listener& listener,
                                    const std::string& branch) const;
    [[nodiscard]] static std::string peer_key(const Flow& flow);

    nta_agent_t& agent_;
    Transports& transports_;
    DatagramSender& datagrams_;
    const EndpointSettings& settings_;
    OnInput on_input_;
    std::unordered_map<std::uint64_t, Entry> entries_;
    Peers peers_;
    std::vector<std::deque<Timer>> repetitions_;
    std::deque<Timer> deadlines_;        // timer F of connections, where nothing is repeated
    std::vector<SubscriptionId> ready_;  // have got a place, and start with the next timer
    std::optional<TimePoint> armed_;
    LoopTimer timer_;
    Counters counters_;
    TimePoint next_report_{};
};

}  // namespace lampline::sip
