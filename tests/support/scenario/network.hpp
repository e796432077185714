#pragma once
// What phones and the exchange send each other for calls is lost, repeated and overtaken, and both
// ends have the transactions of RFC 3261. The test decides how each message fares; what the stacks
// make of that is here:
// - A request is repeated for 64*T1 (§17.1.2, and §17.1.1 until something is heard of an INVITE), a
//   final response as often as its request, that to an INVITE until its ACK. So of a message that
//   is lost a later copy arrives, or none; provisional responses alone are not repeated.
// - Of a request that nothing is heard of within 64*T1 its sender makes a 408 (timers B and F), be
//   it that the other side has carried it out. An INVITE of which something was heard waits.
// - CANCEL waits for a first response (§9.1), is nothing to who has answered, but for a 2xx without
//   its ACK (RFC 6026 §7.1), and ends the INVITE after another 64*T1 in any case.
// - A 2xx without an ACK for 64*T1 is reported to who sent it (§13.3.1.4); one that comes for what
//   nobody waits for any more is acknowledged, and its dialog ended (§13.2.2.4).
// - Requests of a dialog that were overtaken get 500 (§12.2.2), those in one that is over 481, and
//   an INVITE while the phone waits for the answer to its own 491 (§14.2).
// - A reliable response without PRACK refuses the INVITE after 64*T1, and a 2xx waits for it
//   (RFC 3262 §3, §5).
// - Of requests outside a dialog the same: REFER and MESSAGE of phones, MESSAGE of the exchange,
//   which waits for an answer as long as it says. All others arrive at once.
// What two phones send each other within a dialog that they share is in Passing.
#include <deque>

#include "support/scenario.hpp"
#include "support/scenario/passing.hpp"

namespace lampline::test {

class Network {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Step = std::function<void()>;

    /// `passage` decides, one message after the other.
    Network(Scenario& scenario, std::function<Passage()> passage)
        : scenario_{scenario}, passage_{std::move(passage)}
    {
    }

    /// A phone sends `input`. False: it is not of a call, and is there at once.
    bool take(const SipInput& input);
    /// The phone does not want `invite` any more.
    void cancels(TransactionId invite, PayloadRef payload);
    /// The exchange sends this to `phone`; `then` is done when it arrives.
    void carry(Phone& phone, Arrived arrived, Step then);
    /// The exchange sends this outside a dialog, and waits so long for the answer.
    void ask(Phone& phone, Arrived arrived, std::chrono::milliseconds patience);
    /// The exchange is killed: what it has sent, and what was sent to it, arrives no more.
    void exchange_killed();
    /// It has taken this dialog up.
    void resumed(const std::string& call_id, LegId leg);
    /// It is there again. Whoever waits for an answer hears nothing.
    void exchange_restarted();
    /// The exchange has begun a dialog with who sent `invite`.
    void opened(TransactionId invite, LegId leg);

    [[nodiscard]] std::optional<Time> next() const;
    /// What is due happens.
    void goes_on();

    /// Its phone has not heard how that ends.
    [[nodiscard]] bool awaits_answer(TransactionId request) const;
    /// The phone of this INVITE has sent CANCEL, or wants to.
    [[nodiscard]] bool is_cancelled(TransactionId invite) const;
    /// The phone is in this dialog no more, whatever the exchange believes.
    [[nodiscard]] bool has_left(LegId leg) const { return left_.contains(leg); }
    /// For the exchange: there was a BYE, or an answer that says the same (RFC 3261 §12.2.1.2).
    [[nodiscard]] bool is_over(LegId leg) const { return over_.contains(leg); }
    /// The exchange has sent a 2xx to the INVITE with this Call-ID.
    [[nodiscard]] bool is_accepted(const std::string& call_id) const
    {
        return accepted_.contains(call_id);
    }
    /// What was asked outside a dialog was accepted, and the exchange has heard so.
    [[nodiscard]] bool has_heard_accepted(ClientTransactionId request) const
    {
        return heard_accepted_.contains(request);
    }
    [[nodiscard]] const Passing& passing() const { return passing_; }
    Passing& passing() { return passing_; }
    /// Messages that arrived late, or never.
    [[nodiscard]] std::size_t delayed() const { return delayed_; }
    [[nodiscard]] std::size_t lost() const { return lost_; }
    /// The last of what was sent, a line each.
    [[nodiscard]] std::string ladder() const;

private:
    friend class Passing;

