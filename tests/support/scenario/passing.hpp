#pragma once
// What two phones send each other within a dialog that they share (proxy mode). Each copy of a
// message has two ways to go, and is seen by the exchange where it has come by the first:
// - Who asks repeats by itself (RFC 3261 §17.1), and takes it for 408 that nothing comes within
//   64*T1; who is asked repeats its answer for each copy, and a final one to an INVITE until its ACK.
//   So the exchange, which keeps no transaction there (§16.11), sees the same again, and late.
// - Of a way all copies are lost until some time, or the first arrives a little late, or none does.
// - What was overtaken gets 500 (§12.2.2), what is said in a dialog that is over there 481, and an
//   INVITE while one of its own waits 491 (§14.2).
// - Who hears 408 or 481 to something that speaks of the call has left (§12.2.1.2).
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "support/scenario.hpp"

namespace lampline::test {

class Passing {
public:
    explicit Passing(Network& network) : network_{network} {}

    /// A phone passes a request.
    void take(DialogPassed request);
    /// The phone answers what has arrived.
    void answer(const Arrived& request, unsigned status, PayloadRef payload,
                std::chrono::seconds session);
    /// The phone has forgotten this dialog, as it sees it.
    void leaves(const DialogId& dialog) { left_.insert(side_of(dialog)); }

    /// The phone waits for the answer to such a request in this dialog, as it sees it.
    [[nodiscard]] bool awaits(const DialogId& dialog, Method method) const;
    /// What it has sent along with that.
    [[nodiscard]] PayloadRef sent_with(TransactionId request) const;
    /// The exchange has seen a BYE in this dialog, or what says that a phone is in it no more.
    [[nodiscard]] bool is_over(const DialogId& dialog) const;
    /// The exchange was told so, or has heard nothing.
    void ended(const DialogId& dialog) { over_.insert(both_sides(dialog)); }
    /// The same of all that are called so.
    void ended(const std::string& call_id) { over_.insert(call_id); }

private:
    using Time = std::chrono::steady_clock::time_point;
    using Step = std::function<void()>;
    struct Way {
        Passage passage{};
        std::optional<Time> since{};  // the first copy
    };
    struct Request {
        DialogPassed message;
        Phone* from;
        Phone* to;
        DialogId seen_by_to;
        Time until;
        std::array<Way, 4> ways{};  // to the exchange, on; the answer to the exchange, back
        bool reached = false;
        DialogPassed answer{};  // with a status, once there is one
        bool over = false;      // for who asks
        bool acknowledged = false;
    };

    [[nodiscard]] static std::string side_of(const DialogId& dialog);
    [[nodiscard]] static std::string both_sides(const DialogId& dialog);
    [[nodiscard]] Phone* phone_in(const DialogId& dialog) const;
    [[nodiscard]] Time now() const;
    void pass(Way& way, Step step);
    void copy(TransactionId id, std::chrono::milliseconds next);
    void times_out(TransactionId id);
    void reach(TransactionId id);
    [[nodiscard]] unsigned refusal(const Request& request);
    void answer_copy(TransactionId id);
    void answer_again(TransactionId id, std::chrono::milliseconds next, Time until);
    void hear(TransactionId id);
    void seen(const DialogPassed& message);
    void note(const Phone& phone, bool to_phone, const DialogPassed& message,
              const std::string& how = {});

    Network& network_;
    std::map<TransactionId, Request> requests_;
    std::set<std::string> left_;
    std::set<std::string> over_;
    std::map<std::string, std::uint32_t> last_;   // by side, of its requests
    std::map<std::string, std::uint32_t> heard_;  // by side, of those of the other
};

}  // namespace lampline::test
