#pragma once
// One function per figure. Each builds its phones, measures, and prints one line of name=value
// pairs.
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bench/phone.hpp"

namespace bench {

struct Options {
    Server server;
    pid_t server_pid = 0;
    double rate = 500;                 ///< operations started per second
    std::uint64_t count = 1000;        ///< operations or calls
    std::uint64_t rounds = 1;          ///< held: how often all calls are made and ended
    bool watched = true;               ///< calls: the callees are watched
    std::vector<std::string> command;  ///< start, restart: the server to start
};

/// Each returns false when the figure could not be taken at all.
bool measure_registers(const Options& options);
bool measure_calls(const Options& options);
bool measure_fanout(const Options& options);
bool measure_lamps(const Options& options);
bool measure_start(const Options& options);
bool measure_restart(const Options& options);
bool measure_memory(const Options& options);
bool measure_transfers(const Options& options);
bool measure_held(const Options& options);
bool measure_subscribes(const Options& options);
bool measure_office(const Options& options);
bool measure_watchers(const Options& options);

/// The value that `share` of the others do not exceed; 0 when there are none.
[[nodiscard]] double quantile(std::vector<double> values, double share);

/// Counts operations under way and stops the loop after the last one.
class Batch {
public:
    Batch(Loop& loop, std::uint64_t expected) : loop_{loop}, expected_{expected} {}

    Done one()
    {
        return [this](int status) { finished(status); };
    }
    void finished(int status)
    {
        if (status != succeeded) ++failures_[status];
        if (++finished_ == expected_) loop_.stop();
    }
    /// Operations that failed or have not ended.
    [[nodiscard]] std::uint64_t failed() const;
    /// " failed=N", and with which statuses.
    [[nodiscard]] std::string outcome(std::uint64_t more_failures = 0) const;

private:
    Loop& loop_;
    std::uint64_t expected_, finished_ = 0;
    std::map<int, std::uint64_t> failures_;  // by status
};

/// Calls `start(i)` for i in [0, count) at a constant rate, however long each takes.
void pace(Loop& loop, std::uint64_t count, double rate, std::function<void(std::uint64_t)> start);

using Phones = std::vector<std::unique_ptr<Phone>>;
[[nodiscard]] Phones make_phones(Loop& loop, const Server& server,
                                 const std::vector<std::string>& numbers);
/// False, with a line on standard error, when not all of them succeed.
[[nodiscard]] bool register_all(Loop& loop, const Phones& phones);
[[nodiscard]] bool subscribe_all(Loop& loop, const Phones& watchers,
                                 const std::vector<std::string>& members);
[[nodiscard]] std::uint64_t repetitions(const Phones& phones);

/// What is written behind belongs to the operation: a figure's CPU time ends this long after the
/// last one.
inline constexpr std::chrono::seconds write_behind{2};

}  // namespace bench
