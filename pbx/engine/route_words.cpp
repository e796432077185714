// Decisions in words.
#include "core/extension_uri.hpp"
#include "engine/router.hpp"

namespace lampline {
namespace {

std::string_view occasion(DiversionReason reason) noexcept
{
    switch (reason) {
    case DiversionReason::unconditional: return "always";
    case DiversionReason::user_busy: return "when it is busy";
    case DiversionReason::no_answer: return "when nobody answers";
    case DiversionReason::unavailable: return "when none of its phones can be reached";
    case DiversionReason::do_not_disturb: return "while it does not want to be disturbed";
    case DiversionReason::deflection: return "from one of its phones";
    case DiversionReason::unknown: break;
    }
    return "for a reason of its own";
}

/// `transport:host:port`
std::string address_text(const Flow& flow)
{
    return std::string{name(flow.transport)} + ':' + flow.host + ':' + std::to_string(flow.port);
}

std::string feature_words(const RouteStep& step)
{
    auto text = "This is the code of " + step.other;
    return step.number.empty() ? text : text + " with " + step.number;
}

}  // namespace

std::string words(std::span<const Diversion> chain, std::string_view number,
                  std::string_view domain)
{
    std::string text;
    for (const auto& each : chain) {
        text += each.number;
        if (!is_ours(each, domain)) text += '@' + each.host;
        text += " > ";
    }
    return text.append(number);
}

std::string words(const RouteStep& step)
{
    const auto& number = step.number;
    const auto& other = step.other;
    switch (step.kind) {
    case RouteStepKind::dialled: return other + " dials " + number;
    case RouteStepKind::end_of_dialling:
        return number + " is nobody's number, and read as " + other + ": # ends dialling";
    case RouteStepKind::feature_code: return feature_words(step);
    case RouteStepKind::calling_card: return number + " is the calling-card application";
    case RouteStepKind::not_its_user: return number + " may not use it";
    case RouteStepKind::rule: return "The digit plan has a rule for " + number + ": " + other;
    case RouteStepKind::own_number:
        return "The rule " + other + " would take " + number +
               " too, but that is a number of this office, which counts before wider rules";
    case RouteStepKind::emergency: return "This is an emergency number, which everybody may dial";
    case RouteStepKind::right_enough: return number + " may make " + other + " calls";
    case RouteStepKind::right_missing: return number + " may not make " + other + " calls";
    case RouteStepKind::rewritten: return number + " becomes " + other;
    case RouteStepKind::barred: return "The rule refuses it: " + other;
    case RouteStepKind::extension:
        return number + " is an extension" + (other.empty() ? "" : ": " + other);
    case RouteStepKind::forwarded:
        return number + " forwards to " + other + ' ' + std::string{occasion(step.reason)};
    case RouteStepKind::exception: return number + " makes an exception for " + other;
    case RouteStepKind::do_not_disturb: return number + " does not want to be disturbed";
    case RouteStepKind::busy: return number + " has as many calls as it may have";
    case RouteStepKind::not_registered: return number + " has no registered phone";
    case RouteStepKind::no_phone_answers: return "no phone of " + number + " answers when asked";
    case RouteStepKind::only_own_phone: return "The calling phone is the only one of " + number;
    case RouteStepKind::unknown_number: return number + " is nobody's number";
    case RouteStepKind::loop: return "This is a loop: " + other;
    case RouteStepKind::too_many_forwards: return "These are too many forwards: " + other;
    case RouteStepKind::ring_group:
        return number + " is a ring group" + (other.empty() ? "" : ": " + other);
    case RouteStepKind::passed_over: return number + " is passed over: it " + other;
    case RouteStepKind::park_slot:
        return other.empty() ? number + " is the park lot" : number + " is a slot of the park lot";
    case RouteStepKind::nobody_to_ring: return "Nobody of " + number + " can ring";
    case RouteStepKind::rings_member:
        return "The phones of " + number + " ring" +
               (other == "0" ? std::string{} : " after " + other + " s");
    case RouteStepKind::then_overflows:
        return "When nobody has taken it, the call goes on to " + other;
    case RouteStepKind::left_to_caller:
        return "The caller calls them itself, so the call does not go on to " + other + ' ' +
               std::string{occasion(step.reason)};
    case RouteStepKind::mode_asked: return number + " asks for " + other + " mode";
    case RouteStepKind::bridged: return "It is bridged all the same, since " + other;
    case RouteStepKind::joined:
        return other == name(CallMode::proxy) ? "Caller and phone share one dialog (proxy)"
               : other == name(CallMode::bridge)
                   ? "Caller and phone have a dialog each (bridge)"
                   : "The caller is told where to call instead (redirect)";
    case RouteStepKind::rings: return "The phones of " + number + " ring " + other;
    case RouteStepKind::rings_for: return "They ring for " + other + " s";
    case RouteStepKind::from_trunk: return "Somebody outside dials " + number + " over " + other;
    case RouteStepKind::inbound: return number + " stands for " + other;
    case RouteStepKind::on_behalf_of:
        return "It is dialled on behalf of " + number + ", whose rights and limits count";
    case RouteStepKind::nobody_inbound:
        return "Nobody is meant by " + number + " on trunk " + other;
    case RouteStepKind::not_from_outside: return "Calls from outside have no right to " + number;
    case RouteStepKind::forward_missing: return number + " may not forward calls to outside";
    case RouteStepKind::limit: return number + " has its " + other + " to outside already";
    case RouteStepKind::limit_free: return number + " is within its limits: " + other;
    case RouteStepKind::trunk: return number + " is called over trunk " + other;
    case RouteStepKind::trunk_missing:
        return "Trunk " + other + " is passed over: it is not there, or out of use";
    case RouteStepKind::trunk_unreachable:
        return "Trunk " + other + " is passed over: it is not registered, or cannot be reached";
    case RouteStepKind::trunk_in_spite:
        return "This is an emergency, so trunk " + other +
               " is tried all the same, after all others";
    case RouteStepKind::trunk_full:
        return "Trunk " + other + " is passed over: it has as many calls as it may have";
    case RouteStepKind::no_trunk: return "No trunk is left for " + number;
    case RouteStepKind::then_forwarded:
        return std::string{"The call goes on to "} + other + ' ' +
               std::string{occasion(step.reason)};
    }
    return {};
}

namespace {

/// The way by a trunk. Ways are tried when those before have failed, so no time can be told.
void explain(const HuntMember& member, const RouterView& view, RouteExplanation& explanation)
{
    const auto* rules = view.directory.find_trunk(member.trunk);
    if (!rules) return;
    explanation.targets.push_back(
        {.trunk = member.trunk,
         .contact = write(extension_uri(member.number, rules->trunk().domain)),
         .address = address_text(member.server)});
}

}  // namespace

RouteExplanation explain(const Route& route, const RouteQuestion& question, const RouterView& view)
{
    RouteExplanation explanation;
    explanation.status = route.status;
    explanation.phrase = route.phrase;
    for (const auto& step : route.steps) explanation.steps.push_back(words(step));
    switch (route.kind) {
    case RouteKind::hunt:
        explanation.outcome = route.mode == CallMode::redirect ? "redirect" : "ring";
        break;
    case RouteKind::feature: explanation.outcome = "feature"; break;
    case RouteKind::calling_card: explanation.outcome = "calling_card"; break;
    case RouteKind::park: explanation.outcome = "park"; break;
    case RouteKind::reject: explanation.outcome = "reject"; return explanation;
    }
    if (auto refusal = code_refusal(route, view.directory)) {
        explanation.outcome = "reject";
        explanation.status = refusal->status;
        explanation.phrase = std::move(refusal->phrase);
        explanation.steps.push_back(std::move(refusal->reason));
        return explanation;
    }
    std::chrono::seconds begins{};
    for (const auto& wave : route.hunt.waves) {
        for (const auto& member : wave.members) {
            if (!member.trunk.empty()) explain(member, view, explanation);
            if (wave.ring_for.count() > 0 && member.delay >= wave.ring_for) continue;
            for (const auto* binding : view.locations.targets(member.extension, question.own)) {
                if (member.q_thousandths && *member.q_thousandths != binding->q_thousandths)
                    continue;
                explanation.targets.push_back({member.extension,
                                               {},
                                               write(binding->contact),
                                               address_text(binding->flow),
                                               begins + member.delay});
            }
        }
        begins += wave.ring_for;
    }
    return explanation;
}

}  // namespace lampline
