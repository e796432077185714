#pragma once
// What phones show by the NOTIFYs that reach them, over a network that loses, delays and repeats.
// Each NOTIFY is checked as it is sent and as it arrives.
#include <functional>
#include <optional>
#include <set>
#include <tuple>

#include "core/appearance.hpp"
#include "support/office/office.hpp"
#include "support/office/unasked_lamps.hpp"

namespace lampline::test {

/// How NOTIFYs fare, and what phones say to them.
enum class Weather : std::uint8_t {
    fair,    ///< all arrive within 0.2 s, and are accepted
    silent,  ///< many NOTIFYs and answers are lost, and nobody refuses
    stormy,  ///< some are lost, some phones are busy (with Retry-After or without), some know
             ///< nothing
};

/// One subscription as the exchange has told it, and as its phone shows it.
struct Screen {
    Phone* phone = nullptr;
    std::string package;   ///< without parameters
    std::string resource;  ///< what is watched: extension, key, slot or group
    bool list = false;
    bool unsolicited = false;

    // as sent
    std::chrono::steady_clock::time_point begun_at;
    std::uint32_t cseq = 0;
    std::optional<std::uint32_t> version;
    bool may_jump = false;  ///< the exchange was killed: numbers that were reserved are passed over
    bool resumed = false;   ///< the exchange was killed since it began
    bool over = false;      ///< either side has said so
    bool ended = false;      ///< the phone has answered that it is over
    bool forgotten = false;  ///< by the phone alone
    bool doubted = true;     ///< it may be told all of it (again)
    struct Told {
        std::string text;      ///< the last that was said of it
        std::uint32_t in = 0;  ///< CSeq
        bool certain = false;  ///< it was accepted, and nobody has asked for more since
    };
    std::map<std::string, Told> told;  ///< by part: member of a list, feature

    // as shown
    std::uint32_t seen = 0;  ///< CSeq
    std::optional<std::uint32_t> seen_version;
    std::set<std::string> named;   ///< members of a list
    std::set<std::string> unsaid;  ///< members that have left the list without a word
    std::map<std::string, DialogInfo> documents;  ///< by member
    std::map<std::string, std::string> bodies;    ///< of other packages, by part
    std::map<unsigned, CallInfo> appearances;     ///< that are not idle
    std::multiset<unsigned> seized;               ///< appearances of a line, as claimed
};

class NotifiedPhones {
public:
    explicit NotifiedPhones(Office& office) : office_{office} {}

    Weather weather = Weather::fair;

    /// A NOTIFY leaves for `phone`.
    void take(Phone& phone, const Arrived& arrived);
    /// One thing that is due arrives, or is answered. False: nothing is.
    bool act();
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next() const;
    /// The network is back: what is still under way arrives now, and is accepted.
    void clears_up();
    /// The exchange was killed: nobody waits for answers. What is under way may still arrive.
    void exchange_killed();
    /// Of what was asked for the exchange knows `left` from now on. What else it has told is over
    /// without a word; what is over for its phone it may tell, and hears so.
    void storage_lost(const Kept& left);

    /// The phone has asked to be told (again).
    void asked(Phone& phone, std::string_view package, std::string_view resource);
    /// The phone has been granted this.
    void granted(const Phone& phone, std::string_view package, std::string_view resource,
                 std::chrono::seconds expires);
    /// By what it was granted it is over now, or within this second.
    [[nodiscard]] bool has_expired(const Screen& screen) const;
    /// That comes to pass within this second, or has within the last one: over a restart it is
    /// kept in whole ones.
    [[nodiscard]] bool is_expiring(const Screen& screen) const;
    /// The phone has lost the subscription and was refused another one.
    void forgets(const Phone& phone, std::string_view package, std::string_view resource);
    /// Its registration is another one than before, so what it has refused counts no more.
    void registered_anew(const Phone& phone, std::string_view package = {});

    /// The subscription that lives, or has lived last; nullptr: none.
    [[nodiscard]] const Screen* find(const Phone& phone, std::string_view package,
                                     std::string_view resource, bool unsolicited) const;
    [[nodiscard]] std::vector<const Screen*> living() const;
    /// The phone has refused what was told it unasked.
    [[nodiscard]] bool refuses(const Phone& phone, std::string_view package) const;
    /// The phone shows `member` lit, by what it was told unasked, and has neither asked for it nor
    /// refused it since.
    [[nodiscard]] bool shows_lit_unasked(const Phone& phone, std::string_view member) const
    {
        return unasked_.is_lit(phone, member);
    }

    /// No NOTIFY of these is to leave: who is told by a phone is told by nobody else.
    std::function<bool(const Phone& phone, const Screen& screen)> must_be_silent;
    /// The exchange ends what a phone has told.
    std::function<void(const Phone& phone, const SendNotify& notify)> ends_for_phone;

private:
    using Time = std::chrono::steady_clock::time_point;
    struct UnderWay {
        std::string dialog;
        SendNotify notify;
        Time arrives_at;
        Time answered_at;
        unsigned status = 200;
        bool generated = false;
        bool gone = false;  ///< by this answer the subscription is over
        std::chrono::seconds retry_after{};
        bool arrives = true;
        bool awaited = true;  ///< its answer
        std::uint64_t place = 0;
    };

    /// The exchange has ended what a phone tells, in its name.
    [[nodiscard]] static bool is_of_notifier(const SendNotify& notify);
    void take_of_notifier(Phone& phone, const SendNotify& notify);
    bool answer_of_notifier();
    void check_numbers(Screen& screen, const SendNotify& notify) const;
    void check_news(Screen& screen, const SendNotify& notify) const;
    static void doubt(Screen& screen);
    void meets_weather(UnderWay& under_way);
    void arrive(const UnderWay& under_way);
    [[nodiscard]] bool is_awaited(const Screen& unsolicited) const;
    void answer(const UnderWay& under_way);
    void unasked_lost(const std::vector<UnaskedLamp>& left);
    static void show(Screen& screen, const SendNotify& notify);
    static void show_list(Screen& screen, const SendNotify& notify);
    static void show_package(Screen& screen, const SendNotify& notify);
    static void show_appearances(Screen& screen, const SendNotify& notify);
    static void show_seized(Screen& screen, const SendNotify& notify);

    Office& office_;
    std::map<std::string, Screen> screens_;  // by Call-ID and our tag
    std::map<std::tuple<const Phone*, std::string, std::string, bool>, std::string> latest_;
    std::map<std::tuple<const Phone*, std::string, std::string>, Time> until_;
    std::vector<UnderWay> under_way_;
    std::vector<UnderWay> of_notifiers_;  // which have no screen
    UnaskedLamps unasked_;
    std::set<std::pair<const Phone*, std::string>> refused_;
};

}  // namespace lampline::test
