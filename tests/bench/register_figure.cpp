// REGISTER, 401, REGISTER with credentials, 200: the refresh of a phone that is already bound.
#include <iostream>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {

bool measure_registers(const Options& options)
{
    Loop loop;
    const auto phones = make_phones(loop, options.server, office::everyone());
    if (!register_all(loop, phones)) return false;

    Batch batch{loop, options.count};
    const double before = cpu_seconds(options.server_pid);
    pace(loop, options.count, options.rate, [&](std::uint64_t i) {
        auto& phone = *phones[i % phones.size()];
        if (!phone.register_contact(batch.one())) batch.finished(gone_wrong);
    });
    loop.run_for(std::chrono::seconds{
        static_cast<std::int64_t>(static_cast<double>(options.count) / options.rate) + 10});
    loop.run_for(write_behind);
    const double used = cpu_seconds(options.server_pid) - before;

    std::cout << "cpu=" << used * 1000 / static_cast<double>(options.count)
              << " operations=" << options.count << batch.outcome()
              << " repetitions=" << repetitions(phones) << "\n";
    return true;
}

}  // namespace bench
