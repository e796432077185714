#include "core/resource_list.hpp"

#include <algorithm>
#include <utility>

namespace lampline {
namespace {

/// Whom to tell first: who is lit, then whom the phone may show so.
int urgency(const ListedMember* member) noexcept
{
    const auto& current = member->projection->current();
    if (!member->leaving && current && !current->dialogs.empty()) return 0;
    return member->told.perhaps_lit() ? 1 : 2;
}

}  // namespace

std::string_view name(ListForm form) noexcept
{
    return form == ListForm::rlmi ? "rlmi" : "merged";
}

std::optional<ListForm> list_form(std::string_view word) noexcept
{
    for (const auto form : {ListForm::rlmi, ListForm::merged})
        if (word == name(form)) return form;
    return std::nullopt;
}

Step ListedMember::next_step() const noexcept
{
    if (leaving) return owes_present ? Step::clear : Step::none;
    const Step step = projection->next_step(told);
    return step == Step::none && owes_present ? Step::present : step;
}

ListedMember* ResourceList::find(std::string_view number) const
{
    const auto found = by_number.find(number);
    return found == by_number.end() ? nullptr : found->second;
}

ListedMember& ResourceList::add(std::string number)
{
    auto& added = *members.emplace_back(std::make_unique<ListedMember>());
    added.member = std::move(number);
    by_number.insert_or_assign(added.member, &added);
    return added;
}

void ResourceList::erase(ListedMember& member)
{
    std::erase(due, &member);
    std::erase(under_way, &member);
    by_number.erase(member.member);
    const auto found = std::ranges::find(members, &member, &std::unique_ptr<ListedMember>::get);
    left.push_back(std::move(*found));
    members.erase(found);
}

void ResourceList::make_due(ListedMember& member)
{
    if (std::exchange(member.due, true)) return;
    due.push_back(&member);
}

void ResourceList::begin_anew()
{
    anew = true;
    regrouped = false;
    due.clear();
    for (const auto& member : members) {
        member->owes_present = true;
        member->due = true;
        due.push_back(member.get());
    }
    std::ranges::stable_sort(due, {}, urgency);
}

void ResourceList::forget_settled()
{
    std::erase_if(due, [](ListedMember* member) {
        if (!member->leaving) member->catch_up();
        member->due = member->next_step() != Step::none;
        return !member->due;
    });
}

}  // namespace lampline
