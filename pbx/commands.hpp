#pragma once
// What the program does beside serving. Each prints its result, or one line of why not on standard
// error.
#include "base/config.hpp"

namespace lampline {

/// `token create`: prints the token. Works beside a running server, which knows it from the next
/// request on.
ExitCode create_token(const ServeSettings& settings, const CreateToken& wanted);

/// `token revoke`: works beside a running server, which ends the streams of the token, too. failure:
/// no token has that name.
ExitCode revoke_token(const ServeSettings& settings, const RevokeToken& unwanted);

/// `token list`: prints `NAME ROLE MADE USED` per line, by name. Times as REST writes them, UTC; the
/// last use is `never` or up to a minute old. The tokens themselves are stored nowhere.
ExitCode list_tokens(const ServeSettings& settings);

/// `seed demo`: makes the data folder if need be, and prints `NUMBER PASSWORD DISPLAY NAME` per
/// line. Only into an office without extensions and groups.
ExitCode seed_demo(const ServeSettings& settings);

/// `--check-config`: the settings have been read; looks at the database if there is one.
ExitCode check_config(const ServeSettings& settings);

/// `--health`
ExitCode check_health(const ServeSettings& settings);

}  // namespace lampline
