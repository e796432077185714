#pragma once
// application/dialog-info+xml (RFC 4235 §4): state -> text, and text -> value.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/body_profile.hpp"

namespace lampline {

inline constexpr std::string_view dialog_info_type = "application/dialog-info+xml";

/// Text for XML 1.0 content or attribute values: the five markup characters as references,
/// characters that XML forbids left out, broken UTF-8 as U+FFFD.
std::string escape_xml(std::string_view text);

/// The `dialog` element of `dialog` in the dialect of `profile`, its state given as `word`; `id` is
/// used when the profile has no fixed one. The parties are written as far as both the profile and
/// `detail` want them; a dialog that holds keeps its local target, where that is said. `pickup`: the
/// URI to dial to take the call, written wherever the profile has a pickup target; empty: none.
std::string write_dialog(const DialogSnapshot& dialog, std::string_view word, std::string_view id,
                         const BodyProfile& profile, Detail detail = Detail::full,
                         std::string_view pickup = {});

/// The `terminated` dialog of an idle extension that has none to tell of; empty when the profile
/// wants none.
std::string write_idle_dialog(std::string_view entity, const BodyProfile& profile);

/// A document around the version number, which is all that differs between the watchers it is sent
/// to.
struct DialogInfoText {
    std::shared_ptr<const std::string> head;
    std::shared_ptr<const std::string> tail;  ///< null: `head` is all of it, without a version

    /// Bytes, with the longest version number there is.
    [[nodiscard]] std::size_t size() const noexcept
    {
        return head->size() + (tail ? 10 + tail->size() : 0);
    }
};

/// Whether a document has every dialog, or only those that changed (RFC 4235 §4.1).
enum class DocumentKind : std::uint8_t { full, partial };

/// The document about `entity`, a SIP URI, with the given `dialog` elements.
DialogInfoText write_dialog_info(std::string_view entity, std::span<const std::string_view> dialogs,
                                 const BodyProfile& profile,
                                 DocumentKind kind = DocumentKind::full);

/// One `dialog` element as read.
struct DialogElement {
    std::string id, call_id, local_tag, remote_tag;
    std::string direction;  ///< empty: not said
    std::string state;
    std::string event;  ///< of the state
    std::string local_identity, local_display, local_target;
    std::string remote_identity, remote_display, remote_target;
    bool rendered = true;  ///< false: `+sip.rendering=no` at the local target
};

/// A document as read.
struct DialogInfo {
    std::uint32_t version = 0;
    bool full = false;
    std::string entity;
    std::vector<DialogElement> dialogs;
};

/// Reads a document of at most 32 KB, 16 levels and 256 dialogs; unknown elements and attributes
/// are skipped. nullopt: not well formed, not dialog-info, a DOCTYPE, or beyond a limit. Any
/// thread.
std::optional<DialogInfo> read_dialog_info(std::string_view text);

/// The version of such a document, by its first element alone; nullopt: it begins otherwise. Any
/// thread.
std::optional<std::uint32_t> read_version(std::string_view text);

/// Whether such a document names a dialog that is not terminated; nullopt: it cannot be read, or is
/// a partial one that names none and leaves open what else there is. Any thread.
std::optional<bool> shows_call(std::string_view text);

}  // namespace lampline
