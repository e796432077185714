#pragma once
// What changes of presence, of shared lines and in the configuration, for whoever looks on.
#include <string_view>
#include <vector>

#include "base/string_table.hpp"
#include "core/directory.hpp"
#include "core/live_event.hpp"
#include "engine/event_facts.hpp"
#include "engine/outbox.hpp"

namespace lampline {

/// The appearances of the line of `extension`, as call-info tells them: those of which something is
/// said by index, then all others as one. O(its appearances).
std::vector<AppearanceEvent> appearances_of(const EventFacts& facts, std::string_view extension);

/// Knows what was shown last, so that only changes are. It knows nothing when somebody begins to
/// look on: the first event of an extension may tell what has been so before. Memory is
/// proportional to the extensions with an event since. SIP thread only.
class ShownChanges {
public:
    /// What `package` tells of `extension` may be another: presence and call-info are shown, which
    /// no other event says. O(its dialogs, phones and appearances).
    void changed(EventPackage package, const EventFacts& facts, std::string_view extension,
                 Moment now, Outbox& outbox);
    /// What is configured of the state of `extension`; `before` null: it is new.
    static void configured(const Extension* before, const Extension& extension, Moment now,
                           Outbox& outbox);
    /// Who is logged in to which ring group; extensions that are gone are forgotten. O(members of
    /// all ring groups).
    void replace_directory(const Directory& before, const Directory& directory, Moment now,
                           Outbox& outbox);
    /// Nobody looks on.
    void forget() noexcept
    {
        presence_.clear();
        lines_.clear();
    }

private:
    using Line = std::vector<AppearanceEvent>;

    void show_presence(const EventFacts& facts, std::string_view extension, Moment now,
                       Outbox& outbox);
    void show_line(const EventFacts& facts, std::string_view extension, Moment now, Outbox& outbox);

    StringTable<PresenceState> presence_;
    StringTable<Line> lines_;
};

}  // namespace lampline
