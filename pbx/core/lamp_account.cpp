#include "core/lamp_account.hpp"

#include "core/live_event.hpp"

namespace lampline {

std::string_view name(ProfileOrigin origin) noexcept
{
    switch (origin) {
    case ProfileOrigin::device: return "device";
    case ProfileOrigin::group: return "group";
    case ProfileOrigin::user_agent: return "user_agent";
    case ProfileOrigin::by_default: return "default";
    }
    return "default";
}

std::string_view name(LampStep step) noexcept
{
    switch (step) {
    case LampStep::notified: return "notified";
    case LampStep::answered: return "answered";
    case LampStep::unanswered: return "unanswered";
    case LampStep::ended: return "ended";
    case LampStep::changed: return "changed";
    }
    return "ended";
}

}  // namespace lampline
