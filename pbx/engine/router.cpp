#include "engine/router.hpp"

#include <algorithm>
#include <utility>

#include "core/feature_key.hpp"

namespace lampline {
namespace {

/// Diversions of one call, those before us included: offices need two or three.
constexpr std::size_t max_diversions = 5;

constexpr std::size_t max_dialled = 64;

/// What cannot be a number is not repeated anywhere either.
bool is_dialable(std::string_view text) noexcept
{
    return text.size() <= max_dialled && std::ranges::all_of(text, [](char c) {
               return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>';
           });
}

/// A decision in the making.
class Decision {
public:
    Decision(const RouteQuestion& question, const RouterView& view)
        : question_{question}, view_{view}
    {
        route_.diversions.assign(question.diversions.begin(), question.diversions.end());
    }

    void note(RouteStepKind kind, std::string_view number, std::string other = {},
              DiversionReason reason = DiversionReason::unknown)
    {
        route_.steps.push_back({kind, std::string{number}, std::move(other), reason});
    }

    /// Feature codes first: they never become ordinary calls.
    void start()
    {
        note(RouteStepKind::dialled, question_.dialled, std::string{question_.from});
        if (question_.contact) return go_to(question_.contact->aor);
        if (!is_dialable(question_.dialled)) return reject_unknown(question_.dialled);
        if (const auto key = feature_key(question_.dialled);
            key && !view_.directory.find(question_.dialled))
            return press(*key);
        std::string number{question_.dialled};
        route_.feature = view_.directory.feature_codes().find(number);
        if (!route_.feature) {
            if (!applies_plan(number, question_.from)) return;
            route_.feature = view_.directory.feature_codes().find(number);
        }
        if (!route_.feature) {
            if (is_of_park_lot(number)) return;
            return go_to(std::move(number));
        }
        route_.kind = RouteKind::feature;
        note(RouteStepKind::feature_code, route_.feature->number.value_or(""),
             std::string{name(route_.feature->feature)});
    }

    /// A key that its owner presses changes what it shows.
    void press(const FeatureKey& key)
    {
        const auto* owner = view_.directory.find(key.owner);
        if (!owner) return reject_unknown(question_.dialled);
        if (key.owner != question_.from) return reject(403, "Not Your Key");
        const bool forwards = !owner->forwarding.always.empty();
        switch (key.feature) {
        case KeyFeature::do_not_disturb:
            route_.feature = DialledFeature{
                owner->forwarding.do_not_disturb ? Feature::disturb : Feature::do_not_disturb};
            break;
        case KeyFeature::forward_always:
            if (!forwards) return reject(484, "Dial The Code With A Number To Forward");
            route_.feature = DialledFeature{Feature::forward_always};
            break;
        }
        route_.kind = RouteKind::feature;
        note(RouteStepKind::feature_code, "", std::string{name(route_.feature->feature)});
    }

    void divert(std::string_view by, DiversionReason reason, std::string_view to)
    {
        note(RouteStepKind::forwarded, by, std::string{to}, reason);
        route_.diversions.push_back({std::string{by}, {}, reason, 1});
        std::string number{to};
        if (applies_plan(number, by)) go_to(std::move(number));
    }

    Route take() { return std::move(route_); }

private:
    /// Follows what applies at once, until there are phones to ring, or none.
    void go_to(std::string number)
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
            if (!applies_plan(number, by)) return;
        }
    }

    /// Slots stand behind whoever else has the number.
    bool is_of_park_lot(const std::string& number)
    {
        const auto& lot = view_.directory.park_lot();
        auto slot = lot.slot_of(number);
        const bool any = !lot.number.empty() && number == lot.number;
        if ((!slot && !any) || view_.directory.find(number) ||
            view_.directory.find_ring_group(number))
            return false;
        route_.kind = RouteKind::park;
        route_.slot = slot ? std::move(*slot) : std::string{};
        note(RouteStepKind::park_slot, number, route_.slot);
        return true;
    }

