// Fifty phones watch twenty extensions, four of which are called at once: when do all lamps show
// it?
#include <array>
#include <iostream>
#include <vector>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {
namespace {

constexpr std::size_t watching = 50;
constexpr std::size_t at_once = 4;
constexpr std::chrono::milliseconds round{400};
constexpr std::chrono::milliseconds ring_time{100};
constexpr std::chrono::milliseconds talk_time{100};

/// One call whose ringing is to reach every watcher of its callee.
struct Spread {
    std::string callee;
    Stamp begun{}, latest{};
    std::size_t reached = 0;
};

}  // namespace

bool measure_office(const Options& options)
{
    Loop loop;
    const auto watchers = make_phones(loop, options.server, office::numbers(1000, watching));
    const auto callees = make_phones(loop, options.server, office::twenty());
    const auto callers = make_phones(loop, options.server, office::twenty_callers());
    for (const auto* phones : {&watchers, &callees, &callers})
        if (!register_all(loop, *phones)) return false;
    if (!subscribe_all(loop, watchers, office::twenty())) return false;

    std::array<Spread, at_once> spreads;
    std::vector<double> milliseconds;
    std::uint64_t incomplete = 0, notifies = 0;
    for (const auto& watcher : watchers)
        watcher->on_notify([&](const Subscription& subscription, const SipMessage& notify) {
            ++notifies;
            if (!subscription.lamp().last().early) return;
            for (auto& spread : spreads)
                if (spread.callee == subscription.member()) {
                    ++spread.reached;
                    spread.latest = std::max(spread.latest, notify.arrived);
                }
        });
    for (const auto& callee : callees) callee->answer_after(ring_time);
    const auto close = [&] {
        for (auto& spread : spreads) {
            if (spread.callee.empty()) continue;
            if (spread.reached < watching) ++incomplete;
            milliseconds.push_back(static_cast<double>((spread.latest - spread.begun).count()) /
                                   1e6);
            spread = {};
        }
    };

    const auto rounds = options.count / at_once;
    Batch batch{loop, rounds * at_once};
    const double before = cpu_seconds(options.server_pid);
    pace(loop, rounds, 1 / std::chrono::duration<double>{round}.count(), [&](std::uint64_t i) {
        close();
        for (std::size_t j = 0; j < at_once; ++j) {
            const auto& callee = *callees[(i * at_once + j) % callees.size()];
            spreads[j] = {callee.number(), now_stamp(), {}, 0};
            callers[j]->call(callee.number(), {talk_time}, batch.one());
        }
    });
    loop.run_for(round * rounds + std::chrono::seconds{5});
    close();
    loop.run_for(write_behind);
    const double used = cpu_seconds(options.server_pid) - before;

    std::cout << "p50_ms=" << quantile(milliseconds, 0.5)
              << " p99_ms=" << quantile(milliseconds, 0.99)
              << " worst_ms=" << quantile(milliseconds, 1)
              << " cpu_per_notify=" << used * 1000 / static_cast<double>(notifies)
              << " notifies=" << notifies << batch.outcome(incomplete)
              << " repetitions=" << repetitions(watchers) + repetitions(callers) << "\n";
    return true;
}

}  // namespace bench
