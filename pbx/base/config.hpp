#pragma once
// The command line, the environment and the file, made into settings.
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/exit_code.hpp"
#include "base/result.hpp"
#include "base/settings.hpp"

namespace lampline {

/// `serve`
struct Serve {};
/// `--check-config`: the settings are good; the caller looks at the database and binds nothing.
struct CheckConfig {};
/// `--health`: ask the running server at `settings.http`.
struct CheckHealth {};
/// `token create NAME --role ROLE`
struct CreateToken {
    std::string name;
    std::string role;
};
/// `token revoke NAME`
struct RevokeToken {
    std::string name;
};
/// `token list`
struct ListTokens {};
/// `seed demo`
struct SeedDemo {};
/// `--help`, `--version`, `--print-config`: print and end well.
struct PrintText {
    std::string text;
};

using Task = std::variant<Serve, CheckConfig, CheckHealth, CreateToken, RevokeToken, ListTokens,
                          SeedDemo, PrintText>;

/// What one start of the program is asked to do, and with which settings.
struct Invocation {
    Task task;
    ServeSettings settings;
};

/// Why there is nothing to do: one line per reason, `--flag: reason`, `LAMPLINE_X: reason` or
/// `file:line: reason`.
struct Refusal {
    ExitCode code = ExitCode::usage;
    std::string text;
};

/// Value of an environment variable; nullopt: not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of this process. Before other threads start.
Environment process_environment();

/// Reads flags over environment over file over defaults. `arguments` without the program's name.
/// The file is
/// `--config`, LAMPLINE_CONFIG, or `default_file` if that exists. Reads that file and nothing else.
Result<Invocation, Refusal>
read_invocation(std::span<const std::string> arguments, const Environment& environment,
                const std::filesystem::path& default_file = "/etc/lampline/lampline.toml");

}  // namespace lampline
