#include "core/resource_list.hpp"

namespace lampline {

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

bool ListedMember::is_owed() noexcept
{
    if (!leaving) catch_up();
    return next_step() != Step::none;
}

int ListedMember::urgency() const noexcept
{
    const auto& current = projection->current();
    if (!leaving && current && !current->dialogs.empty()) return 0;
    return told.perhaps_lit() ? 1 : 2;
}

}  // namespace lampline
