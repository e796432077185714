#pragma once
// Phones of an office that watch: lamps, keys, slots, whole groups and other packages, with rights
// that come and go.
#include "support/office/random_forwards.hpp"
#include "support/office/random_lines.hpp"
#include "support/office/random_publishers.hpp"
#include "support/office/subscriptions.hpp"

namespace lampline::test {

class RandomWatchers {
public:
    RandomWatchers(Office& office, NotifiedPhones& notified, Subscriptions& subscriptions)
        : office_{office}, notified_{notified}, subscriptions_{subscriptions}
    {
    }

    /// Somebody asks for something, or wants no more of it.
    void act();
    /// A phone that calls registers anew, or unregisters.
    void caller_comes_or_goes();
    /// An administrator changes who may see whom, or something that is shown.
    void reconfigure();

    /// After each step: who talks to whom.
    void look();
    /// A call may be in a slot again that somebody else has parked it in.
    void storage_lost() { talkers_.clear(); }

    /// What is shown of an extension, one line a dialog: Call-ID, state, `held`.
    using Dialogs = std::map<std::string, std::multiset<std::string>>;
    /// Every subscription lives that should, and every lamp of it shows `truth`.
    void check_lamps(const LiveView& view, const Dialogs& truth, const RandomForwards& forwards);
    void check_packages(const LiveView& view, const RandomLines& lines,
                        const RandomPublishers& publishers);

private:
    void registers_somehow(Phone& phone);
    void have_watcher(std::string_view group, std::string_view watcher, bool unsolicited);
    void check_lamp(const LiveView& view, const LiveLamp& lamp, const Screen& screen,
                    const Dialogs& truth) const;
    /// Whether it says who is at the other end; nullopt: that follows from who has parked the call,
    /// whom nobody has seen.
    [[nodiscard]] std::optional<bool> names_parties(const LiveLamp& lamp) const;
    void check_unasked(const Phone& phone, const RandomForwards& forwards) const;
    void check_package(const LiveView& view, const Screen& screen, const RandomLines& lines,
                       const RandomPublishers& publishers) const;
    [[nodiscard]] std::string presence_of(const LiveView& view, const std::string& number,
                                          const RandomPublishers& publishers) const;

    Office& office_;
    NotifiedPhones& notified_;
    Subscriptions& subscriptions_;
    using Talkers = std::map<std::string, std::string>;  // extensions by Call-ID
    std::map<std::string, Talkers> talkers_;  // by call; of one that is parked, who talked before
};

}  // namespace lampline::test
