#pragma once
// A group as one subscription sees it: its members, and what was told of each (RFC 4662).
#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/string_table.hpp"
#include "core/contained_list.hpp"
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

/// What a member of a subscribed list has, whatever the event package.
struct ListMember {
    std::string member;        ///< the watched extension
    std::string uri{};         ///< as a SUBSCRIBE that contains the list calls it; empty: as we do
    bool owes_present = true;  ///< whatever it was told, it must be told the present state (again)
    bool due = false;          ///< in MemberList::due
    bool news = false;         ///< there before those to whom nothing has happened
    std::optional<SubscriptionEnd> leaving;  ///< no longer listed: told once more, as dark
    bool told_gone = false;                  ///< so the last NOTIFY about it said, seen or not
};

/// The list of one subscription: `members` in the order of the group, those that leave last.
/// A Member is a ListMember with `is_owed()`, whether there is something to tell of it, for which
/// what has changed back is no news; and `urgency()`, by which the lowest is told first.
template <class Member>
struct MemberList {
    std::vector<std::unique_ptr<Member>> members;
    StringTable<Member*> by_number;
    std::vector<std::unique_ptr<Member>> left;  ///< in this step; nobody has been shown that
    std::deque<Member*> due;  ///< to be told something: `news`, oldest first, then the others
    std::vector<Member*> under_way;  ///< in the last NOTIFY
    bool resumed = false;            ///< an earlier run may have told the phone of whoever comes
    bool anew = true;                ///< the next NOTIFY begins to tell the whole list
    bool begun = false;      ///< the phone has seen all that was told, and knows nobody else
    bool regrouped = false;  ///< others are its members, or names, than the phone was told last
    std::optional<SubscriptionEnd> ending;  ///< so, once all that is due is told
    /// That a SUBSCRIBE contains (RFC 5367); empty: the list is a group's. Those that the watcher
    /// may see are members, and the phone is told of the others that it may not.
    std::vector<ContainedEntry> entries;
    std::size_t named = 0;  ///< of `entries`: it was told so of those before

    [[nodiscard]] Member* find(std::string_view number) const
    {
        const auto found = by_number.find(number);
        return found == by_number.end() ? nullptr : found->second;
    }
    /// Whether the phone is to be told that it may not see one of `entries`.
    [[nodiscard]] bool owes_refusal() const
    {
        for (std::size_t at = named; at < entries.size(); ++at)
            if (!find(entries[at].member)) return true;
        return false;
    }
    /// Whether `name` may be a member. O(entries).
    [[nodiscard]] bool lists(std::string_view name) const
    {
        return entries.empty() ||
               std::ranges::find(entries, name, &ContainedEntry::member) != entries.end();
    }
    /// By how many it counts among what its phone has asked for.
    [[nodiscard]] std::size_t counted() const noexcept
    {
        return std::max(members.size(), entries.size());
    }
    /// Members have the names that the phone has for them.
    void name_as_asked()
    {
        for (const auto& entry : entries)
            if (auto* const member = find(entry.member)) member->uri = entry.uri;
    }
    Member& add(std::string number)  ///< at the end
    {
        auto& added = *members.emplace_back(std::make_unique<Member>());
        added.member = std::move(number);
        by_number.insert_or_assign(added.member, &added);
        return added;
    }
    /// It is no member any more, but of `left`.
    void erase(Member& member)
    {
        std::erase(due, &member);
        std::erase(under_way, &member);
        by_number.erase(member.member);
        const auto found = std::ranges::find(members, &member, &std::unique_ptr<Member>::get);
        left.push_back(std::move(*found));
        members.erase(found);
    }
    /// The last NOTIFY, whose answer is to come, says that it leaves.
    [[nodiscard]] bool is_being_told_gone(const Member& member) const
    {
        return member.told_gone && std::ranges::find(under_way, &member) != under_way.end();
    }
    void make_due(Member& member)
    {
        if (std::exchange(member.due, true)) return;
        due.push_back(&member);
    }
    /// The same, for whom something has happened to: a long list may take many NOTIFYs to tell who
    /// is as idle as ever.
    void make_news(Member& member)
    {
        if (std::exchange(member.news, true)) return;
        if (std::exchange(member.due, true)) std::erase(due, &member);
        due.insert(std::ranges::find(due, false, &Member::news), &member);
    }
    /// Everybody is owed the present state, in order of urgency, news first.
    void begin_anew()
    {
        anew = true;
        regrouped = false;
        named = 0;
        due.clear();
        for (const auto& member : members) {
            member->owes_present = true;
            member->due = true;
            due.push_back(member.get());
        }
        std::ranges::stable_sort(due, {}, [](const Member* member) {
            return std::pair{!member->news, member->urgency()};
        });
    }
    /// Leaves in `due` only who has something to be told.
    void forget_settled()
    {
        std::erase_if(due, [](Member* member) {
            member->due = member->is_owed();
            member->news = member->news && member->due;
            return !member->due;
        });
    }
    /// Brings the members in line with `listed`, pointers to what has a `member`: calls
    /// `came(Member&, *one)` for each that is added, `stays(Member&, *one)` for each that was
    /// there, be it as one that leaves, and `leaves(Member&)` for each that is not listed any more.
    /// That one may erase it.
    template <class Listed>
    void regroup(const Listed& listed, const auto& came, const auto& stays, const auto& leaves)
    {
        auto before = std::exchange(members, {});
        std::vector<std::string_view> names_before;
        for (const auto& member : before)
            if (!member->leaving) names_before.emplace_back(member->member);
        const auto same = [](const std::string_view name, const auto* one) {
            return name == one->member;
        };
        if (!std::ranges::equal(names_before, listed, same)) {
            regrouped = true;
            named = 0;
        }
        for (const auto* one : listed) {
            const auto known = std::ranges::find_if(before, [&](const auto& member) {
                return member && member->member == one->member;
            });
            if (known == before.end()) {
                came(add(std::string{one->member}), *one);
                continue;
            }
            Member& member = **known;
            members.push_back(std::move(*known));
            stays(member, *one);
        }
        for (auto& member : before) {
            if (!member) continue;
            Member& gone = *member;
            members.push_back(std::move(member));
            if (!gone.leaving) leaves(gone);
        }
    }
};

/// One member of a list of lamps.
struct ListedMember : ToldLamp, ListMember {
    [[nodiscard]] Step next_step() const noexcept;
    [[nodiscard]] bool is_owed() noexcept;
    /// Who is lit, then whom the phone may show so.
    [[nodiscard]] int urgency() const noexcept;
};

/// A list of lamps.
struct ResourceList : MemberList<ListedMember> {
    ListForm form = ListForm::rlmi;
};

}  // namespace lampline
