#pragma once
// Phones that watch colleagues, in every built-in body profile: each shows what it has read from
// the NOTIFYs that reached it, over a network that loses, delays and repeats. Each NOTIFY is
// checked as it leaves.
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/dialog_info.hpp"
#include "core/leg_state.hpp"
#include "support/hour/exchange_in_time.hpp"
#include "support/office/chance.hpp"

namespace lampline::test {

/// Where the phone of `number` is; the second one has another port.
Flow flow_of(const std::string& number, std::uint16_t port = 5060);
SipUri contact_of(const std::string& number, const Flow& flow);

/// A dialog as its phone knows it.
struct TrueDialog {
    std::string call_id;
    LegState state = LegState::trying;
    bool called = false;
    std::string call{};  ///< what phones cannot know: of those that are called, which ones together
};
/// What a lamp is to show, whatever the exchange believes.
struct TrueState {
    std::vector<TrueDialog> dialogs;
    bool unregistered = false, do_not_disturb = false;
    bool forwarded = false;  ///< all its calls
    bool on = false;         ///< of a feature key
};
using Truth = std::map<std::string, TrueState, std::less<>>;

/// What one phone watches, and in which words.
struct Watching {
    std::string number;
    const BodyProfile* row = nullptr;
    std::vector<std::string> resources;  ///< extensions, keys, slots; or one group
    bool by_list = false;
};

class WatchingPhones {
public:
    /// `members`: of each group.
    WatchingPhones(ExchangeInTime& exchange, Chance& chance, std::vector<Watching> watching,
                   std::map<std::string, std::vector<std::string>> members);

    /// All register, and ask for what they watch.
    void begin();
    /// All register and ask again, so that nothing expires.
    void refresh();
    /// One of them leaves and comes back, has rebooted, or refreshes what it has asked for.
    void act();
    void leave();  ///< all of them
    /// From now on every NOTIFY arrives at once, and is accepted; or not any more.
    void calm(bool calm) { calm_ = calm; }

    void take(const SendNotify& notify);
    void take(const Reply& reply);

    /// Every lamp shows `truth`, nothing is told that was not asked for, and all that was asked for
    /// is.
    void check(const Truth& truth, const LiveView& view);

    std::map<std::string, std::size_t> done;  ///< how often what was done

private:
    using DocumentRef = std::shared_ptr<const DialogInfo>;
    struct Subscribed {
        std::string call_id;
        std::string tag;     // of the exchange; empty: not answered yet
        std::string dialog;  // that is told in; empty: nothing yet
    };
    struct Watcher {
        Watching watching;
        Flow flow;
        bool registered = false;
        unsigned reboots = 0;
        std::uint32_t cseq = 0;
        std::map<std::string, Subscribed> asked;  // by resource; what lives, as the phone knows it
    };
    struct Told {
        DocumentRef document;
        std::uint32_t in = 0;  // CSeq
        bool certain = false;  // it was accepted, and nobody has asked for more since
    };
    struct UnderWay;
    struct Screen {
        Watcher* watcher = nullptr;
        std::string resource;
        bool replaced = false;  // by what its phone has asked for since
        bool over = false;      // either side has said so

        // as sent
        std::uint32_t cseq = 0;
        std::optional<std::uint32_t> version;
        std::map<std::string, Told> told;  // by member
        std::shared_ptr<UnderWay> last;

        // as shown
        std::uint32_t seen = 0;  // CSeq
        std::map<std::string, DocumentRef> shown;
    };
    struct Part {
        std::string member;
        bool gone = false;  // from the list
        DocumentRef document;
    };
    struct UnderWay {
        Screen* screen;
        SubscriptionId subscription;
        std::uint32_t cseq;
        bool whole = true;  // what is not in it is in no list any more
        std::vector<Part> parts{};
        unsigned status = 200;
        bool generated = false;
        std::chrono::seconds retry_after{};
        bool awaited = true;  // its answer
    };

    /// nullptr: nothing has been told in it yet.
    [[nodiscard]] Screen* screen_of(const Subscribed& subscribed);
    void registers(Watcher& watcher, std::chrono::seconds expires);
    void leaves(Watcher& watcher);
    void asks_for_all(Watcher& watcher);
    void subscribes(Watcher& watcher, const std::string& resource);
    void refreshes_all(Watcher& watcher);
    void refreshes(Watcher& watcher, const std::string& resource);
    void send(Watcher& watcher, const std::string& resource, const Subscribed& subscribed);
    void begin(Screen& screen, const std::string& dialog, const SendNotify& notify);
    static void read(UnderWay& under_way, const SendNotify& notify);
    static void check_numbers(Screen& screen, const SendNotify& notify);
    static void check_news(Screen& screen, const UnderWay& under_way, bool last);
    void meet_network(const std::shared_ptr<UnderWay>& under_way);
    static void arrive(const UnderWay& under_way);
    void answer(const UnderWay& under_way);
    void lose(Screen& screen);
    [[nodiscard]] std::size_t size_of(const Watcher& watcher, const std::string& resource) const;
    void check(const Watcher& watcher, const std::string& resource, const Screen& screen,
               const Truth& truth) const;
    [[nodiscard]] std::chrono::milliseconds some(std::size_t from, std::size_t to);

    ExchangeInTime& exchange_;
    Chance& chance_;
    std::map<std::string, std::vector<std::string>> members_;
    std::vector<std::unique_ptr<Watcher>> watchers_;
    std::map<std::string, Watcher*> by_contact_;
    std::map<std::string, Screen> screens_;  // by Call-ID and our tag
    std::map<TransactionId, std::pair<Watcher*, std::string>> subscribing_;
    std::set<std::string> asked_;  // Call-IDs
    bool calm_ = false;
};

}  // namespace lampline::test
