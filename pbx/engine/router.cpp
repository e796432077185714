// What is dialled, and where forwards send it.
#include <algorithm>

#include "core/extension_uri.hpp"
#include "core/own_number.hpp"
#include "engine/route_decision.hpp"

namespace lampline {
namespace {

/// Diversions of one call, those before us included: offices need two or three.
constexpr std::size_t max_diversions = 5;

constexpr std::size_t max_dialled = 64;

}  // namespace

bool RouteDecision::is_dialable(std::string_view text) noexcept
{
    constexpr std::string_view foreign = "\"\\<>@;?:/,&=%";
    return text.size() <= max_dialled && std::ranges::all_of(text, [&](char c) {
               return c > ' ' && c < 0x7f && foreign.find(c) == std::string_view::npos;
           });
}

void RouteDecision::note(RouteStepKind kind, std::string_view number, std::string other,
                         DiversionReason reason)
{
    route_.steps.push_back({kind, std::string{number}, std::move(other), reason});
}

void RouteDecision::start()
{
    if (!question_.trunk.empty()) return start_from_outside();
    note(RouteStepKind::dialled, question_.dialled, std::string{question_.from});
    auto asks = question_.for_outside ? Asks::forwards : Asks::dials;
    if (question_.contact) return go_to_phone(actor_, asks);
    // Who connects two outside forwards, unless it is for help.
    if (question_.party_outside && !view_.directory.digit_plan().is_emergency(question_.dialled))
        asks = Asks::forwards;
    // A rule for all numbers would take none at all, too.
    if (question_.dialled.empty() || !is_dialable(question_.dialled))
        return reject_unknown(question_.dialled);
    if (feature_key(question_.dialled) && !view_.directory.find(question_.dialled)) return press();
    dial(std::string{question_.dialled}, asks);
}

void RouteDecision::go_to_phone(std::string_view by, Asks asks)
{
    // Who may not dial its number does not reach the phone either; but it is this one that is
    // meant, whatever the plan makes of the number.
    auto number = question_.contact->aor;
    if (!applies_plan(number, by, asks)) return;
    outside_ = nullptr;
    go_to(question_.contact->aor);
}

void RouteDecision::dial(std::string number, Asks asks)
{
    // A code may begin as an emergency number does.
    const bool emergency = view_.directory.digit_plan().is_emergency(number);
    const bool names_end = end_dialling(number, emergency);
    if (!emergency && !names_end) route_.feature = code_in(number);
    if (!route_.feature) {
        if (!applies_plan(number, actor_, asks)) return;
        if (outside_) return go_outside(std::move(number), actor_);
        if (!emergency) route_.feature = code_in(number);
    }
    if (!route_.feature && !number.empty() && number == view_.directory.calling_card().number)
        return use_calling_card(number);
    if (!route_.feature) {
        if (is_of_park_lot(number)) return;
        return go_to(std::move(number));
    }
    note_feature();
}

bool RouteDecision::is_somebodys(const std::string& number) const
{
    const auto& directory = view_.directory;
    const auto& lot = directory.park_lot();
    return !number.empty() && (directory.find(number) || directory.find_ring_group(number) ||
                               number == directory.calling_card().number || number == lot.number ||
                               lot.slot_of(number));
}

std::optional<DialledFeature> RouteDecision::code_in(const std::string& number) const
{
    auto code = view_.directory.feature_codes().find(number);
    if (code && code->number && is_somebodys(number)) code.reset();
    return code;
}

bool RouteDecision::end_dialling(std::string& number, bool emergency)
{
    if (number.size() < 2 || !number.ends_with('#')) return false;
    const auto& plan = view_.directory.digit_plan();
    auto bare = number.substr(0, number.size() - 1);
    const auto match = plan.find(plain_number(number));
    const auto without = plan.find(plain_number(bare));
    if (emergency) {
        if (match && match->rule->emergency) return true;
    } else {
        if (is_somebodys(number)) return false;
        const auto code = code_in(number);
        if (code && (!code->number || is_somebodys(code->to.value_or(*code->number)))) return false;
        const auto plain = plain_number(bare);
        const bool is_own = is_somebodys(bare) || is_somebodys(plain) || code_in(bare);
        const bool taken = match && !(is_own && yields_to_owner(*match, plain));
        // A rule that takes the number without it too leaves it to the codes, which come first.
        const bool names_end = taken && (!without || without->rule != match->rule);
        if (names_end || (taken && !code_in(bare))) return names_end;
    }
    note(RouteStepKind::end_of_dialling, number, bare);
    number = std::move(bare);
    return false;
}

void RouteDecision::press()
{
    const auto key = view_.directory.key(question_.from, question_.dialled);
    if (!key) return reject_unknown(question_.dialled);
    if (key->owner != question_.from) return reject(403, "Not Your Key");
    const bool on = view_.directory.is_on(*key);
    switch (key->feature) {
    case KeyFeature::do_not_disturb:
        route_.feature = DialledFeature{on ? Feature::disturb : Feature::do_not_disturb};
        break;
    case KeyFeature::forward_always:
        if (!on) return reject(484, "Dial The Code With A Number To Forward");
        route_.feature = DialledFeature{Feature::forward_always};
        break;
    case KeyFeature::logged_in:
        route_.feature =
            DialledFeature{on ? Feature::log_out : Feature::log_in, std::string{key->group}};
        break;
    }
    note_feature();
}

void RouteDecision::note_feature()
{
    route_.kind = RouteKind::feature;
    note(RouteStepKind::feature_code, route_.feature->number.value_or(""),
         std::string{name(route_.feature->feature)});
}

void RouteDecision::use_calling_card(const std::string& number)
{
    note(RouteStepKind::calling_card, number);
    if (view_.directory.calling_card().may_use(actor_)) {
        route_.kind = RouteKind::calling_card;
        return;
    }
    note(RouteStepKind::not_its_user, actor_);
    reject(403, "Not Allowed");
}

void RouteDecision::divert(std::string_view by, DiversionReason reason, std::string_view to)
{
    note(RouteStepKind::forwarded, by, std::string{to}, reason);
    route_.diversions.push_back({std::string{by}, {}, reason, 1});
    std::string number{to};
    // Who was deleted while its phones rang has no rights any more, not even those of everybody.
    const auto& directory = view_.directory;
    if (!directory.find(by) && !directory.find_ring_group(by)) by = {};
    if (question_.contact) return go_to_phone(by, Asks::forwards);
    if (!applies_plan(number, by, Asks::forwards)) return;
    if (outside_)
        go_outside(std::move(number), by);
    else
        go_to(std::move(number));
}

void RouteDecision::start_from_outside()
{
    note(RouteStepKind::from_trunk, question_.dialled, std::string{question_.trunk});
    const auto* trunk = view_.directory.find_trunk(question_.trunk);
    auto meant =
        trunk && is_dialable(question_.dialled) ? trunk->inbound(question_.dialled) : std::nullopt;
    if (!meant) {
        note(RouteStepKind::nobody_inbound, question_.dialled, std::string{question_.trunk});
        return reject(404, "No Such Number");
    }
    auto& number = meant->destination;
    note(RouteStepKind::inbound, question_.dialled, number);
    if (!meant->on_behalf_of.empty()) {
        actor_ = std::move(meant->on_behalf_of);
        note(RouteStepKind::on_behalf_of, actor_);
        if (!view_.directory.find(actor_) || !is_dialable(number)) {
            note(RouteStepKind::not_from_outside, number);
            return reject(403, "Not From Outside");
        }
        // What leads from outside to outside is a forward, whoever has dialled it.
        return dial(std::move(number), Asks::forwards);
    }
    const auto asks = meant->outside ? Asks::from_outside_to_outside : Asks::from_outside;
    if (!applies_plan(number, {}, asks)) return;
    if (outside_) return go_outside(std::move(number), {});
    const auto& card = view_.directory.calling_card().number;
    if (code_in(number) || (!card.empty() && number == card) || is_of_park_lot(number)) {
        note(RouteStepKind::not_from_outside, number);
        return reject(403, "Not From Outside");
    }
    go_to(std::move(number));
}

void RouteDecision::go_to(std::string number)
{
    for (;;) {
        if (!is_dialable(number)) return reject_unknown({});
        if (!may_go_to(number)) return;
        const std::string* to = nullptr;
        if (const auto* extension = view_.directory.find(number)) {
            note(RouteStepKind::extension, number, extension->display_name);
            to = sends_on(*extension);
        } else if (const auto* group = view_.directory.find_ring_group(number)) {
            note(RouteStepKind::ring_group, number, group->display_name);
            to = sends_on(*group);
        } else {
            return reject_unknown(number);
        }
        if (!to) return;
        const auto by = std::exchange(number, *to);
        if (!applies_plan(number, by, Asks::forwards)) return;
        if (outside_) return go_outside(std::move(number), by);
    }
}

bool RouteDecision::is_of_park_lot(const std::string& number)
{
    const auto& lot = view_.directory.park_lot();
    auto slot = lot.slot_of(number);
    const bool any = !lot.number.empty() && number == lot.number;
    if ((!slot && !any) || view_.directory.find(number) || view_.directory.find_ring_group(number))
        return false;
    route_.kind = RouteKind::park;
    route_.slot = slot ? std::move(*slot) : std::string{};
    note(RouteStepKind::park_slot, number, route_.slot);
    return true;
}

bool RouteDecision::may_go_to(std::string_view number)
{
    std::size_t count = 0;
    bool seen = false;
    for (const auto& each : route_.diversions) {
        count += each.counter;
        seen = seen || (is_ours(each, view_.directory.domain()) && each.number == number);
    }
    if (!seen && count <= max_diversions) return true;
    const auto text = chain(number);
    note(seen ? RouteStepKind::loop : RouteStepKind::too_many_forwards, number, text);
    reject(482, seen ? "Loop Detected" : "Too Many Forwards");
    route_.warning = std::string{seen ? loop_warning : too_often_warning} + ": " + text;
    return false;
}

std::string RouteDecision::chain(std::string_view number) const
{
    return words(route_.diversions, number, view_.directory.domain());
}

void RouteDecision::reject(unsigned status, std::string phrase)
{
    route_.kind = RouteKind::reject;
    route_.status = status;
    route_.phrase = std::move(phrase);
}

void RouteDecision::reject_unknown(std::string_view number)
{
    note(RouteStepKind::unknown_number, number);
    reject(404, "No Such Extension");
    const bool ours = route_.diversions.size() > question_.diversions.size();
    if (!ours) return;
    route_.warning = "Forwarded to a number that does not exist: " + chain(number);
    switch (route_.diversions.back().reason) {
    case DiversionReason::user_busy: return reject(486, "Busy Here");
    case DiversionReason::do_not_disturb: return reject(480, "Do Not Disturb");
    case DiversionReason::no_answer: return reject(480, "No Answer");
    case DiversionReason::unavailable: return reject(480, "No Phone Registered");
    case DiversionReason::unconditional:
    case DiversionReason::deflection:
    case DiversionReason::unknown: return;
    }
}

Route route(const RouteQuestion& question, const RouterView& view)
{
    RouteDecision decision{question, view};
    decision.start();
    return decision.take();
}

Route route_onward(const RouteQuestion& question, std::string_view by, DiversionReason reason,
                   std::string_view to, const RouterView& view)
{
    RouteDecision decision{question, view};
    decision.divert(by, reason, to);
    return decision.take();
}

}  // namespace lampline
