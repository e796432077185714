// What a call that is on hold costs in memory, and whether that is given back when it has ended.
#include <iostream>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {
namespace {

// A server's transactions live for 64*T1 after their final response (RFC 3261 §17.2.2).
constexpr std::chrono::seconds transactions_gone{40};

double kilobytes(std::uint64_t before, std::uint64_t after)
{
    return (static_cast<double>(after) - static_cast<double>(before)) / 1024;
}

}  // namespace

bool measure_held(const Options& options)
{
    Loop loop;
    const auto callers = make_phones(loop, options.server, office::callers());
    const auto callees = make_phones(loop, options.server, office::callees());
    if (!register_all(loop, callers) || !register_all(loop, callees)) return false;
    loop.run_for(write_behind);
    const auto at_rest = memory_bytes(options.server_pid);

    Batch batch{loop, options.count};
    const std::chrono::seconds time{
        static_cast<std::int64_t>(static_cast<double>(options.count) / options.rate) + 2};
    pace(loop, options.count, options.rate, [&](std::uint64_t i) {
        const auto pair = i % callers.size();
        callers[pair]->call(callees[pair]->number(), {Clock::duration::max()}, batch.one());
    });
    loop.run_for(time);
    const auto calling = memory_bytes(options.server_pid);

    std::uint64_t held = 0;
    pace(loop, callers.size(),
         options.rate * static_cast<double>(callers.size()) / static_cast<double>(options.count),
         [&](std::uint64_t i) {
             callers[i]->hold_all([&](int status) { held += status == succeeded ? 1U : 0U; });
         });
    loop.run_for(time);
    loop.run_for(transactions_gone);
    const auto holding = memory_bytes(options.server_pid);
    const double before = cpu_seconds(options.server_pid);
    loop.run_for(std::chrono::seconds{10});
    const double idle = (cpu_seconds(options.server_pid) - before) / 10;

    pace(loop, callers.size(),
         options.rate * static_cast<double>(callers.size()) / static_cast<double>(options.count),
         [&](std::uint64_t i) { callers[i]->hang_up_all(); });
    loop.run_for(time);
    loop.run_for(transactions_gone);
    const auto released = memory_bytes(options.server_pid);

    const auto each = static_cast<double>(options.count);
    std::cout << "kb_per_held_call=" << kilobytes(at_rest, holding) / each
              << " kb_per_new_call=" << kilobytes(at_rest, calling) / each
              << " kb_kept_per_released_call=" << kilobytes(at_rest, released) / each
              << " idle_cpu_percent=" << idle * 100 << batch.outcome(options.count - held)
              << " repetitions=" << repetitions(callers) + repetitions(callees) << "\n";
    return true;
}

}  // namespace bench
