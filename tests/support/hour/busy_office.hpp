#pragma once
// An office at a thousand calls a minute, and what must be true of it whenever it comes to rest.
#include "support/hour/calling_phones.hpp"
#include "support/hour/watching_phones.hpp"

namespace lampline::test {

inline constexpr std::size_t calls_a_minute = 1000, rests_a_minute = 5;

/// A hundred extensions in teams of ten, whose members pick up for each other. In every built-in
/// body profile one phone watches a team as a list, and another one its members one by one, some
/// of their keys, and the park slots.
class BusyOffice {
public:
    explicit BusyOffice(unsigned seed);

    /// As many calls as there are from one rest to the next.
    void works();
    /// Nobody does anything until every NOTIFY is answered: then every lamp is true. All then go on
    /// with what they were about to do.
    void rests();
    /// All hang up, and leave: nothing is left.
    void closes();

    /// How often what was done.
    [[nodiscard]] std::map<std::string, std::size_t> done() const;

private:
    [[nodiscard]] static std::vector<std::string> numbers();
    [[nodiscard]] static std::vector<Watching> watching();
    [[nodiscard]] static std::map<std::string, std::vector<std::string>> teams();
    [[nodiscard]] DirectoryRef directory() const;
    void forwards_for_a_while();
    void refreshes();
    void passes_until_all_is_told();
    [[nodiscard]] Truth truth(const LiveView& view) const;

    Chance chance_;
    std::map<std::string, Forwarding> forwarding_;
    ExchangeInTime exchange_;
    WatchingPhones watchers_;
    CallingPhones phones_;
    std::size_t forwards_ = 0;
    Time refreshed_at_;
};

}  // namespace lampline::test
