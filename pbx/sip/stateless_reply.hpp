#pragma once
// Answers to requests that have no transaction in the stack: REGISTER, SUBSCRIBE, OPTIONS,
// challenges, rejections.
#include <chrono>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sip/datagrams.hpp"
#include "sip/sofia.hpp"

namespace lampline::sip {

/// What makes two requests the same one, hashed once.
struct RequestKey {
    std::string text;
    std::size_t hash = 0;

    [[nodiscard]] bool empty() const noexcept { return text.empty(); }
    friend bool operator==(const RequestKey& left, const RequestKey& right) noexcept
    {
        return left.hash == right.hash && left.text == right.text;
    }
};

/// A request that waits for its answer, and the way back to its sender.
struct HeldRequest {
    MessageRef message;
    const sip_t* sip = nullptr;  ///< of `message`
    Flow source;
    const Listener* listener = nullptr;
    TransportRef connection;  ///< null for UDP
    RequestKey key;           ///< in RepeatedRequests; empty: not kept there
};

/// What an answer says.
struct StatelessReply {
    unsigned status = 0;
    std::string_view phrase;   ///< empty: the standard one
    std::string_view to_tag;   ///< empty: a random one
    std::string_view headers;  ///< whole lines
    std::string_view content_type;
    std::string_view body;
};

/// The answer in its final form (RFC 3261 §8.2.6).
std::string write_reply(const sip_t& request, const StatelessReply& reply,
                        std::string_view product);

/// Requests over UDP that were taken up, for as long as their sender may repeat them (RFC 3261
/// §17.2.2): a repetition gets the same answer, and none while there is none yet. Without it a
/// repeated nonce count would look like an attack, and a repeated SUBSCRIBE would be a second
/// subscription. The oldest make room when there are too many.
class RepeatedRequests {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    explicit RepeatedRequests(std::chrono::milliseconds kept_for) : kept_for_{kept_for} {}

    static RequestKey key_of(const sip_t& request);

    enum class Seen : std::uint8_t { first, waiting, answered };
    struct Found {
        Seen seen = Seen::first;
        PacketRef answer;
    };
    [[nodiscard]] Found find(const RequestKey& key, TimePoint now) const;
    void add(const RequestKey& key, TimePoint now);
    /// Those that are remembered no longer.
    void forget_old(TimePoint now);
    void answer(const RequestKey& key, PacketRef packet);
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    void forget_oldest();

    static constexpr std::size_t at_most = 4096;
    struct Entry {
        TimePoint until;
        PacketRef answer;
    };
    struct Hash {
        std::size_t operator()(const RequestKey& key) const noexcept { return key.hash; }
    };
    using Entries = std::unordered_map<RequestKey, Entry, Hash>;

    std::chrono::milliseconds kept_for_;
    Entries entries_;
    std::deque<const Entries::value_type*> by_age_;  // oldest first
};

/// Sends a finished message over an open connection; false when it is not open any more.
bool send_over(tport_t& connection, const std::string& message);

}  // namespace lampline::sip
