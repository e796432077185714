// bench FIGURE --server ADDR:PORT [--pid PID] [--rate N] [--count N] [--rounds N] [--domain NAME]
// [--unwatched] [-- COMMAND...] bench office-curl --url URL --token TOKEN | bench office-sql
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>

#include <arpa/inet.h>
#include <sys/resource.h>

#include "bench/figures.hpp"
#include "bench/office.hpp"
#include "bench/probe.hpp"

namespace {

using namespace bench;

constexpr int exit_usage = 2;

struct Arguments {
    std::string verb;
    std::map<std::string, std::string> values;
    std::vector<std::string> command;
};

Arguments read_arguments(int count, char** words)
{
    Arguments arguments;
    if (count > 1) arguments.verb = words[1];
    for (int i = 2; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--") {
            arguments.command.assign(words + i + 1, words + count);
            break;
        }
        if (word == "--unwatched")
            arguments.values[word] = "yes";
        else if (i + 1 < count)
            arguments.values[word] = words[++i];
    }
    return arguments;
}

bool read_address(const std::string& text, sockaddr_in& address)
{
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return false;
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
    return inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) == 1;
}

/// Every phone has a socket of its own.
void allow_many_sockets()
{
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

Options options_from(Arguments& arguments)
{
    Options options;
    auto& values = arguments.values;
    options.server.domain = values.contains("--domain") ? values["--domain"] : "office.test";
    if (values.contains("--pid")) options.server_pid = std::atoi(values["--pid"].c_str());
    if (values.contains("--rate")) options.rate = std::atof(values["--rate"].c_str());
    if (values.contains("--count"))
        options.count = std::strtoull(values["--count"].c_str(), nullptr, 10);
    if (values.contains("--rounds"))
        options.rounds = std::strtoull(values["--rounds"].c_str(), nullptr, 10);
    options.watched = !values.contains("--unwatched");
    options.command = arguments.command;
    return options;
}

}  // namespace

int main(int count, char** words)
try {
    auto arguments = read_arguments(count, words);
    if (arguments.verb == "office-sql") {
        office::write_sql(std::cout);
        return EXIT_SUCCESS;
    }
    if (arguments.verb == "office-curl") {
        office::write_curl(std::cout, arguments.values["--url"], arguments.values["--token"]);
        return EXIT_SUCCESS;
    }
    static const std::map<std::string, bool (*)(const Options&)> figures{
        {"registers", measure_registers},   {"calls", measure_calls},
        {"fanout", measure_fanout},         {"lamps", measure_lamps},
        {"start", measure_start},           {"memory", measure_memory},
        {"transfers", measure_transfers},   {"held", measure_held},
        {"subscribes", measure_subscribes}, {"office", measure_office},
        {"watchers", measure_watchers},     {"restart", measure_restart},
    };
    const auto figure = figures.find(arguments.verb);
    auto options = options_from(arguments);
    if (figure == figures.end() ||
        !read_address(arguments.values["--server"], options.server.address)) {
        std::cerr << "usage: bench registers|calls|fanout|lamps|start|memory|transfers|held|"
                     "subscribes|office|watchers|restart --server ADDR:PORT --pid PID "
                     "[--rate N] [--count N] [--rounds N] [--domain NAME] [--unwatched] "
                     "[-- COMMAND...]\n"
                     "       bench office-curl --url URL --token TOKEN | bench office-sql\n";
        return exit_usage;
    }
    allow_many_sockets();
    const bool running = options.command.empty();
    if (running && !wait_for_answer(options.server, std::chrono::seconds{30})) {
        std::cerr << "bench: the server does not answer OPTIONS\n";
        return EXIT_FAILURE;
    }
    return figure->second(options) ? EXIT_SUCCESS : EXIT_FAILURE;
} catch (const std::exception& error) {
    std::cerr << "bench: " << error.what() << "\n";
    return EXIT_FAILURE;
}
