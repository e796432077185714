#pragma once
// Lines that several phones share: claims, calls on an appearance, hold for all or for oneself,
// retrieval at another phone.
#include "support/office/subscriptions.hpp"

namespace lampline::test {

class RandomLines {
public:
    RandomLines(Office& office, NotifiedPhones& notified, Subscriptions& subscriptions)
        : office_{office}, notified_{notified}, subscriptions_{subscriptions}
    {
    }

    /// Somebody at a shared line does something.
    void act();
    /// Something has arrived at a phone.
    void take(const Arrived& arrived);
    /// After each step: who is on hold.
    void look();
    void exchange_killed();
    /// Whose hold is private, as far as the exchange knows from now on.
    void storage_lost(const std::vector<StoredCall>& left);

    /// What a phone shows of a line by call-info, beside the words that are `published` of it by
    /// index.
    void check(const LiveView& view, const Screen& screen,
               const std::map<unsigned, std::string>& published) const;
    /// No claim outlives its 15 s, its phone or its call.
    void check_claims(const LiveView& view) const;

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Claim {
        Phone* phone;
        unsigned index;
        Time until;
    };
    struct Wish {
        std::string call_id;  ///< of the leg
        bool is_private;
    };
    struct LineCalls;
    [[nodiscard]] LineCalls calls_of(const LiveView& view, const std::string& line) const;
    void check_calls(const LiveView& view, const std::string& line,
                     std::multiset<std::string> shown) const;
    void claims(Phone& phone);
    void calls(Phone& phone, const std::string& number, unsigned index);
    void holds(Phone& phone);
    [[nodiscard]] bool claim_lives(const Claim& claim) const;

    Office& office_;
    NotifiedPhones& notified_;
    Subscriptions& subscriptions_;
    std::vector<Claim> claims_;
    std::map<TransactionId, Wish> wishes_;  // of re-INVITEs without an answer
    std::set<std::string> private_;  // Call-IDs of legs that their phones hold for themselves
};

}  // namespace lampline::test
