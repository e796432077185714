#include "support/hour/exchange_in_time.hpp"

#include <algorithm>
#include <string>

namespace lampline::test {

void Plan::add(Time at, std::function<void()> act)
{
    deeds_.emplace(std::pair{at, ++last_}, std::move(act));
}

std::optional<Time> Plan::next() const
{
    if (deeds_.empty()) return std::nullopt;
    return deeds_.begin()->first.first;
}

void Plan::act(Time now)
{
    while (!deeds_.empty() && deeds_.begin()->first.first <= now) {
        const auto deed = deeds_.extract(deeds_.begin());
        deed.mapped()();
    }
}

void Plan::postpone(Time::duration by)
{
    auto deeds = std::exchange(deeds_, {});
    while (!deeds.empty()) {
        auto deed = deeds.extract(deeds.begin());
        deed.key().first += by;
        deeds_.insert(deeds_.end(), std::move(deed));
    }
}

ExchangeInTime::ExchangeInTime(DirectoryRef directory)
    : now_{Time{1h}, std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}},
      exchange_{{},
                [count = 0]() mutable { return "token" + std::to_string(++count); },
                std::move(directory)}
{
}

void ExchangeInTime::receive(SipInput input)
{
    waiting_.push_back(std::move(input));
    if (!stepping_) go_on();
}

void ExchangeInTime::receive(const FeatureSettled& settled)
{
    exchange_.receive(settled, now_, outbox_);
    if (!stepping_) go_on();
}

void ExchangeInTime::replace_directory(DirectoryRef directory)
{
    exchange_.replace_directory(std::move(directory), now_, outbox_);
    if (!stepping_) go_on();
}

void ExchangeInTime::go_on()
{
    stepping_ = true;
    for (;;) {
        const auto step = std::exchange(outbox_, {});
        for (const auto& command : step.commands) carries_out(command);
        asked_.insert(asked_.end(), step.asked.begin(), step.asked.end());
        if (!waiting_.empty()) {
            const auto input = std::move(waiting_.front());
            waiting_.pop_front();
            exchange_.receive(input, now_, outbox_);
        } else if (!asked_.empty()) {
            const auto asked = std::move(asked_.front());
            asked_.pop_front();
            settles(asked);
        } else {
            break;
        }
    }
    stepping_ = false;
}

void ExchangeInTime::passes_until(Time end, bool hands_move)
{
    for (;;) {
        auto next = end;
        const auto no_later = [&](std::optional<Time> due) {
            if (due) next = std::min(next, std::max(*due, now_.mono));
        };
        if (hands_move) no_later(hands.next());
        no_later(network.next());
        const auto deadline = exchange_.next_deadline();
        no_later(deadline);
        now_.wall +=
            std::chrono::duration_cast<std::chrono::system_clock::duration>(next - now_.mono);
        now_.mono = next;
        if (deadline && *deadline <= next) {
            exchange_.advance(now_, outbox_);
            go_on();
        }
        network.act(next);
        if (hands_move) hands.act(next);
        if (next == end) return;
    }
}

}  // namespace lampline::test
