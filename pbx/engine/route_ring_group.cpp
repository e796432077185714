// Which members of a ring group ring, and where its calls go when none can.
#include <algorithm>

#include "engine/route_decision.hpp"

namespace lampline {

using namespace std::chrono_literals;

const std::string* RouteDecision::sends_on(const RingGroup& group)
{
    std::vector<const RingGroupMember*> ready;
    std::vector<const RingGroupMember*> silent;
    bool any_busy = false;
    for (const auto* member : view_.order.of(group, view_.occupancy)) {
        const auto why = passes_over(group, member->number, question_, view_, emergency_);
        any_busy = any_busy || why == has_a_call;
        if (why == out_of_reach) silent.push_back(member);
        if (why.empty())
            ready.push_back(member);
        else
            note(RouteStepKind::passed_over, member->number, std::string{why});
    }
    // With nowhere else to go, phones that did not answer are worth a try.
    if (ready.empty() && group.overflow.empty()) ready = std::move(silent);
    if (!ready.empty()) {
        ring(group, ready);
        return nullptr;
    }
    note(RouteStepKind::nobody_to_ring, group.number);
    if (group.overflow.empty()) {
        if (any_busy)
            reject(486, "Busy Here");
        else
            reject(480, "Nobody There");
        return nullptr;
    }
    const auto reason = any_busy ? DiversionReason::user_busy : DiversionReason::unavailable;
    note(RouteStepKind::forwarded, group.number, group.overflow, reason);
    route_.diversions.push_back({group.number, {}, reason, 1});
    return &group.overflow;
}

void RouteDecision::ring(const RingGroup& group, const std::vector<const RingGroupMember*>& ready)
{
    route_.kind = RouteKind::hunt;
    route_.hunt = {group.number,  {}, group.overflow, group.overflow, group.overflow,
                   group.overflow};
    route_.hunt.emergency = emergency_;
    auto& waves = route_.hunt.waves;
    std::chrono::seconds begins{};
    if (group.strategy == RingStrategy::all) waves.push_back({{}, group.ring_time});
    // With nobody to ring before, its delay would be silence.
    const auto* first = *std::ranges::min_element(ready, {}, &RingGroupMember::delay);
    for (const auto* member : ready) {
        if (group.strategy != RingStrategy::all) {
            waves.push_back({{{member->number}}, group.ring_time});
            note(RouteStepKind::rings_member, member->number, std::to_string(begins.count()));
            begins += group.ring_time;
            continue;
        }
        const auto delay = member == first ? 0s : member->delay;
        waves.back().members.push_back({member->number, delay});
        if (delay < group.ring_time)
            note(RouteStepKind::rings_member, member->number, std::to_string(delay.count()));
        else
            note(RouteStepKind::passed_over, member->number,
                 "would ring after " + std::to_string(delay.count()) +
                     " s, so it does only when all others have refused");
    }
    note(RouteStepKind::rings_for, group.number, std::to_string(group.ring_time.count()));
    join(group.number, group.number, CallMode::bridge, [this](CallMode mode) -> std::string {
        if (mode == CallMode::redirect) return "only the exchange knows whose turn it is";
        return mode == CallMode::proxy && may_go_outside() ? std::string{forwards_outside} : "";
    });
    if (!group.overflow.empty()) note(RouteStepKind::then_overflows, group.number, group.overflow);
}

std::string_view passes_over(const RingGroup& group, std::string_view member,
                             const RouteQuestion& question, const RouterView& view,
                             bool emergency)
{
    const auto* extension = view.directory.find(member);
    if (!extension) return "is no extension";
    const auto& wishes = extension->forwarding;
    const auto calls = view.occupancy.calls(member, question.under_way);
    if (member == question.party.value_or(question.from)) return "calls itself";
    if (const auto* row = group.member(member); row && !row->logged_in) return "is logged out";
    if (!emergency) {
        const auto* exception = wishes.exception_for(caller_of(question));
        if (exception && exception->treatment == CallerTreatment::refuse)
            return "does not want calls of this caller";
        if (exception && exception->treatment == CallerTreatment::forward)
            return "forwards calls of this caller";
        if (!exception && !wishes.always.empty()) return "forwards always";
        if (!exception && wishes.do_not_disturb) return "does not want to be disturbed";
    }
    if (view.locations.bindings(member).empty()) return "has no registered phone";
    if (!view.locations.is_reachable(member)) return out_of_reach;
    const bool busy = (group.skip_busy && calls > 0) || !wishes.takes_another(calls);
    return busy && !emergency ? has_a_call : std::string_view{};
}

}  // namespace lampline
