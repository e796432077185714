#pragma once
// From what changes on the SIP thread to the streams of those who look on.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "admin/token_service.hpp"
#include "core/live_event.hpp"
#include "web/endless_body.hpp"
#include "web/event_ring.hpp"

namespace lampline::web {

struct EventHubSettings {
    EventRingSettings ring;
    std::size_t max_streams = 64;
    std::size_t max_incoming = 4096;  ///< events that the web thread has not taken over yet
    std::chrono::milliseconds heartbeat{15'000};  ///< a sign of life in a quiet stream
    std::chrono::milliseconds token_check{2'000};
    std::chrono::milliseconds memory{60'000};  ///< after the last stream, for those who come again
};

/// Since start, and now.
struct EventCounters {
    std::size_t streams = 0;
    std::uint64_t streams_opened = 0, streams_refused = 0;
    std::uint64_t events = 0;
    std::uint64_t resets = 0;  ///< a stream could not go on where it was
};

/// All streams read one ring, each at its own place: a slow one costs no memory, and is told when
/// the ring has overtaken it. Nothing is collected while nobody listens.
class EventHub : public std::enable_shared_from_this<EventHub> {
public:
    using TimePoint = EndlessBody::TimePoint;
    /// Asks which of these no longer hold, and says so to end(). Must not block.
    using TokenCheck = std::function<void(std::vector<admin::Bearer>)>;

    explicit EventHub(EventHubSettings settings = {});

    /// Whether publish() is worth its while. Any thread.
    [[nodiscard]] bool listened() const noexcept
    {
        return listened_.load(std::memory_order_relaxed);
    }
    /// Takes over what one step has changed; never waits for a stream, and forgets all rather than
    /// grow. Any thread, as a rule the SIP thread.
    void publish(std::vector<LiveEvent> events);

    /// A stream for `bearer`, going on behind `last_id` if there is one; null: there are too many.
    /// Any thread.
    std::unique_ptr<EndlessBody> open(EventFilter filter, std::optional<std::string> last_id,
                                      admin::Bearer bearer);
    /// The streams of these tokens say good-bye. Any thread.
    void end(const std::vector<admin::Bearer>& bearers);

    /// What to call when the streams have something to send; any thread calls it. Before the first
    /// open().
    void on_news(std::function<void()> wake) { wake_ = std::move(wake); }
    void on_token_check(TokenCheck check) { check_ = std::move(check); }

    [[nodiscard]] EventCounters counters() const;

private:
    class Stream;

    void take_in();
    void leave(Stream& stream);
    void check_tokens(TimePoint now);

    const EventHubSettings settings_;
    std::function<void()> wake_;
    TokenCheck check_;
    std::atomic<bool> listened_{false};

    std::mutex incoming_mutex_;  // held for moments only: the SIP thread takes it
    std::vector<LiveEvent> incoming_;
    bool overflowed_ = false;
    bool woken_ = false;
    bool anybody_ = false;   // streams are open
    TimePoint forget_at_{};  // when nobody is

    mutable std::mutex mutex_;
    EventRing ring_;
    std::unordered_set<Stream*> streams_;
    EventCounters counters_;
    TimePoint next_check_{};
};

}  // namespace lampline::web
