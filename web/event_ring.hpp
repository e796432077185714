#pragma once
// The last events as they are sent: server-sent events (WHATWG HTML §9.2), numbered, in a ring.
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lampline::web {

enum class EventType : std::uint16_t {
    call = 1,
    lamp = 2,
    registration = 4,
    reachability = 8,
    trunk = 16,
    presence = 32,
    appearance = 64,
    published = 128,
    messages = 256,
    features = 512,
    login = 1024,
};
inline constexpr std::array event_types{
    EventType::call,     EventType::lamp,       EventType::registration, EventType::reachability,
    EventType::trunk,    EventType::presence,   EventType::appearance,   EventType::published,
    EventType::messages, EventType::features,   EventType::login};
std::string_view name(EventType type) noexcept;

/// Which events a stream wants.
struct EventFilter {
    unsigned types = ~0U;   ///< sum of EventTypes
    std::string extension;  ///< only what concerns it; empty: all
};

struct EventRingSettings {
    std::size_t max_events = 4096;
    std::size_t max_bytes = 4 * 1024 * 1024;
};

/// Whoever reads keeps his own place, a number; what has left the ring meanwhile is lost to him,
/// and he is told so. Belongs to one thread at a time.
class EventRing {
public:
    /// `run` tells the ids of one run of the program from those of another.
    EventRing(std::string run, EventRingSettings settings);

    /// `data` is one line.
    void append(EventType type, std::vector<std::string> extensions, std::string_view data);
    /// Forgets everything; who had read all of it has lost something too.
    void forget();

    /// The place behind the last event.
    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
    /// The place behind the event with this id; nullopt: not of this run, or gone.
    [[nodiscard]] std::optional<std::uint64_t> place_after(std::string_view id) const;
    /// The id of the event before `place`.
    [[nodiscard]] std::string id_before(std::uint64_t place) const;

    struct Part {
        std::string text;
        std::uint64_t place = 0;  ///< where to go on
        bool lost = false;  ///< what comes first is gone; then `text` is empty, `place` the end
    };
    /// What `filter` wants from `place` on, about `max_bytes` at most.
    [[nodiscard]] Part read(std::uint64_t place, const EventFilter& filter,
                            std::size_t max_bytes) const;

private:
    struct Entry {
        EventType type;
        std::vector<std::string> extensions;
        std::string text;
    };
    [[nodiscard]] std::uint64_t begin() const noexcept { return end_ - entries_.size(); }
    void drop_oldest();

    std::string run_;
    EventRingSettings settings_;
    std::deque<Entry> entries_;
    std::size_t bytes_ = 0;
    std::uint64_t end_ = 1;  // number of the next event
};

/// One event with an id: `id:`, `event:` and `data:` lines, and the blank one.
std::string event_text(std::string_view id, std::string_view event, std::string_view data);

}  // namespace lampline::web
