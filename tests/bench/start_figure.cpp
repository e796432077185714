// From the start of the process to its first answer to OPTIONS; and, after a kill, to the moment
// at which the last of ten thousand lamps has been told what is true.
#include <csignal>
#include <iostream>
#include <unordered_set>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/probe.hpp"

namespace bench {
namespace {

constexpr std::chrono::seconds patience{30};
constexpr std::chrono::seconds time_to_stop{20};
constexpr std::size_t members = 10;  // of each of a thousand watchers
constexpr std::chrono::seconds all_stored{5};

pid_t start(const std::vector<std::string>& command)
{
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    const int silence = open("/dev/null", O_WRONLY);
    dup2(silence, STDOUT_FILENO);
    dup2(silence, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

void stop(pid_t child)
{
    kill(child, SIGTERM);
    for (const auto give_up = Clock::now() + time_to_stop; Clock::now() < give_up; usleep(10000))
        if (waitpid(child, nullptr, WNOHANG) != 0) return;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

void cut_off(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

}  // namespace

bool measure_start(const Options& options)
{
    const auto begin = Clock::now();
    const pid_t child = start(options.command);
    const bool answered = wait_for_answer(options.server, patience);
    const std::chrono::duration<double> took = Clock::now() - begin;
    stop(child);
    std::cout << "seconds=" << took.count() << " failed=" << (answered ? 0 : 1) << "\n";
    return answered;
}

bool measure_restart(const Options& options)
{
    pid_t child = start(options.command);
    Loop loop;
    const auto watchers = make_phones(loop, options.server, office::everyone());
    const bool ready = wait_for_answer(options.server, patience) && register_all(loop, watchers) &&
                       subscribe_all(loop, watchers, office::numbers(2030, members));
    if (!ready) {
        stop(child);
        return false;
    }
    const auto lamps = watchers.size() * members;
    loop.run_for(all_stored);
    cut_off(child);

    std::unordered_set<const Subscription*> told;
    Clock::time_point last;
    for (const auto& watcher : watchers)
        watcher->on_notify([&](const Subscription& subscription, const SipMessage&) {
            if (!told.insert(&subscription).second) return;
            last = Clock::now();
            if (told.size() == lamps) loop.stop();
        });
    const auto begin = Clock::now();
    child = start(options.command);
    loop.run_for(patience);
    const std::chrono::duration<double> took = last - begin;
    stop(child);
    std::cout << "seconds=" << took.count() << " lamps=" << told.size()
              << " repetitions=" << repetitions(watchers) << " failed=" << lamps - told.size()
              << "\n";
    return true;
}

}  // namespace bench
