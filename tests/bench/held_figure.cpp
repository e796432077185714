// What a call that is on hold costs in memory, whether that is given back when it has ended, and
// whether what stays grows from round to round.
#include <iostream>
#include <sstream>

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

class Callers {
public:
    Callers(Loop& loop, const Options& options, const Phones& callers, const Phones& callees)
        : loop_{loop}, options_{options}, callers_{callers}, callees_{callees}
    {
    }

    /// Each pair in turn has one more call.
    void call(std::uint64_t count, const Done& ended)
    {
        pace(loop_, count, options_.rate, [this, ended](std::uint64_t i) {
            const auto pair = i % callers_.size();
            callers_[pair]->call(callees_[pair]->number(), {Clock::duration::max()}, ended);
        });
        loop_.run_for(time_for(count));
    }
    void hold(std::uint64_t count)
    {
        each_caller(count, [this](Phone& caller) {
            caller.hold_all([this](int status) { held_ += status == succeeded ? 1U : 0U; });
        });
    }
    void hang_up(std::uint64_t count)
    {
        each_caller(count, [](Phone& caller) { caller.hang_up_all(); });
        loop_.run_for(transactions_gone);
    }
    /// How many calls were put on hold.
    [[nodiscard]] std::uint64_t held() const noexcept { return held_; }

private:
    void each_caller(std::uint64_t count, const std::function<void(Phone&)>& action)
    {
        const auto callers = static_cast<double>(callers_.size());
        pace(loop_, callers_.size(), options_.rate * callers / static_cast<double>(count),
             [this, action](std::uint64_t i) { action(*callers_[i]); });
        loop_.run_for(time_for(count));
    }
    [[nodiscard]] std::chrono::seconds time_for(std::uint64_t count) const
    {
        return std::chrono::seconds{
            static_cast<std::int64_t>(static_cast<double>(count) / options_.rate) + 2};
    }

    Loop& loop_;
    const Options& options_;
    const Phones& callers_;
    const Phones& callees_;
    std::uint64_t held_ = 0;
};

}  // namespace

bool measure_held(const Options& options)
{
    Loop loop;
    const auto callers = make_phones(loop, options.server, office::callers());
    const auto callees = make_phones(loop, options.server, office::callees());
    if (!register_all(loop, callers) || !register_all(loop, callees)) return false;
    loop.run_for(write_behind);
    const auto at_start = allocated_bytes(options.server_pid);

    Callers office{loop, options, callers, callees};
    // What is kept of the last calls is filled, and what a first call loads is loaded.
    Batch first{loop, callers.size()};
    office.call(callers.size(), first.one());
    office.hold(callers.size());
    office.hang_up(callers.size());
    const auto at_rest = allocated_bytes(options.server_pid);

    const auto each = static_cast<double>(options.count);
    std::ostringstream figures;
    std::ostringstream rounds;
    Batch batch{loop, options.count * options.rounds};
    std::uint64_t released = at_rest;
    for (std::uint64_t round = 0; round < options.rounds; ++round) {
        office.call(options.count, batch.one());
        const auto calling = allocated_bytes(options.server_pid);
        office.hold(options.count);
        loop.run_for(transactions_gone);
        const auto holding = allocated_bytes(options.server_pid);
        if (round == 0) {
            const double before = cpu_seconds(options.server_pid);
            loop.run_for(std::chrono::seconds{10});
            const double idle = (cpu_seconds(options.server_pid) - before) / 10;
            figures << "kb_per_held_call=" << kilobytes(at_rest, holding) / each
                    << " kb_per_new_call=" << kilobytes(at_rest, calling) / each
                    << " idle_cpu_percent=" << idle * 100;
        }
        office.hang_up(options.count);
        released = allocated_bytes(options.server_pid);
        if (round == 0)
            figures << " kb_kept_per_released_call=" << kilobytes(at_rest, released) / each
                    << " kb_kept_since_start=" << kilobytes(at_start, released) / each;
        rounds << "/" << kilobytes(0, released) / 1024;
        std::cerr << "held: round " << round + 1 << " of " << options.rounds << ": "
                  << kilobytes(0, holding) / 1024 << " MB with " << options.count << " calls, "
                  << kilobytes(0, released) / 1024 << " MB without\n";
    }
    const auto unheld = callers.size() + options.count * options.rounds - office.held();
    std::cout << figures.str()
              << " kb_kept_after_all_rounds=" << kilobytes(at_rest, released) / each
              << " mb_start_rest_and_after_each_round=" << kilobytes(0, at_start) / 1024 << "/"
              << kilobytes(0, at_rest) / 1024 << rounds.str() << first.outcome()
              << batch.outcome(unheld)
              << " repetitions=" << repetitions(callers) + repetitions(callees) << "\n";
    return true;
}

}  // namespace bench
