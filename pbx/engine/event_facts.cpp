#include "engine/event_facts.hpp"

#include <algorithm>
#include <utility>

namespace lampline {

bool EventFacts::fold(const DialogSnapshot& dialog)
{
    auto known = dialogs_.find(dialog.extension);
    if (known == dialogs_.end()) {
        if (dialog.state == LegState::terminated) return false;
        known = dialogs_.try_emplace(dialog.extension).first;
    }
    auto& dialogs = known->second;
    const auto found = std::ranges::find(dialogs, dialog.leg, &LiveDialog::leg);
    if (dialog.state == LegState::terminated) {
        if (found == dialogs.end()) return false;
        dialogs.erase(found);
        if (dialogs.empty()) dialogs_.erase(known);
        return true;
    }
    if (found == dialogs.end()) {
        dialogs.push_back({dialog.leg, dialog.direction, dialog.state});
        return true;
    }
    return std::exchange(found->state, dialog.state) != dialog.state;
}

const std::vector<LiveDialog>& EventFacts::dialogs(std::string_view extension) const noexcept
{
    static const std::vector<LiveDialog> none;
    const auto found = dialogs_.find(extension);
    return found == dialogs_.end() ? none : found->second;
}

}  // namespace lampline
