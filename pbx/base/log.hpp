#pragma once
// Set-up of spdlog. Everybody else calls spdlog::info() and its like.
#include "base/settings.hpp"

namespace lampline {

/// Makes spdlog's default logger asynchronous: a full queue drops its oldest lines, no caller ever
/// waits. Call once, before other threads start.
/// @throws spdlog::spdlog_ex when the file cannot be opened.
void start_log(const LogSettings& settings);

/// The next line written goes to a file newly opened under the same name (after rotation, SIGHUP).
/// Any thread.
void reopen_log() noexcept;

/// Writes what is queued and ends the writing thread. Last thing in `main`.
void stop_log();

}  // namespace lampline
