// One extension, a thousand watchers: what a NOTIFY costs, and when the last watcher knows.
#include <algorithm>
#include <iostream>
#include <unordered_set>
#include <vector>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {
namespace {

constexpr std::chrono::milliseconds between_events{1000};

/// The wait for one state to reach every watcher.
class Spread {
public:
    enum class Awaited { nothing, early, confirmed };

    void begin(Awaited awaited, Stamp sent)
    {
        end();
        awaited_ = awaited;
        sent_ = sent;
    }
    void end()
    {
        if (awaited_ == Awaited::nothing) return;
        last_ms_.push_back(static_cast<double>((latest_ - sent_).count()) / 1e6);
        if (reached_.size() < office::everyone().size()) ++incomplete_;
        awaited_ = Awaited::nothing;
        reached_.clear();
        latest_ = {};
    }
    void notified(const Subscription& subscription, Stamp arrived)
    {
        ++notifies_;
        const auto& states = subscription.lamp().last();
        const bool shown = awaited_ == Awaited::early
                               ? states.early
                               : awaited_ == Awaited::confirmed && states.confirmed;
        if (!shown || !reached_.emplace(subscription.call_id()).second) return;
        latest_ = std::max(latest_, arrived);
    }

    [[nodiscard]] std::uint64_t notifies() const noexcept { return notifies_; }
    [[nodiscard]] std::uint64_t incomplete() const noexcept { return incomplete_; }
    [[nodiscard]] std::vector<double> sorted_last_ms() const
    {
        auto sorted = last_ms_;
        std::sort(sorted.begin(), sorted.end());
        return sorted;
    }

private:
    Awaited awaited_ = Awaited::nothing;
    Stamp sent_{}, latest_{};
    std::unordered_set<std::string> reached_;
    std::vector<double> last_ms_;
    std::uint64_t notifies_ = 0, incomplete_ = 0;
};

}  // namespace

bool measure_fanout(const Options& options)
{
    Loop loop;
    const auto watchers = make_phones(loop, options.server, office::everyone());
    const auto ends = make_phones(
        loop, options.server, {std::string{office::crowded}, std::string{office::crowd_caller}});
    if (!register_all(loop, watchers) || !register_all(loop, ends)) return false;
    if (!subscribe_all(loop, watchers, {std::string{office::crowded}})) return false;

    Spread spread;
    for (const auto& watcher : watchers)
        watcher->on_notify([&](const Subscription& s, const SipMessage& notify) {
            spread.notified(s, notify.arrived);
        });
    ends[0]->answer_after(between_events);
    ends[0]->on_reply([&](int status, Stamp sent) {
        if (status == 180)
            spread.begin(Spread::Awaited::early, sent);
        else if (status == 200)
            spread.begin(Spread::Awaited::confirmed, sent);
        else
            spread.end();
    });

    Batch batch{loop, options.count};
    const double before = cpu_seconds(options.server_pid);
    pace(loop, options.count, 1.0 / std::chrono::duration<double>{3 * between_events}.count(),
         [&](std::uint64_t) { ends[1]->call(office::crowded, {between_events}, batch.one()); });
    loop.run_for(3 * between_events * options.count + std::chrono::seconds{10});
    loop.run_for(write_behind);
    const double used = cpu_seconds(options.server_pid) - before;

    const auto last = spread.sorted_last_ms();
    std::cout << "cpu=" << used * 1000 / static_cast<double>(spread.notifies())
              << " last_ms=" << (last.empty() ? 0 : last[last.size() / 2])
              << " worst_last_ms=" << (last.empty() ? 0 : last.back())
              << " notifies=" << spread.notifies() << batch.outcome(spread.incomplete())
              << " repetitions=" << repetitions(watchers) + repetitions(ends) << "\n";
    return true;
}

}  // namespace bench