    /// A request of the exchange.
    struct Ours {
        Phone* phone;
        LegId leg;
        Method method;
        Time until;          // then its sender gives up, if it may
        bool closes;         // with its dialog nobody waits for the answer
        bool within;         // a dialog
        DialogId shared;     // by two phones
        DialogId passed_on;  // the one that an INVITE begins which is another phone's
        bool heard = false;  // of it, by the exchange
        bool cancelled = false;
        Step cancel{};  // waits for the first response
    };
    /// A request of a phone.
    struct Theirs {
        Phone* phone;
        LegId leg;
        Method method;
        Time until;
        bool within;
        bool reached = false;  // the exchange
        bool heard = false;    // of it, by the phone
        bool over = false;     // for the phone
        bool cancelled = false;
        PayloadRef reason{};
        unsigned status = 0;  // that the exchange has sent
        bool settled = false;  // its 2xx is acknowledged, or never will be
        unsigned unacknowledged = 0;  // reliable responses
        Step held{};                  // the 2xx that waits for the PRACK
    };

    /// Of what `passes` the exchange keeps nothing.
    struct Due {
        Step step;
        bool passes;
    };
    /// A request that the exchange will not answer any more; empty Call-ID: outside a dialog.
    struct Forsaken {
        Phone* phone;
        TransactionId request;
        Method method;
        std::string call_id;
    };

    void later(std::chrono::milliseconds span, Step step, bool passes = false);
    [[nodiscard]] std::string call_id_of(LegId leg) const;
    /// Nullopt: never.
    std::optional<std::chrono::milliseconds> pass(const Phone& phone, bool to_phone,
                                                  const std::string& what);
    /// The same of what is sent once.
    std::optional<std::chrono::milliseconds> pass_once(const Phone& phone, bool to_phone,
                                                       const std::string& what);
    void note(const Phone& phone, bool to_phone, const std::string& what, const std::string& how);
    void arrive(Phone& phone, Arrived arrived);

    void request(Phone& phone, Arrived arrived, Step then);
    void reach(Phone& phone, const Arrived& arrived, const Step& then);
    [[nodiscard]] unsigned refusal(const Arrived& arrived, bool within);
    void cancel(Phone& phone, const Arrived& arrived, Step then);
    void timed_out(ClientTransactionId request);
    void send(const ResponseReceived& response);
    void hear(const ResponseReceived& response);
    void send(const StandaloneAnswered& answer);
    void hear(const StandaloneAnswered& answer);

    void send(const SipInput& input, TransactionId request, bool within);
    void enter(const SipInput& input, TransactionId request);
    void refuse(TransactionId request, unsigned status);
    void gives_up(TransactionId request);
    void send_cancel(TransactionId invite);
    void take_cancel(TransactionId invite);
    void respond(Phone& phone, Arrived arrived, Step then);
    void hear(Phone& phone, const Arrived& arrived, const Step& then);
    /// Whose final response is lost gives up at some time, and its CANCEL comes too late.
    void cancels_in_vain(TransactionId invite);
    void success(TransactionId invite, Step leaves);
    void unpracked(TransactionId invite);
    void pracked(LegId leg);
    void acknowledge(const AckReceived& ack);

    Scenario& scenario_;
    std::function<Passage()> passage_;
    std::multimap<Time, Due> due_;
    std::map<ClientTransactionId, Ours> ours_;
    std::map<TransactionId, Theirs> theirs_;
    std::set<LegId> left_;
    std::set<std::string> left_before_;  // Call-IDs, in an earlier run
    std::vector<Forsaken> forsaken_;
    std::set<LegId> over_;
    std::set<std::string> accepted_;
    std::map<ClientTransactionId, Phone*> asked_;  // outside dialogs, with numbers of their own
    std::set<ClientTransactionId> heard_accepted_;
    std::map<LegId, std::uint32_t> heard_cseq_;          // of phones
    std::map<LegId, ClientTransactionId> reached_last_;  // of the exchange: they count up, too
    std::deque<std::string> ladder_;
    std::size_t delayed_ = 0;
    std::size_t lost_ = 0;
    Passing passing_{*this};
};

}  // namespace lampline::test