    /// Makes of `number`, dialled by `by`, what the digit plan says. False: it is refused.
    bool applies_plan(std::string& number, std::string_view by)
    {
        const auto& plan = view_.directory.digit_plan();
        auto match = plan.find(number);
        if (!match) return true;
        const auto& rule = *match->rule;
        note(RouteStepKind::rule, number, rule.name.empty() ? rule.pattern : rule.name);
        if (rule.status != 0) {
            note(RouteStepKind::barred, number, std::to_string(rule.status) + ' ' + rule.phrase);
            reject(rule.status, rule.phrase);
            return false;
        }
        if (rule.emergency) {
            note(RouteStepKind::emergency, number);
        } else {
            const bool enough = rule.call_class <= plan.right_of(by);
            note(enough ? RouteStepKind::right_enough : RouteStepKind::right_missing, by,
                 std::string{name(rule.call_class)});
            if (!enough) {
                reject(403, "Not Allowed");
                return false;
            }
        }
        if (match->number == number) return true;
        note(RouteStepKind::rewritten, number, match->number);
        number = std::move(match->number);
        return true;
    }

    bool may_go_to(std::string_view number)
    {
        std::size_t count = 0;
        bool seen = false;
        for (const auto& each : route_.diversions) {
            count += each.counter;
            const bool ours = each.host.empty() || each.host == view_.directory.domain();
            seen = seen || (ours && each.number == number);
        }
        if (!seen && count <= max_diversions) return true;
        const auto text = chain(number);
        note(seen ? RouteStepKind::loop : RouteStepKind::too_many_forwards, number, text);
        reject(482, seen ? "Loop Detected" : "Too Many Forwards");
        route_.warning = (seen ? "Forwarding loop: " : "Forwarded too often: ") + text;
        return false;
    }

    [[nodiscard]] std::string chain(std::string_view number) const
    {
        std::string text;
        for (const auto& each : route_.diversions) {
            text += each.number;
            if (!each.host.empty() && each.host != view_.directory.domain())
                text += '@' + each.host;
            text += " > ";
        }
        return text.append(number);
    }

