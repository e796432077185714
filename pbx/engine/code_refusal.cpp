// What keeps somebody from a feature code or a number of the park lot, as far as settings say so.
#include <algorithm>

#include "core/forward_target.hpp"
#include "core/park_lot.hpp"
#include "engine/router.hpp"

namespace lampline {
namespace {

constexpr unsigned min_seconds = 5;
constexpr unsigned max_seconds = 600;

using Refused = std::optional<CodeRefusal>;

Refused number_missing()
{
    return CodeRefusal{484, "Number Missing", "The code wants a number behind it"};
}

Refused target_refused(const std::string& to, const std::string& actor, const Directory& directory)
{
    if (to.empty()) return number_missing();
    if (to == actor) return CodeRefusal{403, "Not To Yourself", to + " is the number itself"};
    if (!directory.is_destination(to))
        return CodeRefusal{404, "No Such Number To Forward To", to + " is nobody's number"};
    const bool ours = directory.find(to) || directory.find_ring_group(to);
    if (auto refusal = forward_refusal(directory.digit_plan(), actor, to, ours))
        return CodeRefusal{403, std::string{refusal->phrase}, std::move(refusal->reason)};
    return std::nullopt;
}

Refused forward_refused(const DialledFeature& dialled, const std::string& actor,
                        const Directory& directory)
{
    if (auto refusal = target_refused(*dialled.number, actor, directory)) return refusal;
    if (dialled.seconds && (*dialled.seconds < min_seconds || *dialled.seconds > max_seconds))
        return CodeRefusal{403, "5 To 600 Seconds",
                           "A phone may ring for 5 to 600 s until the call goes on"};
    return std::nullopt;
}

Refused exception_refused(const DialledFeature& dialled, const std::string& actor,
                          const Directory& directory)
{
    if (dialled.number->empty()) return number_missing();
    return dialled.to ? target_refused(*dialled.to, actor, directory) : std::nullopt;
}

Refused log_in_refused(const std::string& number, const std::string& actor,
                       const Directory& directory)
{
    if (number.empty()) return number_missing();
    const auto* group = directory.find_ring_group(number);
    if (!group) return CodeRefusal{404, "No Such Ring Group", number + " is no ring group"};
    if (!group->member(actor))
        return CodeRefusal{403, "Not A Member Of It", actor + " is no member of " + number};
    return std::nullopt;
}

Refused pickup_refused(const std::string& number, const std::string& actor,
                       const Directory& directory)
{
    if (directory.park_lot().slot_of(number) && is_park_name(number))
        return park_refusal(actor, directory);
    if (may_pick_up(actor, number, directory)) return std::nullopt;
    // Whether it rings at one of those whom `actor` may pick up is for the moment to say.
    const auto* group = directory.find_ring_group(number);
    const auto may_at = [&](const RingGroupMember& member) {
        return may_pick_up(actor, member.number, directory);
    };
    if (group && std::ranges::any_of(group->members, may_at)) return std::nullopt;
    return CodeRefusal{403, "Not Yours To Take",
                       actor + " may not pick up what rings at " + number};
}

}  // namespace

bool may_pick_up(std::string_view picker, std::string_view extension, const Directory& directory)
{
    if (picker.empty()) return false;
    return picker == extension || directory.may_pick_up(picker, extension);
}

std::optional<CodeRefusal> park_refusal(std::string_view actor, const Directory& directory)
{
    if (directory.may_park(actor)) return std::nullopt;
    return CodeRefusal{403, "Not Your Park Lot",
                       std::string{actor} + " may not use the park lot"};
}

std::optional<CodeRefusal> code_refusal(const Route& route, const Directory& directory)
{
    if (route.kind == RouteKind::park) return park_refusal(route.actor, directory);
    if (route.kind != RouteKind::feature || !route.feature->number) return std::nullopt;
    const auto& dialled = *route.feature;
    if (dialled.feature <= Feature::forward_unregistered)
        return forward_refused(dialled, route.actor, directory);
    if (is_about_exceptions(dialled.feature))
        return exception_refused(dialled, route.actor, directory);
    if (is_about_ring_groups(dialled.feature))
        return log_in_refused(*dialled.number, route.actor, directory);
    if (dialled.feature >= Feature::pickup_directed)
        return pickup_refused(*dialled.number, route.actor, directory);
    return std::nullopt;
}

}  // namespace lampline
