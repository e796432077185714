// What a binding, a subscription and a call that is up cost in memory.
#include <iostream>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {
namespace {

double kilobytes_each(std::uint64_t before, std::uint64_t after, std::uint64_t count)
{
    return (static_cast<double>(after) - static_cast<double>(before)) / 1024 /
           static_cast<double>(count);
}

}  // namespace

bool measure_memory(const Options& options)
{
    Loop loop;
    const auto phones = make_phones(loop, options.server, office::everyone());
    const auto program = memory_bytes(options.server_pid);
    const auto at_start = allocated_bytes(options.server_pid);
    if (!register_all(loop, phones)) return false;
    loop.run_for(write_behind);
    const auto registered = allocated_bytes(options.server_pid);

    if (!subscribe_all(loop, phones, {std::string{office::crowded}})) return false;
    loop.run_for(write_behind);
    const auto subscribed = allocated_bytes(options.server_pid);

    const auto callers = office::callers().size();
    Batch batch{loop, options.count};
    pace(loop, options.count, options.rate, [&](std::uint64_t i) {
        phones[i % callers]->call(phones[callers + i % callers]->number(), {Clock::duration::max()},
                                  batch.one());
    });
    loop.run_for(std::chrono::seconds{
        static_cast<std::int64_t>(static_cast<double>(options.count) / options.rate) + 1});
    const auto calling = allocated_bytes(options.server_pid);
    pace(loop, callers, options.rate / 5, [&](std::uint64_t i) { phones[i]->hang_up_all(); });
    loop.run_for(std::chrono::seconds{10});

    std::cout << "start_mb=" << static_cast<double>(program) / 1048576
              << " kb_per_binding=" << kilobytes_each(at_start, registered, phones.size())
              << " kb_per_subscription=" << kilobytes_each(registered, subscribed, phones.size())
              << " kb_per_call=" << kilobytes_each(subscribed, calling, options.count)
              << batch.outcome() << "\n";
    return true;
}

}  // namespace bench
