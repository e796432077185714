#pragma once
// The generator's only thread: sockets that become readable and timers that become due.
#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

/// Something with a file descriptor. Must outlive the loop's last run.
class Reader {
public:
    virtual ~Reader() = default;
    virtual void readable() = 0;
};

/// An epoll loop that never sleeps, for two reasons: a constant rate stays constant, and to wake a
/// sleeper on another core costs its waker, here the server, more than to send the message.
class Loop {
public:
    using Task = std::function<void()>;

    /// @throws std::system_error when epoll cannot be had.
    Loop();
    ~Loop();
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    /// @throws std::system_error
    void watch(int descriptor, Reader& reader);
    void at(Clock::time_point due, Task task);
    void after(Clock::duration delay, Task task) { at(Clock::now() + delay, std::move(task)); }

    /// Serves sockets and timers until stop() or `deadline`; true when stopped.
    bool run_until(Clock::time_point deadline);
    bool run_for(Clock::duration time) { return run_until(Clock::now() + time); }
    void stop() noexcept { stopped_ = true; }

private:
    struct Timer {
        Clock::time_point due;
        std::uint64_t order = 0;
        Task task;
    };
    static bool later(const Timer& a, const Timer& b) noexcept;
    void run_due_timers();
    void poll();

    int epoll_;
    bool stopped_ = false;
    std::uint64_t order_ = 0;
    std::vector<Timer> timers_;  // a heap, the earliest in front
};

}  // namespace bench
