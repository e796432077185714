// Program entry: reads what is wanted, does it, and says by its exit code how it went.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <exception>

#include "base/config.hpp"
#include "base/log.hpp"
#include "commands.hpp"
#include "db/database.hpp"
#include "server.hpp"
#include "signal_thread.hpp"
#include "sip/stack_end.hpp"

namespace {

using namespace lampline;

/// The log of one task; its queue is written out on every way to the end.
class Log {
public:
    explicit Log(const LogSettings& settings) { start_log(settings); }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log() { stop_log(); }
};

/// The short tasks complain where they were called; the log file is the server's.
Log log_to_stderr(const ServeSettings& settings)
{
    return Log{{.level = settings.log.level, .format = settings.log.format, .file = {}}};
}

struct Run {
    const ServeSettings& settings;

    int operator()(const Serve&) const
    {
        hold_signals();
        const Log log{settings.log};
        return serve(settings);
    }
    int operator()(const CheckConfig&) const
    {
        const auto log = log_to_stderr(settings);
        return static_cast<int>(check_config(settings));
    }
    int operator()(const CheckHealth&) const { return static_cast<int>(check_health(settings)); }
    int operator()(const CreateToken& token) const
    {
        const auto log = log_to_stderr(settings);
        return static_cast<int>(create_token(settings, token));
    }
    int operator()(const RevokeToken& token) const
    {
        const auto log = log_to_stderr(settings);
        return static_cast<int>(revoke_token(settings, token));
    }
    int operator()(const ListTokens&) const
    {
        const auto log = log_to_stderr(settings);
        return static_cast<int>(list_tokens(settings));
    }
    int operator()(const SeedDemo&) const
    {
        const auto log = log_to_stderr(settings);
        return static_cast<int>(seed_demo(settings));
    }
    int operator()(const PrintText& print) const
    {
        fmt::print("{}", print.text);
        return static_cast<int>(ExitCode::ok);
    }
};

int fail(ExitCode code, std::string_view line)
{
    fmt::print(stderr, "lampline: {}\n", line);
    return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv)
try {
    sip::prepare_stack_end();
    std::signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error of write(), not our end
    const auto invocation =
        read_invocation(std::vector<std::string>{argv + 1, argv + argc}, process_environment());
    if (!invocation) {
        fmt::print(stderr, "{}\n", invocation.error().text);
        return static_cast<int>(invocation.error().code);
    }
    return std::visit(Run{invocation->settings}, invocation->task);
} catch (const db::OpenError& error) {
    return fail(ExitCode::database, error.what());
} catch (const std::filesystem::filesystem_error& error) {
    return fail(ExitCode::database, error.what());
} catch (const spdlog::spdlog_ex& error) {
    return fail(ExitCode::bad_config, error.what());
} catch (const std::exception& error) {
    return fail(ExitCode::failure, error.what());
}
