#include "signal_thread.hpp"

#include <csignal>
#include <pthread.h>
#include <utility>

namespace lampline {
namespace {

sigset_t awaited_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    return set;
}

}  // namespace

void hold_signals()
{
    const auto set = awaited_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

SignalThread::SignalThread(std::function<void(int)> on_signal)
    : thread_{[this, handle = std::move(on_signal)] {
          const auto set = awaited_signals();
          int signal = 0;
          while (sigwait(&set, &signal) == 0 && !done_) handle(signal);
      }}
{
}

SignalThread::~SignalThread()
{
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
}

}  // namespace lampline
