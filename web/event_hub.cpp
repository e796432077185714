#include "web/event_hub.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

#include "web/event_words.hpp"

namespace lampline::web {
namespace {

constexpr std::size_t max_piece = 64 * 1024;
constexpr std::string_view retry = "retry: 2000\n";  // milliseconds, for EventSource

std::string new_run()
{
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::random_device random;
    std::string run(8, '\0');
    for (char& c : run) c = alphabet[random() & 31U];
    return run;
}

std::string reason(std::string_view word)
{
    return std::string{R"({"reason":")"}.append(word).append("\"}");
}

}  // namespace

class EventHub::Stream final : public EndlessBody {
public:
    Stream(std::shared_ptr<EventHub> hub, EventFilter filter, admin::Bearer bearer)
        : hub_{std::move(hub)}, filter_{std::move(filter)}, bearer_{std::move(bearer)}
    {
    }
    ~Stream() override { hub_->leave(*this); }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    std::string next(TimePoint now) override
    {
        hub_->check_tokens(now);
        const std::lock_guard lock{hub_->mutex_};
        hub_->take_in();
        check_at_ = hub_->next_check_;
        if (over_) return {};
        if (withdrawn_) {
            over_ = true;
            return event_text(hub_->ring_.id_before(place_), "end", reason("token_revoked"));
        }
        std::string text = std::exchange(opening_, {});
        auto part = hub_->ring_.read(place_, filter_, max_piece);
        place_ = part.place;
        if (part.lost) text += reset("too_slow");
        text += part.text;
        if (text.empty() && now >= last_at_ + hub_->settings_.heartbeat)
            text = ":\nid: " + hub_->ring_.id_before(place_) + "\n\n";
        if (!text.empty()) last_at_ = now;
        return text;
    }

    [[nodiscard]] TimePoint due() const override
    {
        return std::min(last_at_ + hub_->settings_.heartbeat, check_at_);
    }
    [[nodiscard]] bool over() const override { return over_; }
    [[nodiscard]] std::string farewell() const override
    {
        const std::lock_guard lock{hub_->mutex_};
        return event_text(hub_->ring_.id_before(place_), "end", reason("server_stopping"));
    }

private:
    friend class EventHub;

    /// What happened in between is unknown: the client must look anew.
    std::string reset(std::string_view why)
    {
        ++hub_->counters_.resets;
        return event_text(hub_->ring_.id_before(place_), "reset", reason(why));
    }

    const std::shared_ptr<EventHub> hub_;
    const EventFilter filter_;
    const admin::Bearer bearer_;
    // what follows is guarded by the hub's mutex_, or the web thread's own
    std::uint64_t place_ = 0;
    std::string opening_;
    bool withdrawn_ = false;
    bool over_ = false;
    TimePoint last_at_{};
    TimePoint check_at_{};
};

EventHub::EventHub(EventHubSettings settings) : settings_{settings}, ring_{new_run(), settings.ring}
{
}

void EventHub::publish(std::vector<LiveEvent> events)
{
    bool wake = false;
    {
        const std::lock_guard lock{incoming_mutex_};
        if (!anybody_ && std::chrono::steady_clock::now() >= forget_at_) {
            listened_.store(false, std::memory_order_relaxed);
            overflowed_ = true;
            incoming_ = {};
            return;
        }
        if (incoming_.size() + events.size() > settings_.max_incoming) {
            overflowed_ = true;
            incoming_.clear();
        } else {
            incoming_.insert(incoming_.end(), std::make_move_iterator(events.begin()),
                             std::make_move_iterator(events.end()));
        }
        wake = anybody_ && !std::exchange(woken_, true);
    }
    if (wake && wake_) wake_();
}

/// With mutex_ held.
void EventHub::take_in()
{
    std::vector<LiveEvent> events;
    bool overflowed = false;
    {
        const std::lock_guard lock{incoming_mutex_};
        events.swap(incoming_);
        overflowed = std::exchange(overflowed_, false);
        woken_ = false;
    }
    if (overflowed) ring_.forget();
    for (const auto& event : events) {
        auto words = words_of(event);
        ring_.append(words.type, std::move(words.extensions), words.data);
    }
    counters_.events += events.size();
}

std::unique_ptr<EndlessBody> EventHub::open(EventFilter filter, std::optional<std::string> last_id,
                                            admin::Bearer bearer)
{
    auto stream =
        std::make_unique<Stream>(shared_from_this(), std::move(filter), std::move(bearer));
    const std::lock_guard lock{mutex_};
    if (streams_.size() >= settings_.max_streams) {
        ++counters_.streams_refused;
        return nullptr;
    }
    take_in();
    const auto place = last_id ? ring_.place_after(*last_id) : std::optional{ring_.end()};
    stream->place_ = place.value_or(ring_.end());
    stream->opening_ = retry;
    if (place)
        stream->opening_.append("id: ").append(ring_.id_before(*place)).append("\n\n");
    else
        stream->opening_ += stream->reset("too_old");
    streams_.insert(stream.get());
    ++counters_.streams_opened;
    const std::lock_guard incoming_lock{incoming_mutex_};
    anybody_ = true;
    listened_.store(true, std::memory_order_relaxed);
    return stream;
}

void EventHub::leave(Stream& stream)
{
    const std::lock_guard lock{mutex_};
    if (streams_.erase(&stream) == 0 || !streams_.empty()) return;
    const std::lock_guard incoming_lock{incoming_mutex_};
    anybody_ = false;
    forget_at_ = std::chrono::steady_clock::now() + settings_.memory;
}

void EventHub::end(const std::vector<admin::Bearer>& bearers)
{
    bool any = false;
    {
        const std::lock_guard lock{mutex_};
        for (auto* stream : streams_)
            for (const auto& bearer : bearers)
                if (stream->bearer_.digest == bearer.digest) any = stream->withdrawn_ = true;
    }
    if (any && wake_) wake_();
}

void EventHub::check_tokens(TimePoint now)
{
    std::vector<admin::Bearer> bearers;
    {
        const std::lock_guard lock{mutex_};
        if (now < next_check_ || !check_) return;
        next_check_ = now + settings_.token_check;
        for (const auto* stream : streams_)
            if (!std::ranges::count(bearers, stream->bearer_.digest, &admin::Bearer::digest))
                bearers.push_back(stream->bearer_);
    }
    check_(std::move(bearers));
}

EventCounters EventHub::counters() const
{
    const std::lock_guard lock{mutex_};
    auto counters = counters_;
    counters.streams = streams_.size();
    return counters;
}

}  // namespace lampline::web
