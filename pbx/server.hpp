#pragma once
// The running exchange: threads, sockets and storage, wired together.
#include "base/settings.hpp"

namespace lampline {

/// Serves until SIGTERM or SIGINT. The first one stops new calls and waits up to `drain_timeout`
/// for the others to end, the second one ends at once; bindings and subscriptions are kept for the
/// next start. SIGHUP reopens the log. Prints a line `listening sip udp 127.0.0.1:5060` per address
/// on standard output when it is ready. Returns an ExitCode: ok, cannot_bind.
/// @throws db::OpenError when the data folder cannot be used; std::exception for lost resources.
int serve(const ServeSettings& settings);

}  // namespace lampline