    /// Where `extension` wants the call without its phones ringing; nullptr: the route is complete.
    const std::string* sends_on(const Extension& extension)
    {
        const auto& wishes = extension.forwarding;
        const auto* exception = wishes.exception_for(caller());
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
        if (!exception && wishes.do_not_disturb) {
            note(RouteStepKind::do_not_disturb, extension.number);
            if (!wishes.busy.empty()) return to(wishes.busy, DiversionReason::do_not_disturb);
            reject(480, "Do Not Disturb");
            return nullptr;
        }
        if (!wishes.takes_another(view_.occupancy.calls(extension.number))) {
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

    [[nodiscard]] std::string_view caller() const noexcept
    {
        return question_.caller.value_or(question_.from);
    }

    static std::string whom(const CallerException& exception)
    {
        switch (exception.match) {
        case CallerMatch::number: return exception.caller;
        case CallerMatch::prefix: return "numbers that begin with " + exception.caller;
        case CallerMatch::anonymous: break;
        }
        return "callers without a number";
    }

    /// Where `number` wants this caller's call; nullptr: it is refused.
    const std::string* excepted(const std::string& number, const CallerException& exception)
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

    void ring(const Extension& extension)
    {
        const auto bindings = view_.locations.targets(extension.number, question_.own);
        const auto* contact = question_.contact;
        if (contact && contact->aor != extension.number) contact = nullptr;  // it was forwarded
        const bool calls_itself = contact && question_.own && contact->flow == *question_.own;
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
        route_.mode = extension.mode;
        // Who addresses a phone has been redirected to it.
        if (contact && route_.mode == CallMode::redirect) route_.mode = CallMode::bridge;
        if (route_.mode != CallMode::bridge)
            note(RouteStepKind::joined, extension.number, std::string{name(route_.mode)});
        if (contact) {
            waves.push_back({{{extension.number, {}, {}, write(contact->contact)}}, ring_for});
        } else if (wishes.forking == Forking::parallel) {
            waves.push_back({{{extension.number}}, ring_for});
        } else {
            for (const auto* binding : bindings) {  // the highest q first
                const bool same = !waves.empty() && waves.back().members.front().q_thousandths ==
                                                        binding->q_thousandths;
                if (!same)
                    waves.push_back(
                        {{{extension.number, {}, binding->q_thousandths}}, wishes.no_answer_after});
            }
            waves.back().ring_for = ring_for;
        }
        describe(wishes);
    }

    /// Why `member` does not ring; empty: it does.
    [[nodiscard]] std::string_view passes_over(const RingGroup& group,
                                               const RingGroupMember& member) const
    {
        const auto* extension = view_.directory.find(member.number);
        if (!extension) return "is no extension";
        const auto& wishes = extension->forwarding;
        const auto calls = view_.occupancy.calls(member.number);
        if (member.number == question_.from) return "calls itself";
        const auto* exception = wishes.exception_for(caller());
        if (exception && exception->treatment == CallerTreatment::refuse)
            return "does not want calls of this caller";
        if (exception && exception->treatment == CallerTreatment::forward)
            return "forwards calls of this caller";
        if (!exception && !wishes.always.empty()) return "forwards always";
        if (!exception && wishes.do_not_disturb) return "does not want to be disturbed";
        if (view_.locations.bindings(member.number).empty()) return "has no registered phone";
        if (!view_.locations.is_reachable(member.number)) return unreachable;
        if ((group.skip_busy && calls > 0) || !wishes.takes_another(calls)) return busy;
        return {};
    }

    /// Where the call to `group` goes when none of its members can ring; nullptr: the route is
    /// complete.
    const std::string* sends_on(const RingGroup& group)
    {
        std::vector<const RingGroupMember*> ready;
        std::vector<const RingGroupMember*> silent;
        bool any_busy = false;
        for (const auto* member : view_.order.of(group, view_.occupancy)) {
            const auto why = passes_over(group, *member);
            any_busy = any_busy || why == busy;
            if (why == unreachable) silent.push_back(member);
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

    void ring(const RingGroup& group, const std::vector<const RingGroupMember*>& ready)
    {
        route_.kind = RouteKind::hunt;
        route_.hunt = {group.number,  {}, group.overflow, group.overflow, group.overflow,
                       group.overflow};
        auto& waves = route_.hunt.waves;
        std::chrono::seconds begins{};
        if (group.strategy == RingStrategy::all) waves.push_back({{}, group.ring_time});
        for (const auto* member : ready) {
            if (group.strategy == RingStrategy::all) {
                waves.back().members.push_back({member->number, member->delay});
                note(RouteStepKind::rings_member, member->number,
                     std::to_string(member->delay.count()));
            } else {
                waves.push_back({{{member->number}}, group.ring_time});
                note(RouteStepKind::rings_member, member->number, std::to_string(begins.count()));
                begins += group.ring_time;
            }
        }
        note(RouteStepKind::rings_for, group.number, std::to_string(group.ring_time.count()));
        if (!group.overflow.empty())
            note(RouteStepKind::then_overflows, group.number, group.overflow);
    }

    void describe(const Forwarding& wishes)
    {
        const auto& number = route_.hunt.number;
        const bool parallel = wishes.forking == Forking::parallel;
        note(RouteStepKind::rings, number, parallel ? "all at once" : "one after the other");
        if (!wishes.busy.empty())
            note(RouteStepKind::then_forwarded, number, wishes.busy, DiversionReason::user_busy);
        if (!wishes.unregistered.empty())
            note(RouteStepKind::then_forwarded, number, wishes.unregistered,
                 DiversionReason::unavailable);
        if (wishes.no_answer.empty()) return;
        note(RouteStepKind::rings_for, number, std::to_string(wishes.no_answer_after.count()));
        note(RouteStepKind::then_forwarded, number, wishes.no_answer, DiversionReason::no_answer);
    }

    void reject(unsigned status, std::string phrase)
    {
        route_.kind = RouteKind::reject;
        route_.status = status;
        route_.phrase = std::move(phrase);
    }

    /// A forward to nowhere leaves the caller with what it would hear without the forward.
    void reject_unknown(std::string_view number)
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

    static constexpr std::string_view busy = "is in a call";
    static constexpr std::string_view unreachable = "has no phone that answers when asked";

    const RouteQuestion& question_;
    const RouterView& view_;
    Route route_;
};

}  // namespace

Route route(const RouteQuestion& question, const RouterView& view)
{
    Decision decision{question, view};
    decision.start();
    return decision.take();
}

Route route_onward(const RouteQuestion& question, std::string_view by, DiversionReason reason,
                   std::string_view to, const RouterView& view)
{
    Decision decision{question, view};
    decision.divert(by, reason, to);
    return decision.take();
}

}  // namespace lampline
