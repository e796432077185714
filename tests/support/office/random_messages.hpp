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
    void exchange_killed() { written_.clear(); }

private:
    struct Written {
        Phone* writer;
        TransactionId request;
        std::vector<std::pair<Phone*, Arrived>> at;  ///< that have not answered
        bool told = false;
    };
    void answer(Written& written);

    Office& office_;
    std::vector<Written> written_;
};

}  // namespace lampline::test
