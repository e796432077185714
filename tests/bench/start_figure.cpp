// From the start of the process to its first answer to OPTIONS.
#include <csignal>
#include <iostream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/figures.hpp"

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
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in local{};
    local.sin_family = AF_INET;
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof local;
    if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&local), size) != 0) return false;
    getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size);
    const auto port = std::to_string(ntohs(local.sin_port));

    const auto begin = Clock::now();
    const pid_t child = start(options.command);
    bool answered = false;
    for (int i = 0; !answered && Clock::now() < begin + patience; ++i) {
        const std::string options_request =
            "OPTIONS sip:" + options.server.domain +
            " SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + port + ";branch=z9hG4bKstart" + port +
            std::to_string(i) + ";rport\r\nMax-Forwards: 70\r\nFrom: <sip:probe@" +
            options.server.domain + ">;tag=1\r\nTo: <sip:" + options.server.domain +
            ">\r\nCall-ID: start-" + port + "-" + std::to_string(i) +
            "\r\nCSeq: 1 OPTIONS\r\nContact: <sip:probe@127.0.0.1:" + port +
            ">\r\nContent-Length: 0\r\n\r\n";
        sendto(fd, options_request.data(), options_request.size(), 0,
               reinterpret_cast<const sockaddr*>(&options.server.address),
               sizeof options.server.address);
        pollfd wait{fd, POLLIN, 0};
        char answer[2048];
        answered = poll(&wait, 1, 1) == 1 && recv(fd, answer, sizeof answer, 0) > 0;
    }
    const std::chrono::duration<double> took = Clock::now() - begin;
    stop(child);
    close(fd);
    std::cout << "seconds=" << took.count() << " failed=" << (answered ? 0 : 1) << "\n";
    return answered;
}

}  // namespace bench
