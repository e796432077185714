// SUBSCRIBE, 401, SUBSCRIBE with credentials, 200, the first NOTIFY, 200.
#include <iostream>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {

bool measure_subscribes(const Options& options)
{
    Loop loop;
    const auto watchers = make_phones(loop, options.server, office::everyone());
    if (!register_all(loop, watchers)) return false;
    loop.run_for(write_behind);
    const auto members = office::twenty();
    std::uint64_t notifies = 0;
    for (const auto& watcher : watchers)
        watcher->on_notify([&](const Subscription& subscription, const SipMessage&) {
            if (subscription.notifies() == 1) ++notifies;
        });

    Batch batch{loop, options.count};
    const double before = cpu_seconds(options.server_pid);
    pace(loop, options.count, options.rate, [&](std::uint64_t i) {
        watchers[i % watchers.size()]->subscribe(members[i / watchers.size() % members.size()],
                                                 batch.one());
    });
    loop.run_for(std::chrono::seconds{
        static_cast<std::int64_t>(static_cast<double>(options.count) / options.rate) + 10});
    loop.run_for(write_behind);
    const double used = cpu_seconds(options.server_pid) - before;
    std::cout << "cpu=" << used * 1000 / static_cast<double>(options.count)
              << " operations=" << options.count << batch.outcome(options.count - notifies)
              << " repetitions=" << repetitions(watchers) << "\n";
    return true;
}

}  // namespace bench
