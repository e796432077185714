// Ten thousand subscriptions: what they take while nothing changes, and what happens to calls when
// their phones are gone.
#include <iostream>
#include <vector>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {
namespace {

constexpr double rate = 300;
constexpr std::size_t members = 10;  // of each of a thousand watchers
constexpr std::chrono::milliseconds ring_time{50};
constexpr std::chrono::milliseconds talk_time{50};
constexpr std::chrono::seconds idle_time{20};
// A server remembers its answers for 64*T1 (RFC 3261 §17.2.2).
constexpr std::chrono::seconds requests_forgotten{40};

struct CallCost {
    double cpu = 0, p50_ms = 0, p99_ms = 0;
};

/// The CPU time of a call, and the time from its INVITE to the 180.
CallCost make_calls(Loop& loop, const Options& options, const Phones& callers,
                    const Phones& callees, std::uint64_t& failed)
{
    std::vector<double> milliseconds;
    Batch batch{loop, options.count};
    const double before = cpu_seconds(options.server_pid);
    pace(loop, options.count, rate, [&](std::uint64_t i) {
        const auto pair = i % callers.size();
        const auto begun = Clock::now();
        callers[pair]
            ->call(callees[pair]->number(), {talk_time}, batch.one())
            .on_ringing([&milliseconds, begun](int) {
                milliseconds.push_back(
                    std::chrono::duration<double, std::milli>{Clock::now() - begun}.count());
            });
    });
    loop.run_for(std::chrono::seconds{
        static_cast<std::int64_t>(static_cast<double>(options.count) / rate) + 10});
    loop.run_for(write_behind);
    const double used = cpu_seconds(options.server_pid) - before;
    failed += batch.failed();
    return {used * 1000 / static_cast<double>(options.count), quantile(milliseconds, 0.5),
            quantile(milliseconds, 0.99)};
}

double idle_cpu(Loop& loop, pid_t server)
{
    const double before = cpu_seconds(server);
    loop.run_for(idle_time);
    return (cpu_seconds(server) - before) / std::chrono::duration<double>{idle_time}.count();
}

}  // namespace

bool measure_watchers(const Options& options)
{
    Loop loop;
    const auto watchers = make_phones(loop, options.server, office::everyone());
    // Phones of their own: the watchers are going to be deaf.
    const auto callers = make_phones(loop, options.server, office::twenty_callers());
    const auto callees = make_phones(loop, options.server, office::busy_four());
    const auto watched = make_phones(loop, options.server, office::numbers(2030, members));
    for (const auto* phones : {&watchers, &callers, &callees, &watched})
        if (!register_all(loop, *phones)) return false;
    for (const auto& callee : callees) callee->answer_after(ring_time);
    loop.run_for(write_behind);
    std::uint64_t failed = 0;
    const auto alone = make_calls(loop, options, callers, callees, failed);
    loop.run_for(requests_forgotten);
    const double idle_alone = idle_cpu(loop, options.server_pid);
    const auto before = allocated_bytes(options.server_pid);

    if (!subscribe_all(loop, watchers, office::numbers(2030, members))) return false;
    loop.run_for(requests_forgotten);
    const auto subscriptions = static_cast<double>(watchers.size() * members);
    const auto each =
        (static_cast<double>(allocated_bytes(options.server_pid)) - static_cast<double>(before)) /
        1024 / subscriptions;
    const double idle = idle_cpu(loop, options.server_pid);
    const auto watched_cost = make_calls(loop, options, callers, callees, failed);

    for (const auto& watcher : watchers) watcher->fall_silent();
    Batch told{loop, watched.size()};
    pace(loop, watched.size(), 5, [&](std::uint64_t i) {
        callers[i % callers.size()]->call(watched[i]->number(), {talk_time}, told.one());
    });
    loop.run_for(std::chrono::seconds{5});  // all NOTIFYs are repeated now
    failed += told.failed();
    const double trying = idle_cpu(loop, options.server_pid);
    const auto deaf = make_calls(loop, options, callers, callees, failed);

    const auto own_cost = [&](const CallCost& cost, double background) {
        return cost.cpu - background * 1000 / rate;
    };
    std::cout << "kb_per_subscription=" << each << " idle_cpu_percent=" << (idle - idle_alone) * 100
              << " call_cpu=" << alone.cpu << " call_p99_ms=" << alone.p99_ms
              << " watched_call_cpu=" << watched_cost.cpu
              << " watched_call_p99_ms=" << watched_cost.p99_ms
              << " trying_cpu_percent=" << trying * 100
              << " deaf_call_cpu=" << own_cost(deaf, trying) << " deaf_call_p50_ms=" << deaf.p50_ms
              << " deaf_call_p99_ms=" << deaf.p99_ms << " call_p50_ms=" << alone.p50_ms
              << " failed=" << failed << "\n";
    return true;
}

}  // namespace bench
