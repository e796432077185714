// A blind transfer by the callee: the same call as in call_figure.cpp, moved to a third phone.
#include <iostream>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {
namespace {

constexpr std::chrono::milliseconds ring_time{50};
constexpr std::chrono::milliseconds talk_time{50};

}  // namespace

bool measure_transfers(const Options& options)
{
    Loop loop;
    const auto callers = make_phones(loop, options.server, office::callers());
    const auto callees = make_phones(loop, options.server, office::callees());
    const auto targets = make_phones(loop, options.server, office::targets());
    const auto observers = make_phones(loop, options.server, {std::string{office::observer}});
    for (const auto* phones : {&callers, &callees, &targets, &observers})
        if (!register_all(loop, *phones)) return false;
    if (options.watched && !subscribe_all(loop, observers, office::callees())) return false;

    for (std::size_t i = 0; i < callees.size(); ++i) {
        callees[i]->answer_after(ring_time);
        callees[i]->refer_callers_to(targets[i]->number(), talk_time);
        targets[i]->answer_after(ring_time);
    }
    Batch batch{loop, options.count};
    const double before = cpu_seconds(options.server_pid);
    pace(loop, options.count, options.rate, [&](std::uint64_t i) {
        const auto pair = i % callers.size();
        callers[pair]->call(callees[pair]->number(), {.talk = talk_time, .moves = true},
                            batch.one());
    });
    loop.run_for(std::chrono::seconds{
        static_cast<std::int64_t>(static_cast<double>(options.count) / options.rate) + 10});
    loop.run_for(write_behind);
    const double used = cpu_seconds(options.server_pid) - before;
    std::cout << "cpu=" << used * 1000 / static_cast<double>(options.count)
              << " operations=" << options.count << batch.outcome() << " repetitions="
              << repetitions(callers) + repetitions(callees) + repetitions(targets) << "\n";
    return true;
}

}  // namespace bench
