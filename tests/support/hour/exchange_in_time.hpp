#pragma once
// The exchange on a clock that only we move, and what phones and the network are about to do.
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "engine/exchange.hpp"

namespace lampline::test {

using Time = std::chrono::steady_clock::time_point;

/// What is to be done when; of one instant, what was planned first.
class Plan {
public:
    void add(Time at, std::function<void()> act);
    [[nodiscard]] std::optional<Time> next() const;
    /// Does what is due.
    void act(Time now);
    /// All of it is to be done so much later.
    void postpone(Time::duration by);
    void forget() { deeds_.clear(); }

private:
    std::map<std::pair<Time, std::uint64_t>, std::function<void()>> deeds_;
    std::uint64_t last_ = 0;
};

class ExchangeInTime {
public:
    explicit ExchangeInTime(DirectoryRef directory);
    ExchangeInTime(const ExchangeInTime&) = delete;
    ExchangeInTime& operator=(const ExchangeInTime&) = delete;

    /// What the exchange wants of the network, and of who keeps its settings. To be set first.
    std::function<void(const SipCommand&)> carries_out;
    std::function<void(const FeatureAsked&)> settles;

    Plan hands;    ///< of people
    Plan network;  ///< of messages under way

    /// Within a step of the exchange: after it.
    void receive(SipInput input);
    void receive(const FeatureSettled& settled);
    void replace_directory(DirectoryRef directory);
    /// Time passes; what falls due happens, but for what people do, unless `hands_move`.
    void passes_until(Time end, bool hands_move);

    [[nodiscard]] Time now() const { return now_.mono; }
    [[nodiscard]] LiveView view() const { return exchange_.view(now_); }
    [[nodiscard]] std::size_t call_count() const { return exchange_.call_count(); }
    TransactionId next_transaction() { return transactions_.next(); }

private:
    /// The present step, and what follows from it.
    void go_on();

    Moment now_;
    Exchange exchange_;
    Outbox outbox_;
    std::deque<SipInput> waiting_;  // what phones do by themselves, after the present step
    std::deque<FeatureAsked> asked_;
    bool stepping_ = false;
    IdSource<TransactionId> transactions_;
};

}  // namespace lampline::test
