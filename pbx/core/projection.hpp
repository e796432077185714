#pragma once
// An extension as one profile shows it to the watchers that have the same rights.
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/body_profile.hpp"
#include "core/dialog_filter.hpp"
#include "core/dialog_info.hpp"
#include "core/directory.hpp"
#include "core/lamp_picture.hpp"

namespace lampline {

/// What a watcher must be told next.
enum class Step : std::uint8_t {
    none,
    clear,    ///< that all it was told of has ended: the idle edge, before the present state
    present,  ///< the present state
};

/// How a document is written.
struct DocumentForm {
    DocumentKind kind = DocumentKind::full;
    Detail detail = Detail::full;

    friend bool operator==(const DocumentForm&, const DocumentForm&) = default;
};

/// Whether watchers see with whom an extension talks (RFC 4235 §3.4 leaves that to the notifier).
enum class PartyView : std::uint8_t {
    named,      ///< but for who does not let itself be seen (`DialogSnapshot::discreet`)
    anonymous,  ///< nobody
    own,        ///< all: its own other phones
};
inline PartyView parties_of(const WatchRight& right) noexcept
{
    if (right.watcher == right.member) return PartyView::own;
    return right.rights.parties ? PartyView::named : PartyView::anonymous;
}

/// Whether watchers are told the Call-ID and tags of a dialog, or a name that is of no use elsewhere.
enum class DialogNames : std::uint8_t { told, withheld };

/// What the rights of a watcher leave of a dialog.
struct WatcherView {
    PartyView parties = PartyView::named;
    DialogNames names = DialogNames::told;
    bool picks_up = true;  ///< it may take what rings there

    friend bool operator==(const WatcherView&, const WatcherView&) = default;
};
inline WatcherView view_of(const WatchRight& right) noexcept
{
    return {parties_of(right),
            right.names_dialogs() ? DialogNames::told : DialogNames::withheld,
            right.rights.pickup};
}

/// One extension in the eyes of one profile, or what a filter leaves of it. Renderings are made
/// once per change and shared by all watchers; those that leave something out, when first wanted.
class Projection {
public:
    /// `entity`: SIP URI of the extension, as its watcher knows it. Parties in `domain` are written
    /// with the host and port of the entity; empty: as they are.
    Projection(ProfileRef profile, DialogFilter filter, WatcherView view, std::string entity,
               std::string domain = {});

    /// Takes the live dialogs, oldest first, and what stands in for them while the profile shows
    /// none: as many as `Standing` has, null where it is not so. False when the profile shows
    /// nothing new.
    using Dialogs = std::vector<std::shared_ptr<TrackedDialog>>;
    bool update(const Dialogs& live, const Dialogs& standing);

    [[nodiscard]] const ProfileRef& profile() const noexcept { return profile_; }
    [[nodiscard]] const DialogFilter& filter() const noexcept { return filter_; }
    [[nodiscard]] WatcherView view() const noexcept { return view_; }
    [[nodiscard]] const std::string& entity() const noexcept { return entity_; }
    [[nodiscard]] const PictureRef& current() const noexcept { return current_; }

    /// What the watcher has certainly seen may be true again after it was not: then it is owed
    /// nothing. False: it is not so.
    bool catch_up(Told& told) const noexcept;
    /// Whether it shows now what `picture` does, word for word; null: never.
    [[nodiscard]] bool shows(const PictureRef& picture) const noexcept;
    /// What comes next for a watcher that was told `told`.
    [[nodiscard]] Step next_step(const Told& told) const noexcept;
    /// The picture that `step` shows; never null.
    [[nodiscard]] const PictureRef& target(Step step) const noexcept
    {
        return step == Step::clear ? cleared_ : current_;
    }
    /// The kind of document that may lead on from `told`: partial only for a profile that takes it,
    /// and only when what the watcher has seen is certain, and all of it was told.
    [[nodiscard]] DocumentKind kind_after(const Told& told) const noexcept;
    /// The document that leads from `told` to `target(step)`: dialogs told as alive that are no
    /// more there are `terminated`; a partial one leaves out what has not changed. Good until the
    /// next call.
    const DialogInfoText& document(const Told& told, Step step, DocumentForm form = {});
    /// Whether that document, with `target` current(), would say of no dialog what `body` does not:
    /// the last one that has brought a watcher what it was `told`, but for what is in `elsewhere`.
    [[nodiscard]] bool adds_nothing(const Told& told, std::string_view body,
                                    std::span<const ToldIn> elsewhere, DocumentForm form) const;
    /// The live dialogs that are in that document.
    [[nodiscard]] std::vector<LegId> legs_in(const Told& told, Step step, DocumentForm form) const;
    /// How many live dialogs a document in this form leaves out for want of room.
    [[nodiscard]] unsigned left_out(Step step, DocumentForm form) const;
    /// The `dialog` elements of that document, for one about several extensions; none when idle.
    [[nodiscard]] std::vector<std::string> elements(const Told& told, const PictureRef& target,
                                                    DocumentForm form) const;

private:
    struct Rendered {
        Told told;
        PictureRef target;
        DocumentForm form;
        DialogInfoText text;
    };

    [[nodiscard]] std::vector<ShownDialog> show(const Dialogs& live, const Dialogs& standing) const;
    [[nodiscard]] bool admits(const TrackedDialog& dialog) const;
    [[nodiscard]] std::string_view standing_word(std::size_t which) const noexcept;
    [[nodiscard]] bool must_clear(const PictureRef& told) const noexcept;
    [[nodiscard]] DialogInfoText render(const Told& told, const PictureRef& target,
                                        DocumentForm form) const;
    [[nodiscard]] std::string element_of(const TrackedDialog& dialog, std::string_view word,
                                         Detail detail = Detail::full) const;
    [[nodiscard]] std::string pickup_of(const DialogSnapshot& dialog, std::string_view word) const;
    void write_as_asked(DialogParty& party) const;
    [[nodiscard]] static bool leaves_out(const ShownDialog& shown, const Told& told,
                                         DocumentKind kind) noexcept;
    [[nodiscard]] static bool has_no_room(const ShownDialog& shown, const Picture& picture,
                                          DocumentForm form) noexcept;
    [[nodiscard]] std::string element_of(const ShownDialog& shown, Detail detail) const;
    void append_ended(std::vector<std::string>& elements, const Told& told, const Picture& target,
                      Detail detail) const;

    static constexpr std::size_t max_rendered = 16;

    ProfileRef profile_;
    DialogFilter filter_;
    WatcherView view_;
    std::string entity_;
    std::string domain_;
    PictureRef current_;
    PictureRef cleared_;             // an idle picture of the present revision
    std::uint64_t last_idle_ = 0;    // revision of the last picture without a call
    std::deque<Rendered> rendered_;  // of current_ and cleared_
};
using ProjectionRef = std::shared_ptr<Projection>;

}  // namespace lampline
