#pragma once
// How the program ends, for scripts and supervisors.

namespace lampline {

/// Exit status of every subcommand; README and `--help` list the same.
enum class ExitCode : int {
    ok = 0,
    failure = 1,     ///< run-time failure; `--health`: not healthy
    usage = 2,       ///< the command line cannot be read
    bad_config = 3,  ///< a setting has a value that cannot be used, wherever it came from
    database =
        4,  ///< the data folder cannot be opened, is damaged, newer, of another domain, or in use
    cannot_bind = 5,  ///< an address to listen on is taken or not ours
};

}  // namespace lampline
