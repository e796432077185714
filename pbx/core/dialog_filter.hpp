#pragma once
// The parameters of `Event: dialog` (RFC 4235 §3.2): which dialogs a subscription is about.
#include <string>
#include <string_view>

#include "core/sip_types.hpp"

namespace lampline {

/// What a dialog must have to be told. Empty members ask for nothing.
struct DialogFilter {
    std::string call_id;
    std::string from_tag;  ///< the remote tag of the watched phone, which is ours
    std::string to_tag;    ///< its local tag

    [[nodiscard]] bool empty() const noexcept
    {
        return call_id.empty() && from_tag.empty() && to_tag.empty();
    }
    /// A tag that is not known yet is not the one asked for.
    [[nodiscard]] bool admits(const DialogId& dialog) const noexcept;

    friend bool operator==(const DialogFilter&, const DialogFilter&) = default;
};

/// The filter in an Event header's parameters, given from the first semicolon on. Anything else
/// there (`sla`, `ma`, `include-session-description`, what is malformed) is passed over.
DialogFilter dialog_filter(std::string_view params);

/// The Event of our NOTIFYs: `dialog`, and of the parameters of the SUBSCRIBE those that tell
/// subscriptions apart (`id`, RFC 6665 §8.2.1) or say what it is about, as they were written.
std::string echoed_event(std::string_view params);

/// The value of `id` in an Event header or its parameters; empty: none.
std::string_view event_id(std::string_view event) noexcept;

}  // namespace lampline
