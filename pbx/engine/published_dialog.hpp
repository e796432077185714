#pragma once
// A dialog as its publisher describes it (RFC 4235 §4.1), and as one of an extension.
#include <optional>
#include <string>
#include <string_view>

#include "core/call_event.hpp"
#include "core/dialog_info.hpp"
#include "core/directory.hpp"
#include "core/live_event.hpp"

namespace lampline {

/// The state that RFC 4235 §3.7.1 calls `word`; nullopt: none.
std::optional<LegState> dialog_state(std::string_view word) noexcept;

/// No SIP message has such words: watchers could not be told of it in one datagram.
bool has_overlong_words(const DialogElement& element) noexcept;

/// Of `extension`, belonging to no call and without leg and id. An unknown state is `terminated`;
/// an identity that is no URI is nobody, but the extension itself on its own side.
DialogSnapshot snapshot_of(const DialogElement& element, const std::string& extension,
                           const Directory& directory);

/// The other way; `id` is the publisher's.
DialogElement element_of(const DialogSnapshot& dialog, const std::string& id);

/// What is shown of it to who looks on.
PublishedEvent published_event(const DialogSnapshot& dialog);

/// The same dialog when it is over.
DialogSnapshot ended(DialogSnapshot dialog);

}  // namespace lampline
