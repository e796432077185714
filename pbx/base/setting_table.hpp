#pragma once
// Every setting once: its name in flag, environment and file, how it is read and how it is shown.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.hpp"

namespace lampline {

struct Setting {
    /// `--sip`, `LAMPLINE_SIP`, and `sip = ...` in the file are the same setting.
    std::string_view name;
    std::string_view value;  ///< what to write after the flag, for `--help`
    std::string_view help;
    bool repeatable;
    /// Puts the values in; the reason when they cannot be used. At least one value.
    std::optional<std::string> (*read)(ServeSettings& settings,
                                       std::span<const std::string> values);
    /// Values that `read` would take to the same end.
    std::vector<std::string> (*show)(const ServeSettings& settings);
};

/// All settings, in the order of `--help` and `--print-config`.
std::span<const Setting> setting_table() noexcept;

/// A setting that is wrong only beside another.
struct Contradiction {
    std::string_view name;
    std::string reason;
};

/// nullopt: the settings fit together.
std::optional<Contradiction> find_contradiction(const ServeSettings& settings);

/// `127.0.0.1:5060`, `[::1]:5060`.
std::string write(const ListenAddress& address);
/// `udp:127.0.0.1:5060`.
std::string write(const SipListener& listener);

}  // namespace lampline
