// Back-to-back calls without a pause between them: which lamps are wrong when all is quiet again?
#include <algorithm>
#include <iostream>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/process.hpp"

namespace bench {
namespace {

constexpr std::chrono::seconds quiet{5};
constexpr std::chrono::seconds longest_wait{60};

/// One caller and one callee; the next call begins when the BYE is answered.
class Chain {
public:
    Chain(Phone& caller, const Phone& callee, std::uint64_t calls, Batch& batch)
        : caller_{caller}, callee_{callee}, left_{calls}, batch_{batch}
    {
    }
    void next()
    {
        if (left_ == 0) return;
        --left_;
        caller_.call(callee_.number(), {}, [this](int status) {
            batch_.finished(status);
            next();
        });
    }

private:
    Phone& caller_;
    const Phone& callee_;
    std::uint64_t left_;
    Batch& batch_;
};

}  // namespace

bool measure_lamps(const Options& options)
{
    Loop loop;
    const auto watchers = make_phones(loop, options.server, office::busy_watchers());
    const auto callees = make_phones(loop, options.server, office::busy_four());
    const auto callers = make_phones(loop, options.server, office::busy_callers());
    if (!register_all(loop, watchers) || !register_all(loop, callees) ||
        !register_all(loop, callers))
        return false;

    const auto members = office::busy_four();
    std::vector<const Subscription*> lamps;
    Batch subscribed{loop, watchers.size() * members.size()};
    pace(loop, watchers.size() * members.size(), 500, [&](std::uint64_t i) {
        lamps.push_back(&watchers[i % watchers.size()]->subscribe(members[i / watchers.size()],
                                                                  subscribed.one()));
    });
    loop.run_for(std::chrono::seconds{12});
    loop.run_for(std::chrono::seconds{1});
    if (subscribed.failed() != 0) {
        std::cerr << "bench: " << subscribed.failed() << " SUBSCRIBEs failed\n";
        return false;
    }

    auto last_notify = Clock::now();
    std::uint64_t notifies = 0;
    for (const auto& watcher : watchers)
        watcher->on_notify([&](const Subscription&, const SipMessage&) {
            last_notify = Clock::now();
            ++notifies;
        });

    const auto per_chain = options.count / callers.size();
    Batch batch{loop, per_chain * callers.size()};
    std::vector<Chain> chains;
    for (std::size_t i = 0; i < callers.size(); ++i)
        chains.emplace_back(*callers[i], *callees[i], per_chain, batch);
    const double before = cpu_seconds(options.server_pid);
    const auto begin = Clock::now();
    for (auto& chain : chains) chain.next();
    loop.run_for(longest_wait);
    const std::chrono::duration<double> calling = Clock::now() - begin;
    last_notify = std::max(last_notify, Clock::now());
    while (Clock::now() < last_notify + quiet && Clock::now() < begin + 2 * longest_wait)
        loop.run_until(last_notify + quiet);
    const double used = cpu_seconds(options.server_pid) - before;

    std::uint64_t wrong = 0, out_of_order = 0, never_lit = 0;
    for (const auto* subscription : lamps) {
        wrong += subscription->lamp().lit() ? 1 : 0;
        never_lit += subscription->lamp().was_ever_lit() ? 0 : 1;
        out_of_order += subscription->lamp().out_of_order();
    }
    std::cout << "wrong=" << wrong << " out_of_order=" << out_of_order << " never_lit=" << never_lit
              << " lamps=" << lamps.size() << batch.outcome() << " seconds=" << calling.count()
              << " notifies=" << notifies << " cpu_total=" << used
              << " repetitions=" << repetitions(watchers) << "\n";
    return true;
}

}  // namespace bench
