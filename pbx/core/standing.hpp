#pragma once
// What an extension is while it has no call.

namespace lampline {

/// What the configuration and the registrations say of an extension, or of a feature key.
struct Standing {
    bool unregistered = false;  ///< none of its phones can be reached
    bool do_not_disturb = false;
    bool forwarded = false;  ///< all its calls
    bool on = false;         ///< of a feature key: what it stands for holds

    friend bool operator==(const Standing&, const Standing&) = default;
};

}  // namespace lampline
