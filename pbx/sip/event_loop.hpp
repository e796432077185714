#pragma once
// The SIP thread's loop: Sofia's su_root, a way in for other threads, and timers.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

struct su_root_s;

namespace lampline::sip {

/// Runs callbacks on one thread: the one that calls run() or step(). Create and destroy it on that
/// thread too. All of Sofia that belongs to this loop is used on that thread only.
class EventLoop {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Work = std::function<void()>;

    /// Also gives Sofia a monotonic clock, ignores SIGPIPE and takes over Sofia's logs, once per
    /// process.
    /// @throws std::runtime_error when the operating system has no epoll or eventfd left.
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Runs until stop(). Work posted before stop() is done first.
    void run();
    /// One turn of the loop: waits at most `longest` for something to do. For tests.
    void step(std::chrono::milliseconds longest);
    /// Makes run() return after its present turn; when it is not running, the next run() returns at
    /// once. Any thread.
    void stop();
    /// Does `work` on the loop's thread, in the order of posting. Any thread; also keeps work
    /// posted before run(). What `work` throws ends the program: it must not.
    void post(Work work);
    /// Does `work` after the present callback has returned, before the loop sleeps. Loop thread
    /// only.
    void defer(Work work);

    /// The one timer of the owner: calls what on_wake() was given, once, at `when` or a little
    /// later. nullopt: never. A new call replaces the earlier one. Loop thread only.
    void wake_at(std::optional<TimePoint> when);
    /// What to call at that time. Loop thread only.
    void on_wake(Work callback);

    /// How late the loop's own heartbeat is: the time an event waits before it is seen. The lesser
    /// of the last two: a loop that has too much to do is late again and again, one that is late
    /// once has slept while the machine did something else.
    [[nodiscard]] std::chrono::microseconds lag() const noexcept
    {
        return std::min(late_, late_before_);
    }

    /// For the other files of pbx/sip.
    [[nodiscard]] su_root_s* root() const noexcept;
    /// The eventfd was written. For the callback of the root.
    void take_posted();

private:
    struct Inner;  // the handles of Sofia

    void arm() noexcept;
    void run_deferred();
    void beat(TimePoint due);

    std::mutex mutex_;
    std::vector<Work> posted_;        // guarded by mutex_
    std::atomic<bool> armed_{false};  // the eventfd is written and not yet read
    std::atomic<bool> stopping_{false};
    int event_fd_ = -1;

    std::vector<Work> deferred_;
    Work on_wake_;
    std::chrono::microseconds late_{};
    std::chrono::microseconds late_before_{};
    unsigned beats_ = 0;
    std::unique_ptr<Inner> inner_;
};

/// One timer of a loop. Pinned: Sofia keeps `this`. Loop thread only.
class LoopTimer {
public:
    /// Calls `expired` each time the set moment has come. @throws std::runtime_error without
    /// memory.
    LoopTimer(EventLoop& loop, EventLoop::Work expired);
    ~LoopTimer();
    LoopTimer(const LoopTimer&) = delete;
    LoopTimer& operator=(const LoopTimer&) = delete;

    /// Sets or moves the moment, precise to a millisecond, never early.
    void set(EventLoop::TimePoint when);
    void cancel() noexcept;
    void expire() { expired_(); }

private:
    struct Handle;
    EventLoop::Work expired_;
    std::unique_ptr<Handle> handle_;
};

/// One descriptor of somebody else's, watched by a loop. Pinned: Sofia keeps `this`. Loop thread
/// only.
class LoopWatch {
public:
    enum class For : std::uint8_t { reading, writing, both };

    /// Calls `ready` whenever the descriptor is. @throws std::runtime_error without room.
    LoopWatch(EventLoop& loop, int descriptor, For what, EventLoop::Work ready);
    /// The descriptor must still be open.
    ~LoopWatch();
    LoopWatch(const LoopWatch&) = delete;
    LoopWatch& operator=(const LoopWatch&) = delete;

    void ready() { ready_(); }

private:
    EventLoop& loop_;
    EventLoop::Work ready_;
    int index_ = -1;
};

}  // namespace lampline::sip
