// An authenticated call from INVITE to BYE between registered phones.
#include <iostream>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {
namespace {

// Long enough that every state of a call reaches the lamps by itself.
constexpr std::chrono::milliseconds ring_time{50};
constexpr std::chrono::milliseconds talk_time{50};

}  // namespace

bool measure_calls(const Options& options)
{
    Loop loop;
    const auto callers = make_phones(loop, options.server, office::callers());
    const auto callees = make_phones(loop, options.server, office::callees());
    const auto observers = make_phones(loop, options.server, {std::string{office::observer}});
    if (!register_all(loop, callers) || !register_all(loop, callees) ||
        !register_all(loop, observers))
        return false;
    if (options.watched && !subscribe_all(loop, observers, office::callees())) return false;

    for (const auto& callee : callees) callee->answer_after(ring_time);
    std::uint64_t notifies = 0;
    observers.front()->on_notify([&](const Subscription&, const SipMessage&) { ++notifies; });

    Batch batch{loop, options.count};
    const double before = cpu_seconds(options.server_pid);
    pace(loop, options.count, options.rate, [&](std::uint64_t i) {
        const auto pair = i % callers.size();
        callers[pair]->call(callees[pair]->number(), {talk_time}, batch.one());
    });
    loop.run_for(std::chrono::seconds{
        static_cast<std::int64_t>(static_cast<double>(options.count) / options.rate) + 10});
    loop.run_for(write_behind);
    const double used = cpu_seconds(options.server_pid) - before;

    const auto count = static_cast<double>(options.count);
    std::cout << "cpu=" << used * 1000 / count << " operations=" << options.count << batch.outcome()
              << " repetitions="
              << repetitions(callers) + repetitions(callees) + repetitions(observers)
              << " notifies_per_call=" << static_cast<double>(notifies) / count << "\n";
    return true;
}

}  // namespace bench
