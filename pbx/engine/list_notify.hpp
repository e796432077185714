#pragma once
// What one NOTIFY tells of a list of lamps: as many of the members that are owed something as fit.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/directory.hpp"
#include "core/subscription.hpp"

namespace lampline {

/// A member of the list, and what the NOTIFY shows of it.
struct ListedStep {
    ListedMember* member;
    Step step;
    DialogInfoText text;  ///< null in a merged document
    Detail detail = Detail::full;
};

struct ListNotify {
    std::vector<ListedStep> told;
    bool whole = true;       ///< all that is owed is in it, and nothing was left out of it
    bool oversized = false;  ///< even the least of it is too large
    std::size_t named = 0;   ///< MemberList::named, when it is sent
    std::string content_type;
    std::shared_ptr<const std::string> head, tail;  ///< of the body; without tail it is whole
};

/// Composes the next NOTIFY of a list, or, with `end`, the last one, with the list's `version`, as
/// ListPageWriter says; in a merged list it is one document.
ListNotify compose_list_notify(const Subscription& subscription, const Directory& directory,
                               std::optional<SubscriptionEnd> end, std::size_t room,
                               std::uint32_t version);

/// Whether the phone may show that `member` is busy. What it was told of it may be void by now, as
/// after a change of rights.
[[nodiscard]] bool perhaps_lit(const ListedMember& member) noexcept;

/// Whether one NOTIFY can name all members, whichever of them it tells the state of.
[[nodiscard]] bool can_be_told_in_full(const Subscription& subscription,
                                       const Directory& directory);

}  // namespace lampline
