// Whose phones ring for an extension, or where it wants its calls.
#include "engine/route_decision.hpp"

namespace lampline {

const std::string* RouteDecision::sends_on(const Extension& extension)
{
    const auto& wishes = extension.forwarding;
    const auto* exception = wishes.exception_for(caller_of(question_));
    // Who calls for help is refused by nobody's wishes.
    if (emergency_ && exception && exception->treatment == CallerTreatment::refuse)
        exception = nullptr;
    if (exception && exception->treatment != CallerTreatment::ring)
        return excepted(extension.number, *exception);
    if (exception)
        note(RouteStepKind::exception, extension.number, whom(*exception) + ": it rings");
    const auto to = [&](const std::string& number, DiversionReason reason) {
        note(RouteStepKind::forwarded, extension.number, number, reason);
        route_.diversions.push_back({extension.number, {}, reason, 1});
        return &number;
    };
    if (!exception && !wishes.always.empty())
        return to(wishes.always, DiversionReason::unconditional);
    if (!exception && wishes.do_not_disturb && !emergency_) {
        note(RouteStepKind::do_not_disturb, extension.number);
        if (!wishes.busy.empty()) return to(wishes.busy, DiversionReason::do_not_disturb);
        reject(480, "Do Not Disturb");
        return nullptr;
    }
    if (!emergency_ &&
        !wishes.takes_another(view_.occupancy.calls(extension.number, question_.under_way))) {
        note(RouteStepKind::busy, extension.number);
        if (!wishes.busy.empty()) return to(wishes.busy, DiversionReason::user_busy);
        reject(486, "Busy Here");
        return nullptr;
    }
    if (view_.locations.bindings(extension.number).empty()) {
        note(RouteStepKind::not_registered, extension.number);
        if (!wishes.unregistered.empty())
            return to(wishes.unregistered, DiversionReason::unavailable);
        reject(480, "No Phone Registered");
        return nullptr;
    }
    if (!view_.locations.is_reachable(extension.number)) {
        note(RouteStepKind::no_phone_answers, extension.number);
        if (!wishes.unregistered.empty())
            return to(wishes.unregistered, DiversionReason::unavailable);
    }
    ring(extension);
    return nullptr;
}

std::string RouteDecision::whom(const CallerException& exception)
{
    switch (exception.match) {
    case CallerMatch::number: return exception.caller;
    case CallerMatch::prefix: return "numbers that begin with " + exception.caller;
    case CallerMatch::anonymous: break;
    }
    return "callers without a number";
}

const std::string* RouteDecision::excepted(const std::string& number,
                                           const CallerException& exception)
{
    if (exception.treatment == CallerTreatment::forward) {
        note(RouteStepKind::exception, number,
             whom(exception) + ": the call goes on to " + exception.to);
        route_.diversions.push_back({number, {}, DiversionReason::unconditional, 1});
        return &exception.to;
    }
    note(RouteStepKind::exception, number, whom(exception) + ": the call is refused");
    if (exception.match == CallerMatch::anonymous)
        reject(433, "Anonymity Disallowed");
    else
        reject(603, "Decline");
    return nullptr;
}

void RouteDecision::ring(const Extension& extension)
{
    const auto bindings = view_.locations.targets(extension.number, question_.own);
    const auto* contact = question_.contact;
    if (contact && contact->aor != extension.number) contact = nullptr;  // it was forwarded
    const bool calls_itself = contact && question_.own && view_.locations.is_at(*contact, *question_.own);
    if (bindings.empty() || calls_itself) {
        note(RouteStepKind::only_own_phone, extension.number);
        return reject(480, "No Other Phone Registered");
    }
    const auto& wishes = extension.forwarding;
    route_.kind = RouteKind::hunt;
    route_.hunt = {extension.number, {}, wishes.busy, wishes.no_answer, wishes.unregistered};
    auto& waves = route_.hunt.waves;
    std::chrono::seconds ring_for{};
    if (!wishes.no_answer.empty()) ring_for = wishes.no_answer_after;
    join(extension.number, extension.number, extension.mode, [&](CallMode mode) -> std::string {
        const bool again = contact && mode == CallMode::redirect;
        if (again) return "the caller has been redirected to this phone";
        return mode == CallMode::proxy && may_go_outside() ? std::string{forwards_outside} : "";
    });
    if (contact) {
        waves.push_back({{{extension.number, {}, {}, write(contact->contact)}}, ring_for});
    } else if (wishes.forking == Forking::parallel) {
        waves.push_back({{{extension.number}}, ring_for});
    } else {
        for (const auto* binding : bindings) {  // the highest q first
            const bool same = !waves.empty() &&
                              waves.back().members.front().q_thousandths == binding->q_thousandths;
            if (!same)
                waves.push_back(
                    {{{extension.number, {}, binding->q_thousandths}}, wishes.no_answer_after});
        }
        waves.back().ring_for = ring_for;
    }
    describe(wishes);
}

void RouteDecision::describe(const Forwarding& wishes)
{
    const auto& number = route_.hunt.number;
    const bool parallel = wishes.forking == Forking::parallel;
    const bool redirected = route_.mode == CallMode::redirect;
    const auto then = redirected ? RouteStepKind::left_to_caller : RouteStepKind::then_forwarded;
    if (!redirected)
        note(RouteStepKind::rings, number, parallel ? "all at once" : "one after the other");
    if (!wishes.busy.empty()) note(then, number, wishes.busy, DiversionReason::user_busy);
    if (!wishes.unregistered.empty())
        note(then, number, wishes.unregistered, DiversionReason::unavailable);
    if (wishes.no_answer.empty()) return;
    if (!redirected)
        note(RouteStepKind::rings_for, number, std::to_string(wishes.no_answer_after.count()));
    note(then, number, wishes.no_answer, DiversionReason::no_answer);
}

}  // namespace lampline
