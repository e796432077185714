#pragma once
// Subscriptions that are forwarded to phones that notify by themselves.
#include <set>

#include "support/office/subscriptions.hpp"

namespace lampline::test {

class RandomForwards {
public:
    RandomForwards(Office& office, NotifiedPhones& notified, Subscriptions& subscriptions)
        : office_{office}, notified_{notified}, subscriptions_{subscriptions}
    {
    }

    /// Somebody asks for the lamp of the notifier, refreshes or ends that, or the notifier does.
    void act();
    /// A SUBSCRIBE has arrived at a phone of the notifier.
    void take(Phone& phone, const Arrived& arrived);
    /// The exchange has ended for `watcher` what a phone tells, in its name and above its numbers.
    void take_end(const Phone& watcher, const SendNotify& notify);
    /// Of those that have arrived one is answered, or `all`.
    void answer(bool all);
    /// Rights, the setting of the notifier, or registrations may be others than before.
    void look();
    /// A phone of the notifier has registered.
    void registers(const Phone& phone);
    /// It unregisters, also where its registration has expired before: nothing is told it any more.
    void leaves(const Phone& watcher);
    void exchange_killed();
    /// What of them the exchange knows from now on.
    void storage_lost(const Kept& left);

    /// One expires within this second or the next: over a restart that is kept in whole ones.
    [[nodiscard]] bool is_about_to_expire() const;

    /// Its lamp of the notifier is told by the notifier's phone.
    [[nodiscard]] bool is_told(const Phone& phone) const;
    void check(const LiveView& view) const;

private:
    struct Forwarded {
        bool accepted = false;
        std::chrono::steady_clock::time_point until;  ///< it lasts; until accepted, may be answered
        int number = 0;                               ///< no other one has it
        Phone* by = nullptr;                          ///< who has accepted it
        Arrived subscribe{};                          ///< as it came to that phone
        std::set<const Phone*> asked{};  ///< the notifier's phones that know of it, or refuse it
        bool lapsed = false;             ///< the watcher's registration has expired
        bool silent_is_there = false;    ///< one that was asked and has not accepted has registered
    };
    /// Under which Call-ID each phone is registered.
    using Registered = std::map<const Phone*, std::string>;
    /// What a phone has told a watcher last, or the exchange in its name.
    struct Numbers {
        std::uint32_t cseq = 0;
        std::uint32_t version = 0;
    };
    struct Asked {
        Phone* watcher;
        int number;  ///< of the subscription that it begins or refreshes; 0: none
        std::chrono::seconds expires;
        std::vector<std::pair<Phone*, Arrived>> at;
    };
    [[nodiscard]] bool is_for_phone(const Phone& watcher) const;
    [[nodiscard]] bool somebody_notifies() const;
    [[nodiscard]] std::set<const Phone*> notifiers(const Registered& registered) const;
    [[nodiscard]] Registered registered(const std::vector<Binding>& bindings) const;
    void look_at_registrations();
    [[nodiscard]] bool is_asked_again(const Phone& watcher, const Forwarded& told) const;
    void notifies_in_vain(const Phone& watcher, const Forwarded& told);
    [[nodiscard]] Phone& somebody();
    void have_notifier();
    void ask(Phone& watcher, bool begins, std::chrono::seconds expires);
    void notifies(Phone& watcher);
    void answer(Asked& asked);
    void accepted(Asked& asked, Phone& by, const Arrived& request, std::chrono::seconds granted);

    Office& office_;
    NotifiedPhones& notified_;
    Subscriptions& subscriptions_;
    std::map<const Phone*, Forwarded> forwarded_;
    std::map<const Phone*, Forwarded> silenced_;  // of watchers whose registration has expired
    Registered registered_;                       // at the last look
    std::map<TransactionId, Asked> asked_;
    std::map<std::pair<const Phone*, std::string>, Numbers> told_;  // watcher, tag of the notifier
    int last_ = 0;
};

}  // namespace lampline::test
