#pragma once
// The signals that end the program or reopen its log, as calls.
#include <atomic>
#include <functional>
#include <thread>

namespace lampline {

/// Blocks SIGTERM, SIGINT and SIGHUP in this thread and all it starts. Before the first thread
/// starts.
void hold_signals();

/// Waits for these signals on a thread of its own and hands each to `on_signal`, on that thread.
class SignalThread {
public:
    explicit SignalThread(std::function<void(int)> on_signal);
    SignalThread(const SignalThread&) = delete;
    SignalThread& operator=(const SignalThread&) = delete;
    ~SignalThread();

private:
    std::atomic<bool> done_{false};
    std::thread thread_;
};

}  // namespace lampline
