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
// The 2xx that begins such a dialog passes as often, until its ACK has come by both ways: the first
// copy is the exchange's to pass on, the others it only sees. Whoever is not acknowledged within
// 64*T1 says BYE (§13.3.1.4), and a caller to whom no copy came does not know the dialog.
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
    /// `callee`, which sees the dialog as `seen`, accepts the INVITE that was passed on to it.
    void accept(Phone& callee, const DialogId& seen, const ResponseReceived& success);
    /// The exchange passes that on; `then` is done when it arrives.
    void forward(Phone& caller, Arrived success, std::function<void()> then);
    /// The exchange is killed: what its callers have not heard they will not hear.
    void exchange_killed();
    /// So many have accepted the INVITE with this Call-ID, and the exchange has passed that on.
    [[nodiscard]] std::size_t accepted(const std::string& call_id) const;

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
    /// A 2xx that begins a dialog.
    struct Beginning {
        ResponseReceived success;
        Phone* callee;
        DialogId seen_by_callee;
        Time until;
        std::array<Way, 4> ways{};  // to the exchange, on; the ACK to the exchange, on
        bool reached = false;       // the exchange
        bool forsaken = false;      // by an exchange that was killed
        Phone* caller = nullptr;    // once it is passed on
        Arrived arrived{};
        Step then{};
        bool heard = false;  // by the caller
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
    void begin(TransactionId id, std::chrono::milliseconds next);
    void reach_exchange(TransactionId id);
    void hear_success(TransactionId id);
    void never_acknowledged(TransactionId id);
    void seen(const DialogPassed& message);
    void note(const Phone& phone, bool to_phone, const DialogPassed& message,
              const std::string& how = {});

    Network& network_;
    std::map<TransactionId, Request> requests_;
    std::map<TransactionId, Beginning> beginnings_;
    std::set<std::string> left_;
    std::set<std::string> over_;
    std::map<std::string, std::uint32_t> last_;   // by side, of its requests
    std::map<std::string, std::uint32_t> heard_;  // by side, of those of the other
};

}  // namespace lampline::test
