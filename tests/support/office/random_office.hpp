#pragma once
// A whole office in which anything happens at any time, and what must be true of it whenever it
// comes to rest.
#include <deque>

#include "support/office/dead_dialogs.hpp"
#include "support/office/random_calls.hpp"
#include "support/office/random_messages.hpp"
#include "support/office/random_watchers.hpp"
#include "support/office/recorded_calls.hpp"

namespace lampline::test {

/// What happens most.
enum class Mood : std::uint8_t { calling, watching, sharing, publishing };

/// Whether the messages of calls are lost, too.
enum class Links : std::uint8_t { perfect, lossy };

class RandomOffice {
public:
    RandomOffice(unsigned seed, Mood mood, Links links = Links::perfect);

    /// Something happens, in this weather.
    void step(Weather weather);
    /// The network is back and phones answer, and then all lamps are true: at once where the phones
    /// are heard of, else within 5 s after mere silence, else when it is their turn.
    void rests();
    /// kill -9 and a start. Whoever simply talked talks on, nothing that only rang is left, and
    /// within 2 s all lamps are true.
    void is_killed();
    /// The same, and what was to be stored within the last `lag` is lost. Calls and subscriptions
    /// that only the storage still knew are gone, as their phones say so.
    void is_killed_with_loss(std::chrono::milliseconds lag);
    /// All calls end, and nothing is left.
    void closes();

    [[nodiscard]] const std::map<std::string, std::size_t>& done() const { return office_.done; }
    /// The last messages of calls, where links are lossy.
    [[nodiscard]] std::string ladder() const;

private:
    void acts();
    void passes(std::chrono::milliseconds span);
    /// All that has arrived is dealt with.
    void goes_on();
    bool empties_inboxes();
    void check();
    /// By the weather.
    [[nodiscard]] Passage passage();
    /// All transactions end, and whoever is alone in a call is found.
    void links_settle();
    void starts_again(const std::set<std::string>& talked);
    /// What storage leaves without its last entries; all that follows from it for the phones.
    void loses(std::size_t entries);
    /// Who waits, and who has not been told all, or has not answered, `since` so long.
    [[nodiscard]] static std::string owed(const LiveView& view, std::chrono::milliseconds since);
    [[nodiscard]] RandomWatchers::Dialogs truth(const LiveView& view);

    Office office_;
    NotifiedPhones notified_{office_};
    Subscriptions subscriptions_{office_, notified_};
    RandomSessions sessions_{office_};
    RandomProgress progress_{office_};
    SharedDialogs shared_{office_};
    RandomCalls calls_{office_, sessions_, progress_, shared_};
    DeadDialogs dead_{office_};
    RecordedCalls records_{office_};
    RandomMessages messages_{office_};
    RandomForwards forwards_{office_, notified_, subscriptions_};
    RandomLines lines_{office_, notified_, subscriptions_};
    RandomPublishers publishers_{office_};
    RandomWatchers watchers_{office_, notified_, subscriptions_};
    Mood mood_;
    bool stormy_ = false;  ///< since the last rest
    std::chrono::steady_clock::time_point silent_since_;
    /// How much was stored when, of late.
    std::deque<std::pair<std::chrono::steady_clock::time_point, std::size_t>> stored_;
};

}  // namespace lampline::test
