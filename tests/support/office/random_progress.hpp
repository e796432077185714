#pragma once
// Reliable provisional responses (RFC 3262) of phones that ring, and the PRACKs of those that call.
#include "support/office/office.hpp"

namespace lampline::test {

class RandomProgress {
public:
    explicit RandomProgress(Office& office);

    /// The phone says that it rings, by `status`. False: it does not say so reliably.
    bool rings(Phone& phone, unsigned status);
    /// A reliable response, or a PRACK, has arrived. True: it is dealt with.
    bool take(Phone& phone, const Arrived& arrived);
    /// PRACKs that are still owed leave, some or `all` of them.
    void acknowledge(bool all);
    /// After each step: whoever calls and does not know 100rel, the exchange has acknowledged all
    /// for it.
    void look();
    void exchange_killed();

private:
    struct Response {
        Phone* phone;
        LegId dialog;
        std::uint32_t rseq;
        std::string tag;
    };
    struct Owed {
        Phone* phone;
        LegId dialog;
        TransactionId invite;
    };
    [[nodiscard]] bool is_told_reliably(const LiveCall& call) const;

    Office& office_;
    std::vector<Response> waiting_;  // for their PRACKs
    std::vector<Owed> owed_;         // oldest first
    std::uint32_t last_ = 0;
};

}  // namespace lampline::test
