#pragma once
// Phones that have died together with the exchange: what is said to them in dialogs of before
// nobody answers.
#include "support/office/office.hpp"

namespace lampline::test {

class DeadDialogs {
public:
    explicit DeadDialogs(Office& office) : office_{office} {}

    /// Of those that the exchange has taken up some are dead, but for what `answers`.
    void exchange_restarted(const std::function<bool(const std::string& call_id)>& answers);
    /// By Call-ID.
    [[nodiscard]] const std::set<std::string>& all() const { return dead_; }
    /// A request within one of them. True: it will hear nothing.
    bool take(Phone& phone, const Arrived& arrived);
    /// What nobody has answered times out. False: nothing does.
    bool act();
    /// Calls with them end once their silence is heard.
    void check(const LiveView& view) const;

private:
    [[nodiscard]] bool contains(LegId dialog) const;
    using Time = std::chrono::steady_clock::time_point;
    struct Unanswered {
        Phone* phone;
        Arrived request;
        Time until;
    };
    Office& office_;
    std::set<std::string> dead_;  // Call-IDs
    std::vector<Unanswered> unanswered_;
    Time since_;
};

}  // namespace lampline::test
