#pragma once
// A group as one subscription to an event package sees it (RFC 4662).
#include "core/resource_list.hpp"
#include "engine/event_packages.hpp"

namespace lampline {

/// One member of the list, and what the phone was told of it.
struct EventMember : ListMember {
    EventPartRef current;  ///< what is true; never null
    EventPartRef dark;     ///< what is told to who may not see it; never null
    EventPartRef told;     ///< what was sent last; null: nothing
    bool unknown = false;  ///< the phone may show anything else: an earlier run has told it, or
                           ///< that it left
    bool lit = false;  ///< it was told something else than `dark`, and may show that

    [[nodiscard]] bool is_owed() const
    {
        if (owes_present || leaving) return owes_present;
        return !told || !says_the_same(*told, *current);
    }
    /// Who is there, then whom the phone may show so.
    [[nodiscard]] int urgency() const
    {
        if (!leaving && !says_the_same(*current, *dark)) return 0;
        return lit || unknown ? 1 : 2;
    }
};

/// Whether the phone may show anything but that it is dark.
inline bool perhaps_lit(const EventMember& member) noexcept
{
    return member.lit || member.unknown;
}

using EventList = MemberList<EventMember>;

}  // namespace lampline
