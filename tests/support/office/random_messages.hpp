#pragma once
// Phones that write to each other (RFC 3428).
#include "support/office/subscriptions.hpp"

namespace lampline::test {

class RandomMessages {
public:
    explicit RandomMessages(Office& office) : office_{office} {}

    /// Somebody writes to somebody: a copy arrives at each phone there is, or it is refused.
    void act();
    /// Of the copies that have arrived some are answered, or `all`: the writer is told once.
    void answer(bool all);
    /// Over a network: a MESSAGE, or the answer to one. False: it is something else.
    bool take(Phone& phone, const Arrived& arrived);
    /// Whoever has written has been told by then.
    void check() const;
    void exchange_killed();

private:
    struct Written {
        Phone* writer;
        TransactionId request;
        std::vector<std::pair<Phone*, Arrived>> at;  ///< that have not answered
        bool told = false;
    };
    void answer(Written& written);
    /// One that is on its way.
    struct Sent {
        Phone* writer;
        std::string to;
        TransactionId request;
        std::map<const Phone*, ClientTransactionId> reached{};
        std::set<unsigned> said{};  ///< by those phones
        bool told = false;
    };
    void send(Phone& writer, const std::string& to);
    void take_copy(Phone& phone, const Arrived& arrived);
    void answer_copies(bool all);
    void told(Sent& sent, const Arrived& arrived) const;

    Office& office_;
    std::vector<Written> written_;
    std::map<std::string, Sent> sent_;                // by text
    std::vector<std::pair<Phone*, Arrived>> copies_;  // that have not been answered
    std::size_t last_ = 0;
};

}  // namespace lampline::test
