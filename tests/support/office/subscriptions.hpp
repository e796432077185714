#pragma once
// SUBSCRIBE of phones of an office, and the dialogs that they remember.
#include <tuple>

#include "support/office/notified_phones.hpp"

namespace lampline::test {

/// The next arrival that answers `request`, taken out of the inbox; nullopt: none.
std::optional<Arrived> answer_to(Phone& phone, TransactionId request);

class Subscriptions {
public:
    Subscriptions(Office& office, NotifiedPhones& notified) : office_{office}, notified_{notified}
    {
    }

    /// nullopt: it is not answered yet.
    std::optional<Arrived> ask(Phone& phone, const Subscribing& subscribing);
    /// Begins, begins anew, refreshes, ends or fetches, whatever comes to mind. The answer must be
    /// what the rights of the phone say: `allowed`.
    void ask_somehow(Phone& phone, Subscribing subscribing, bool allowed);
    /// Of the dialog with the exchange; empty: there was none.
    [[nodiscard]] std::string tag(const Phone& phone, std::string_view event,
                                  std::string_view to) const;

private:
    Office& office_;
    NotifiedPhones& notified_;
    using Asked = std::tuple<const Phone*, std::string, std::string>;
    /// It is no repetition any more where its SUBSCRIBE has the CSeq of before.
    [[nodiscard]] bool was_long_ago(const Asked& asked) const;
    std::map<Asked, std::string> tags_;
    std::map<Asked, std::chrono::steady_clock::time_point> last_;
};

}  // namespace lampline::test
