#pragma once
// A group as one subscription sees it: its members, and what was told of each (RFC 4662).
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/string_table.hpp"
#include "core/told_lamp.hpp"

namespace lampline {

enum class SubscriptionEnd : std::uint8_t;

/// How a list is told.
enum class ListForm : std::uint8_t {
    rlmi,    ///< RFC 4662: a document for each member, with the list beside them
    merged,  ///< the dialogs of all members in one document about the group
};
/// The word for it in storage; nullopt: not one of them.
std::string_view name(ListForm form) noexcept;
std::optional<ListForm> list_form(std::string_view word) noexcept;

/// One member of a subscribed list.
struct ListedMember : ToldLamp {
    std::string member;        ///< the watched extension
    bool owes_present = true;  ///< whatever it was told, it must be told the present state (again)
    bool due = false;          ///< in ResourceList::due
    std::optional<SubscriptionEnd> leaving;  ///< no longer listed: told once more, as dark

    [[nodiscard]] Step next_step() const noexcept;
};

/// The list of one subscription. `members` in the order of the group, those that leave last.
struct ResourceList {
    ListForm form = ListForm::rlmi;
    std::vector<std::unique_ptr<ListedMember>> members;
    StringTable<ListedMember*> by_number;
    std::vector<std::unique_ptr<ListedMember>> left;  ///< in this step; nobody has been shown that
    std::deque<ListedMember*> due;         ///< to be told something, oldest first
    std::vector<ListedMember*> under_way;  ///< in the last NOTIFY
    bool resumed = false;    ///< an earlier run may have told the phone of whoever comes
    bool anew = true;        ///< the next NOTIFY begins to tell the whole list
    bool begun = false;      ///< the phone has seen all that was told, and knows nobody else
    bool regrouped = false;  ///< others are its members than the phone was told last
    std::optional<SubscriptionEnd> ending;  ///< so, once all that is due is told
    bool queued = false;                    ///< is told something at the end of this step

    [[nodiscard]] ListedMember* find(std::string_view number) const;
    ListedMember& add(std::string number);  ///< at the end
    /// It is no member any more, but of `left`.
    void erase(ListedMember& member);
    void make_due(ListedMember& member);
    /// Everybody is owed the present state, who is lit before who is not.
    void begin_anew();
    /// Leaves in `due` only who has something to be told.
    void forget_settled();
};

}  // namespace lampline
