#include "engine/router.hpp"

#include <algorithm>
#include <utility>

#include "core/extension_uri.hpp"

namespace lampline {
namespace {

/// Diversions of one call, those before us included: offices need two or three.
constexpr std::size_t max_diversions = 5;

constexpr std::size_t max_dialled = 64;

/// Why a member of a ring group is passed over that would make the group busy.
constexpr std::string_view busy = "is in a call";

std::string_view caller_of(const RouteQuestion& question) noexcept
{
    return question.caller.value_or(question.from);
}

/// What cannot be a number is not repeated anywhere either: a carrier might read a parameter, or
/// another host, where the digit plan has seen a number.
bool is_dialable(std::string_view text) noexcept
{
    constexpr std::string_view foreign = "\"\\<>@;?:/,&=%";
    return text.size() <= max_dialled && std::ranges::all_of(text, [&](char c) {
               return c > ' ' && c < 0x7f && foreign.find(c) == std::string_view::npos;
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
        if (!question_.trunk.empty()) return start_from_outside();
        note(RouteStepKind::dialled, question_.dialled, std::string{question_.from});
        if (question_.contact) return go_to(question_.contact->aor);
        if (!is_dialable(question_.dialled)) return reject_unknown(question_.dialled);
        if (feature_key(question_.dialled) && !view_.directory.find(question_.dialled))
            return press();
        std::string number{question_.dialled};
        route_.feature = view_.directory.feature_codes().find(number);
        if (!route_.feature) {
            if (!applies_plan(number, question_.from, Asks::dials)) return;
            if (outside_) return go_outside(std::move(number), question_.from);
            route_.feature = view_.directory.feature_codes().find(number);
        }
        if (!route_.feature && !number.empty() &&
            number == view_.directory.calling_card().number)
            return use_calling_card(number);
        if (!route_.feature) {
            if (is_of_park_lot(number)) return;
            return go_to(std::move(number));
        }
        note_feature();
    }

    /// A key that its owner presses changes what it shows.
    void press()
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

    void note_feature()
    {
        route_.kind = RouteKind::feature;
        note(RouteStepKind::feature_code, route_.feature->number.value_or(""),
             std::string{name(route_.feature->feature)});
    }

    void use_calling_card(const std::string& number)
    {
        note(RouteStepKind::calling_card, number);
        if (view_.directory.calling_card().may_use(question_.from)) {
            route_.kind = RouteKind::calling_card;
            return;
        }
        note(RouteStepKind::not_its_user, question_.from);
        reject(403, "Not Allowed");
    }

    void divert(std::string_view by, DiversionReason reason, std::string_view to)
    {
        note(RouteStepKind::forwarded, by, std::string{to}, reason);
        route_.diversions.push_back({std::string{by}, {}, reason, 1});
        std::string number{to};
        if (!applies_plan(number, by, Asks::forwards)) return;
        if (outside_)
            go_outside(std::move(number), by);
        else
            go_to(std::move(number));
    }

    Route take() { return std::move(route_); }

private:
    /// In what part somebody asks for a number.
    enum class Asks : std::uint8_t { dials, forwards, from_outside, from_outside_to_outside };

    /// Who calls from outside means somebody here, and has no rights but those that go with the
    /// number it has called.
    void start_from_outside()
    {
        note(RouteStepKind::from_trunk, question_.dialled, std::string{question_.trunk});
        const auto* trunk = view_.directory.find_trunk(question_.trunk);
        auto meant = trunk && is_dialable(question_.dialled) ? trunk->inbound(question_.dialled)
                                                             : std::nullopt;
        if (!meant) {
            note(RouteStepKind::nobody_inbound, question_.dialled, std::string{question_.trunk});
            return reject(404, "No Such Number");
        }
        auto& number = meant->destination;
        note(RouteStepKind::inbound, question_.dialled, number);
        const auto asks = meant->outside ? Asks::from_outside_to_outside : Asks::from_outside;
        if (!applies_plan(number, {}, asks)) return;
        if (outside_) return go_outside(std::move(number), {});
        if (view_.directory.feature_codes().find(number)) {
            note(RouteStepKind::not_from_outside, number);
            return reject(403, "Not From Outside");
        }
        go_to(std::move(number));
    }

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
            if (!applies_plan(number, by, Asks::forwards)) return;
            if (outside_) return go_outside(std::move(number), by);
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

    /// Makes of `number`, asked for by `by`, what the digit plan says; `outside_` is set when it
    /// lies outside. False: it is refused.
    bool applies_plan(std::string& number, std::string_view by, Asks asks)
    {
        outside_ = nullptr;
        rule_ = nullptr;
        // 0900-1 is barred like 09001, unless somebody here is called so.
        if (!view_.directory.find(number) && !view_.directory.find_ring_group(number))
            number = plain_number(number);
        const auto& plan = view_.directory.digit_plan();
        auto match = plan.find(number);
        if (!match) return true;
        const auto& rule = *match->rule;
        rule_ = &rule;
        note(RouteStepKind::rule, number, rule.name.empty() ? rule.pattern : rule.name);
        if (rule.status != 0) {
            note(RouteStepKind::barred, number, std::to_string(rule.status) + ' ' + rule.phrase);
            reject(rule.status, rule.phrase);
            return false;
        }
        if (!may_ask(rule, number, by, asks)) return false;
        if (!rule.trunks.empty()) {
            outside_ = &rule;
            shown_ = number;
        }
        if (match->number == number) return true;
        note(RouteStepKind::rewritten, number, match->number);
        number = std::move(match->number);
        return true;
    }

    /// The rights of who pays count: who dials, transfers or forwards.
    bool may_ask(const DigitRule& rule, std::string_view number, std::string_view by, Asks asks)
    {
        const auto& plan = view_.directory.digit_plan();
        const bool outside = !rule.trunks.empty();
        if (asks == Asks::from_outside_to_outside) return true;
        // Left alone by a transfer, two parties from outside; or one that wants a call sent on.
        const bool nobody = by.empty() && asks != Asks::from_outside;
        if (asks == Asks::from_outside || nobody) {
            if (!outside && rule.call_class == CallClass::internal) return true;
            note(RouteStepKind::not_from_outside, number);
            reject(403, "Not From Outside");
            return false;
        }
        if (rule.emergency) {
            note(RouteStepKind::emergency, number);
            return true;
        }
        const bool enough = rule.call_class <= plan.right_of(by);
        note(enough ? RouteStepKind::right_enough : RouteStepKind::right_missing, by,
             std::string{name(rule.call_class)});
        if (!enough) {
            reject(403, "Not Allowed");
            route_.warning =
                std::string{by} + " may not make " + std::string{name(rule.call_class)} + " calls";
            return false;
        }
        if (!outside || asks == Asks::dials || plan.outside_rights_of(by).forward) return true;
        note(RouteStepKind::forward_missing, by);
        reject(403, "Not Allowed");
        route_.warning = std::string{by} + " may not forward calls to outside";
        return false;
    }

    /// Whether `payer` may have one more call outside.
    bool within_limits(std::string_view payer)
    {
        const auto& limits = view_.directory.digit_plan().outside_rights_of(payer).limits;
        const auto reached = view_.outside.payer_limit(payer, limits);
        if (reached == OutsideLimit::none) {
            note(RouteStepKind::limit_free, payer, words_of(limits));
            return true;
        }
        const bool at_once = reached == OutsideLimit::calls;
        const auto count = at_once ? limits.calls : limits.calls_per_day;
        const auto text = std::to_string(count) + (at_once ? " calls at once" : " calls a day");
        note(RouteStepKind::limit, payer, text);
        if (at_once)
            reject(486, "Too Many Calls To Outside");
        else
            reject(403, "Daily Limit Reached");
        route_.warning = std::string{payer} + " has its " + text + " to outside already";
        return false;
    }

    static std::string words_of(const OutsideLimits& limits)
    {
        const auto word = [](auto limit, std::string_view unit) {
            return limit == 0 ? "any number of" + std::string{unit}
                              : std::to_string(limit) + std::string{unit};
        };
        return word(limits.calls, " calls at once") + ", " + word(limits.calls_per_day, " a day") +
               ", " + word(limits.minutes.count(), " minutes each");
    }

    /// To the trunks of the rule that has said so, one after the other. `payer` empty: somebody
    /// outside, whom the limits of the trunks must stop.
    void go_outside(std::string number, std::string_view payer)
    {
        const auto& rule = *outside_;
        if (!is_dialable(number)) return reject_unknown({});
        if (!may_go_to(shown_)) return;
        if (!rule.emergency && !payer.empty() && !within_limits(payer)) return;
        route_.hunt = {.number = shown_,
                       .outside = true,
                       .payer = std::string{payer},
                       .unlimited = rule.emergency};
        bool full = false;
        for (const auto& name : rule.trunks) full = add_trunk(name, number) || full;
        if (!route_.hunt.waves.empty()) {
            route_.kind = RouteKind::hunt;
            route_.hunt.waves.back().heard_within = {};
            return join_outside(payer);
        }
        note(RouteStepKind::no_trunk, shown_);
        if (full)
            reject(486, "All Lines Busy");
        else
            reject(503, "No Trunk Available");
        route_.warning = full ? "Every trunk for this number has as many calls as it may have"
                              : "No trunk for this number can be reached";
    }

    /// How `number` is joined to its caller: as the rule about it says, else as `own`, the wish of
    /// `who`. `obstacle` says why a mode cannot be; empty: it can.
    template <class Obstacle>
    void join(std::string_view number, std::string who, CallMode own, const Obstacle& obstacle)
    {
        const bool ruled = rule_ && rule_->mode;
        route_.mode = ruled ? *rule_->mode : own;
        if (!ruled && own == CallMode::bridge) return;
        if (ruled) who = "The rule " + (rule_->name.empty() ? rule_->pattern : rule_->name);
        note(RouteStepKind::mode_asked, who, std::string{name(route_.mode)});
        auto why = route_.mode == CallMode::bridge ? std::string{} : obstacle(route_.mode);
        if (why.empty() && route_.mode != CallMode::bridge) why = obstacle_of_source();
        if (!why.empty()) {
            note(RouteStepKind::bridged, number, std::move(why));
            route_.mode = CallMode::bridge;
            return;
        }
        note(RouteStepKind::joined, number, std::string{name(route_.mode)});
    }

    /// The far side of a trunk is not told where phones are, nor sent their messages as they are,
    /// unless it is a proxy of ours.
    [[nodiscard]] std::string obstacle_of_source() const
    {
        if (question_.trunk.empty()) return {};
        const auto* from = view_.directory.find_trunk(question_.trunk);
        if (from && from->trunk().mode == CallMode::proxy && route_.mode == CallMode::proxy)
            return {};
        return "the call comes over a trunk that is no proxy of this office";
    }

    /// Proxied where all ways lead to proxies of ours, and nobody has to be hung up in time.
    void join_outside(std::string_view payer)
    {
        const auto& plan = view_.directory.digit_plan();
        bool limited = !payer.empty() && plan.outside_rights_of(payer).limits.minutes.count() > 0;
        std::string_view bridges;
        for (const auto& wave : route_.hunt.waves) {
            const auto& trunk = view_.directory.find_trunk(wave.members.front().trunk)->trunk();
            limited = limited || trunk.limits.minutes.count() > 0;
            if (trunk.mode != CallMode::proxy) bridges = trunk.name;
        }
        const auto own = bridges.empty() ? CallMode::proxy : CallMode::bridge;
        join(shown_, "The way outside", own, [&](CallMode mode) -> std::string {
            if (mode == CallMode::redirect) return "phones are not told the addresses of trunks";
            if (!bridges.empty())
                return "trunk " + std::string{bridges} + " is no proxy of this office";
            return limited ? "the minutes of the call are limited" : "";
        });
    }

    /// True: the trunk has no room for one more call.
    bool add_trunk(const std::string& trunk_name, const std::string& number)
    {
        /// A server that says nothing at all for so long is given up for the next one.
        constexpr std::chrono::seconds patience{4};
        const auto* rules = view_.directory.find_trunk(trunk_name);
        if (!rules || !rules->trunk().enabled) {
            note(RouteStepKind::trunk_missing, number, trunk_name);
            return false;
        }
        const auto& trunk = rules->trunk();
        if (!outside_->emergency &&
            view_.outside.trunk_limit(trunk_name, trunk.limits) != OutsideLimit::none) {
            note(RouteStepKind::trunk_full, number, trunk_name);
            return true;
        }
        const auto paths = view_.trunks.paths(trunk).size();
        note(paths > 0 ? RouteStepKind::trunk : RouteStepKind::trunk_unreachable, number,
             trunk_name);
        for (std::size_t path = 0; path < paths; ++path)
            route_.hunt.waves.push_back(
                {.members = {{.trunk = trunk_name, .number = number, .path = path}},
                 .heard_within = patience});
        return false;
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
        const auto* exception = wishes.exception_for(caller_of(question_));
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
        join(extension.number, extension.number, extension.mode, [&](CallMode mode) -> std::string {
            const bool again = contact && mode == CallMode::redirect;
            return again ? "the caller has been redirected to this phone" : "";
        });
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

    /// Where the call to `group` goes when none of its members can ring; nullptr: the route is
    /// complete.
    const std::string* sends_on(const RingGroup& group)
    {
        std::vector<const RingGroupMember*> ready;
        std::vector<const RingGroupMember*> silent;
        bool any_busy = false;
        for (const auto* member : view_.order.of(group, view_.occupancy)) {
            const auto why = passes_over(group, member->number, question_, view_);
            any_busy = any_busy || why == busy;
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
        join(group.number, group.number, CallMode::bridge, [](CallMode mode) -> std::string {
            return mode == CallMode::redirect ? "only the exchange knows whose turn it is" : "";
        });
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

    const RouteQuestion& question_;
    const RouterView& view_;
    Route route_;
    const DigitRule* rule_ = nullptr;     // about the number that is asked for last
    const DigitRule* outside_ = nullptr;  // the same, when it leads outside
    std::string shown_;                   // the number outside, as it was dialled
};

}  // namespace

std::string_view passes_over(const RingGroup& group, std::string_view member,
                             const RouteQuestion& question, const RouterView& view)
{
    const auto* extension = view.directory.find(member);
    if (!extension) return "is no extension";
    const auto& wishes = extension->forwarding;
    const auto calls = view.occupancy.calls(member);
    if (member == question.from) return "calls itself";
    if (const auto* row = group.member(member); row && !row->logged_in) return "is logged out";
    const auto* exception = wishes.exception_for(caller_of(question));
    if (exception && exception->treatment == CallerTreatment::refuse)
        return "does not want calls of this caller";
    if (exception && exception->treatment == CallerTreatment::forward)
        return "forwards calls of this caller";
    if (!exception && !wishes.always.empty()) return "forwards always";
    if (!exception && wishes.do_not_disturb) return "does not want to be disturbed";
    if (view.locations.bindings(member).empty()) return "has no registered phone";
    if (!view.locations.is_reachable(member)) return out_of_reach;
    if ((group.skip_busy && calls > 0) || !wishes.takes_another(calls)) return busy;
    return {};
}

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
