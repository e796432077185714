// From the start of the process to its first answer to OPTIONS.
#include <csignal>
#include <iostream>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/figures.hpp"
#include "bench/probe.hpp"

namespace bench {
namespace {

constexpr std::chrono::seconds patience{30};
constexpr std::chrono::seconds time_to_stop{20};

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

}  // namespace bench
