// Display names that change are shown in calls under way.
#include <algorithm>

#include "core/extension_uri.hpp"
#include "engine/call_engine.hpp"

namespace lampline {

void CallEngine::rename(const Directory& before, Outbox& outbox)
{
    for (const auto* extension : directory_->extensions()) {
        const auto* known = before.find(extension->number);
        if (!known || known->display_name == extension->display_name) continue;
        for (const auto ref : occupancy_.calls_of(extension->number))
            rename(*calls_.at(ref), *known, extension->display_name, outbox);
    }
}

void CallEngine::rename(Call& call, const Extension& known, const std::string& display_name,
                        Outbox& outbox)
{
    const auto uri = extension_uri(known.number, directory_->domain());
    std::vector<std::string> names{known.display_name};
    for (const auto& leg : call.legs)  // its phone's own, where the directory had none
        if (leg.extension == known.number) names.push_back(leg.phone.display_name);
    const auto takes_name = [&](NameAddr& party) {
        const bool is_it =
            party.uri == uri && std::ranges::find(names, party.display_name) != names.end();
        if (is_it) party.display_name = display_name;
        return is_it;
    };
    if (call.hunting) takes_name(call.hunting->invitation.from);  // for who rings later
    for (auto& leg : call.legs) {
        const bool itself = takes_name(leg.phone);
        const bool other = takes_name(leg.other);
        const bool awaited = leg.awaits && takes_name(*leg.awaits);
        const bool unseen = leg.slot && leg.state == LegState::trying;  // not parked in yet
        if ((itself || other || awaited) && !unseen && leg.state != LegState::terminated)
            announce(leg, outbox);
    }
    call.unsaved = call.unsaved || call.kept;
    keep(call, outbox);
}

}  // namespace lampline
