#include "engine/call_engine.hpp"

#include <algorithm>

#include "base/table_room.hpp"
#include "base/text.hpp"
#include "core/extension_uri.hpp"
#include "core/numeric_address.hpp"
#include "core/presented_number.hpp"
#include "core/trunk_identity.hpp"

namespace lampline {
namespace {

/// Calls beyond the limit that are kept free for emergency numbers.
constexpr std::size_t room_for_emergencies = 100;

/// The Reason of a refusal where something has run out (RFC 3326, RFC 6432 §3; the causes are those
/// of ITU-T Q.850); empty: it is refused for something else.
std::string_view reason_of_limit(const Route& route) noexcept
{
    if (!route.steps.empty() && route.steps.back().kind == RouteStepKind::no_trunk &&
        route.status == 480)
        return no_trunk_reason;
    if (route.status != 486 && route.status != 403) return {};
    for (auto step = route.steps.rbegin(); step != route.steps.rend(); ++step) {
        const bool limit = step->kind == RouteStepKind::limit;
        if (limit && route.status == 403) return "Q.850;cause=21;text=\"Call rejected\"";
        if (route.status == 486 && (limit || step->kind == RouteStepKind::trunk_full))
            return "Q.850;cause=34;text=\"No circuit available\"";
    }
    return route.status == 486 ? "Q.850;cause=17;text=\"User busy\"" : std::string_view{};
}

}  // namespace

CallEngine::CallEngine(CallSettings settings, TokenSource tokens, DirectoryRef directory,
                       const LocationTable& locations, const TrunkStates& trunks)
    : settings_{std::move(settings)}, tokens_{std::move(tokens)}, directory_{std::move(directory)},
      locations_{locations}, trunks_{trunks}, order_{settings_.random}, refer_subscriptions_{
                                                                            tokens_}
{
}

void CallEngine::replace_directory(DirectoryRef directory, Outbox& outbox)
{
    directory_ = std::move(directory);
    for (const auto& [slot, ref] : parked_) follow_consent(*calls_.at(ref), outbox);
    occupancy_.forget_if([&](const std::string& number) { return !directory_->find(number); });
    order_.forget_if(
        [&](const std::string& number) { return !directory_->find_ring_group(number); });
}

void CallEngine::receive(const InviteReceived& received, Moment now, Outbox& outbox)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    std::optional<InviteReceived> from_outside;
    if (!received.trunk.empty()) {
        from_outside = take_from_outside(received, outbox);
        if (!from_outside) return;
    }
    const InviteReceived& input = from_outside ? *from_outside : received;
    if (input.max_forwards == 0) return reject(input, 483, "Too Many Hops", outbox);
    if (calls_.size() >= settings_.max_calls &&
        (!input.trunk.empty() || !has_room_for_emergency(extension_of(input.request_uri))))
        return reject(input, 503, "Too Many Calls", outbox, {{"Retry-After", "5"}});
    if (input.session_timer.expires > 0s &&
        input.session_timer.expires < settings_.min_session_expires)
        return reject(input, 422, "Session Interval Too Small", outbox,
                      {{"Min-SE", std::to_string(settings_.min_session_expires.count())}});
    if (input.join) return receive_join(input, now, outbox);
    if (input.replaces) return receive_replaces(input, now, outbox);  // never an ordinary call

    const auto* phone = addressed_phone(input);
    const bool elsewhere = !phone && !input.to_us;
    if (elsewhere && !directory_->serves_elsewhere(input.request_uri.host))
        return reject(input, 404, "Not A Number Here", outbox);
    const auto dialled = dialled_by(input);
    std::vector<Diversion> diversions;
    if (input.payload) diversions = parse_diversions(input.payload->headers);
    const auto shown = number_shown_by(input);
    auto route = lampline::route(
        {input.authenticated, dialled, &input.source, diversions, shown, phone, input.trunk},
        router_view());
    // A number at another proxy's is no number here.
    const bool here =
        route.kind == RouteKind::feature ||
        (route.kind == RouteKind::hunt && !leads_to(route.hunt, input.request_uri.host));
    if (elsewhere && here) return reject(input, 404, "Not A Number Here", outbox);
    switch (route.kind) {
    case RouteKind::hunt:
        if (route.mode == CallMode::redirect) return redirect(input, route, diversions, outbox);
        return start_call(input, std::move(route), std::move(diversions), now, outbox);
    case RouteKind::feature:
        if (route.feature->feature >= Feature::pickup_directed)
            return receive_pickup_code(input, *route.feature, now, outbox);
        return start_feature_call(input, *route.feature, now, outbox);
    case RouteKind::calling_card: return start_card_call(input, now, outbox);
    case RouteKind::park: return receive_park(input, route.slot, now, outbox);
    case RouteKind::reject: break;
    }
    reject(input, route.status, route.phrase, outbox, why_refused(route));
}

std::vector<Header> CallEngine::why_refused(const Route& route) const
{
    std::vector<Header> headers;
    if (!route.warning.empty()) headers.push_back(warning_of(route.warning));
    if (const auto reason = reason_of_limit(route); !reason.empty())
        headers.push_back({"Reason", std::string{reason}});
    return headers;
}

RouteExplanation CallEngine::explain_route(const RouteTest& test, Moment now)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    const bool outside = !test.trunk.empty();
    const bool known = outside ? directory_->find_trunk(test.trunk) != nullptr
                               : directory_->find(test.from) != nullptr;
    if (!known) return {.known_caller = false};
    RouteQuestion question{test.from, test.dialled, nullptr, {}, test.caller, nullptr, test.trunk};
    if (outside) question.from = {};
    return explain(lampline::route(question, router_view()), question, router_view());
}

void CallEngine::receive(const RequestReceived& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call || leg->state == LegState::terminated) {
        // A BYE that crosses ours is right all the same (RFC 3261 §15.1.2).
        outbox.send(Reply{.transaction = input.transaction,
                          .status = input.method == Method::bye ? 200U : 481U});
        return;
    }
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    leg->heard_at = now.mono;
    note_target(*call, *leg, input);
    if (cards_.take(*call, *leg, input, now, outbox)) return sweep(*call, outbox);
    switch (input.method) {
    case Method::bye: receive_bye(*call, *leg, input, now, outbox); break;
    case Method::prack: relay_prack(*call, *leg, input, outbox); break;
    case Method::refer: receive_refer(*call, *leg, input, now, outbox); break;
    case Method::subscribe: receive_subscribe(*call, *leg, input, outbox); break;
    case Method::publish:
        outbox.send(Reply{
            .transaction = input.transaction, .status = 501, .phrase = "Not Handled In A Call"});
        break;
    default: relay(*call, *leg, input, now, outbox);
    }
    sweep(*call, outbox);
}

void CallEngine::receive(const ResponseReceived& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call) return;
    if (!input.generated) leg->heard_at = now.mono;
    note_cseq(*call, *leg, input, outbox);
    const bool final = input.status >= 200;

    if (receive_for_transfer(*leg, input, now, outbox)) {
        if (const auto owner = find(input.leg).first) sweep(*owner, outbox);
        return;
    }
    if (cards_.hear(*call, *leg, input, now, outbox)) return sweep(*call, outbox);
    if (call->pickup && call->pickup->offered &&
        input.transaction == call->pickup->offered) {
        pickup_answered(*call, *leg, input, now, outbox);
    } else if (call->change && input.transaction == call->change->sent) {
        change_answered(*call, *leg, input, now, outbox);
    } else if (leg->leaving && input.transaction == leg->leaving->told_by) {
        if (final) hang_up_transferor(*leg, leg->leaving->reason, outbox);
    } else if (auto* relay = call->find_relay(input.transaction)) {
        relayed_answer(*call, *leg, *relay, input, now, outbox);
    } else if (leg->display && input.transaction == leg->display->sent) {
        display_answered(*call, *leg, input, now, outbox);
    } else if (input.transaction == leg->bye_out) {
        if (final) leg->bye_out = {};
    } else if (input.transaction == leg->probe_out) {
        if (final) probe_answered(*call, *leg, input, now, outbox);
    } else if (input.transaction == leg->invite_out) {
        if (!final) {
            branch_provisional(*call, *leg, input, now, outbox);
        } else {
            leg->invite_out = {};
            if (leg->talking() &&
                !leg->proxied) {  // a re-INVITE of ours that nobody waits for any more
                if (input.status < 300) accepted_in_vain(*call, *leg, input, now, outbox);
            } else if (input.status < 300)
                branch_answered(*call, *leg, input, now, outbox);
            else
                branch_failed(*call, *leg, input, now, outbox);
            pass_verdict(*call, now, outbox);
        }
    }
    restore_session(*call, now, outbox);
    sweep(*call, outbox);
}

void CallEngine::advance(Moment now, Outbox& outbox)
{
    outside_.set_day(std::chrono::floor<std::chrono::days>(now.wall));
    while (const auto due = timers_.take_due(now.mono)) {
        if (due->timer == CallTimer::remembered) {
            ended_.forget_old(now.mono);
            remember_until();
            continue;
        }
        const auto found = calls_.find(due->call);
        if (found == calls_.end()) continue;
        Call& call = *found->second;
        switch (due->timer) {
        case CallTimer::ring:
            if (call.hunting)
                hunt_due(call, now, outbox);
            else if (call.phase == CallPhase::ringing)  // a feature code
                give_up_ringing(call, 500, "Not Saved In Time", now, outbox);
            break;
        case CallTimer::seen:
            end_call(call, {}, LegInput::remote_bye, LegInput::remote_bye, {}, now, outbox);
            break;
        case CallTimer::transfer:
            if (call.pickup)
                offer_to_picker(call, outbox);
            else if (call.transfer)
                go_on(call, now, outbox);
            else if (call.change)
                change_goes_on(call, now, outbox);
            restore_session(call, now, outbox);
            break;
        case CallTimer::take_over: take_over_goes_on(call, now, outbox); break;
        case CallTimer::display: displays_due(call, now, outbox); break;
        case CallTimer::session:
            end_call(call, {}, LegInput::timeout, LegInput::timeout,
                     "SIP;cause=408;text=\"Session expired\"", now, outbox);
            break;
        case CallTimer::park: ring_back(call, now, outbox); break;
        case CallTimer::probe: probe(call, now, outbox); break;
        case CallTimer::card: cards_.due(call, now, outbox); break;
        case CallTimer::keep_ringing: keep_ringing(call, outbox); break;
        case CallTimer::referral: refer_subscriptions_.expire(call.id, now, outbox); break;
        case CallTimer::outside: duration_over(call, now, outbox); break;
        case CallTimer::remembered: break;  // of no call, see above
        case CallTimer::linger:
            cancel_branches(call, {}, {}, nullptr, outbox);  // of what is lost, if anything
            for (auto& leg : call.legs) {
                leg.invite_out = leg.ack_owed = leg.bye_out = {};
                leg.bye_owed = false;
            }
            pass_verdict(call, now, outbox);
            for (auto& leg : call.legs) {
                move(leg, LegInput::error, outbox);
                leg.invite_in = leg.ack_due = {};
            }
            break;
        }
        sweep(call, outbox);
    }
}

std::optional<std::chrono::steady_clock::time_point> CallEngine::next_deadline() const
{
    return timers_.next_deadline();
}

void CallEngine::end(CallsToEnd which, Moment now, Outbox& outbox)
{
    std::vector<CallRef> refs;
    refs.reserve(calls_.size());
    for (const auto& [ref, call] : calls_) refs.push_back(ref);
    for (const auto ref : refs) {
        Call& call = *calls_.at(ref);
        if (call.phase == CallPhase::ringing)
            give_up_ringing(call, 503, "Exchange Stops", now, outbox);
        else if (which == CallsToEnd::all ||
                 !talking_pair(call).first)  // or one in which somebody is alone
            end_call(call, {}, LegInput::error, LegInput::error,
                     "SIP;cause=503;text=\"Exchange stops\"", now, outbox);
        sweep(call, outbox);
    }
}

std::pair<Call*, Leg*> CallEngine::find(LegId leg)
{
    const auto found = by_leg_.find(leg);
    if (found == by_leg_.end()) return {nullptr, nullptr};
    return {found->second, found->second->find(leg)};
}

const Leg* CallEngine::find_leg(LegId leg) const noexcept
{
    const auto found = by_leg_.find(leg);
    return found == by_leg_.end() ? nullptr : std::as_const(*found->second).find(leg);
}

std::pair<Leg*, Leg*> CallEngine::talking_pair(Call& call) noexcept
{
    for (auto& leg : call.legs) {
        Leg* peer = leg.talking() ? call.find(leg.peer) : nullptr;
        if (peer && peer->talking() && peer->peer == leg.id) return {&leg, peer};
    }
    return {nullptr, nullptr};
}

void CallEngine::enlist(Call& call, const Leg& leg)
{
    by_leg_.emplace(leg.id, &call);
    index_.add(leg);
    occupancy_.began(leg.extension, call.id);
}

std::string CallEngine::number_shown_by(const InviteReceived& input)
{
    return presented_number(input.parties.from, input.payload ? std::span{input.payload->headers}
                                                              : std::span<Header>{});
}

Header CallEngine::warning_of(std::string_view text) const
{
    auto value = "399 " + directory_->domain() + " \"";
    for (const char c : text) {
        if (c == '"' || c == '\\') value += '\\';
        if (c == '\t' || (c >= ' ' && c != 0x7f)) value += c;
    }
    return {"Warning", value + '"'};
}

void CallEngine::reject(const InviteReceived& input, unsigned status, std::string_view phrase,
                        Outbox& outbox, std::vector<Header> headers)
{
    keep_inside(headers, input.trunk);
    outbox.send(Reply{.transaction = input.transaction,
                      .status = status,
                      .phrase = std::string{phrase},
                      .headers = std::move(headers)});
    const auto dialled = dialled_by(input);
    const auto* callee = directory_->find(dialled);
    const bool outside = !input.trunk.empty();
    const auto caller = outside ? input.parties.from
                                : party_of(input.authenticated, input.parties.from.display_name);
    outbox.announce(CallRefused{.call = call_ids_.next(),
                                .caller = outside ? extension_of(caller.uri) : input.authenticated,
                                .caller_name = caller.display_name,
                                .dialled = dialled,
                                .callee = callee ? callee->number : std::string{},
                                .callee_name = callee ? callee->display_name : std::string{},
                                .sip_call_id = input.call_id,
                                .status = status,
                                .phrase = std::string{phrase},
                                .trunk = input.trunk});
}

NameAddr CallEngine::party_of(std::string_view number, std::string_view own_display_name) const
{
    const auto* extension = directory_->find(number);
    const auto* group = directory_->find_ring_group(number);
    NameAddr address;
    address.display_name = own_display_name;
    if (extension && !extension->display_name.empty())
        address.display_name = extension->display_name;
    else if (group && !group->display_name.empty())
        address.display_name = group->display_name;
    address.uri = extension_uri(number, directory_->domain());
    return address;
}

bool CallEngine::has_room_for_emergency(std::string_view dialled) const
{
    return calls_.size() < settings_.max_calls + room_for_emergencies && is_emergency(dialled);
}

bool CallEngine::is_own_host(std::string_view host) const
{
    return same_host(host, directory_->domain()) ||
           std::ranges::any_of(settings_.hosts,
                               [&](const std::string& own) { return same_host(host, own); });
}

bool CallEngine::is_number_here(const SipUri& uri) const
{
    return !uri.user.empty() && (uri.scheme == UriScheme::tel || is_own_host(uri.host));
}

const Binding* CallEngine::addressed_phone(const InviteReceived& invite) const
{
    const auto& uri = invite.request_uri;
    const bool numeric = uri.host.starts_with('[') || is_numeric_address(uri.host);
    const bool number = uri.scheme == UriScheme::tel ||
                        (!numeric && same_word(uri.host, directory_->domain()));
    return number ? nullptr : locations_.find(uri);
}

std::string CallEngine::dialled_by(const InviteReceived& invite) const
{
    const auto* phone = addressed_phone(invite);
    return phone ? phone->aor : extension_of(invite.request_uri);
}

void CallEngine::connect(Leg& left, Leg& right) noexcept
{
    left.peer = right.id;
    right.peer = left.id;
}

void CallEngine::start_talking(Call& call, const SessionTimer& timer, Moment now, Outbox& outbox)
{
    call.phase = CallPhase::talking;
    call.answered_at = now.wall;
    call.unsaved = true;
    ++counters_.calls_answered;
    timers_.cancel(call.id, CallTimer::ring);
    timers_.cancel(call.id, CallTimer::linger);  // of a verdict that does not hold any more
    call.hunting.reset();
    forget_ringing(call, outbox);
    for (auto& leg : call.legs) std::vector<std::string>{}.swap(leg.via);
    call.offer.reset();
    if (call.early_answer && !call.early_answer->stale) call.early_answer.reset();
    note_session(call, timer, now);
    if (settings_.probe_interval > 0s)
        set_timer(call, CallTimer::probe, now.mono + settings_.probe_interval);
}

void CallEngine::move(Leg& leg, LegInput input, Outbox& outbox)
{
    const auto moved = next(leg.state, input);
    if (!moved) return;
    const bool talked = leg.state == LegState::confirmed;
    const bool unseen = leg.slot && leg.state == LegState::trying;  // not parked in yet
    leg.state = *moved;
    if (leg.role == LegRole::callee && leg.state >= LegState::confirmed)
        index_.stopped_ringing(leg);
    if (leg.state == LegState::terminated) {
        leg.ended_by = input;
        if (const auto owner = by_leg_.find(leg.id); owner != by_leg_.end()) {
            occupancy_.ended(leg.extension, owner->second->id);
            if (leg.slot) slot_is_free(*owner->second, leg);
        }
        if (talked && !leg.slot) occupancy_.talked(leg.extension);
        no_longer_outside(leg);
        if (unseen) return;
    }
    announce(leg, outbox);
}

void CallEngine::announce(const Leg& leg, Outbox& outbox) const
{
    if (leg.extension.empty() && leg.trunk.empty()) return;
    outbox.announce(DialogChanged{snapshot_of(leg)});
}

DialogSnapshot CallEngine::snapshot_of(const Leg& leg) const
{
    const auto owner = by_leg_.find(leg.id);
    return {
        .leg = leg.id,
        .id = leg.proxied ? leg.name : leg.dialog.local_tag,
        .call = owner == by_leg_.end() ? CallRef{} : owner->second->id,
        .status = leg.status,
        .extension = leg.extension,
        .trunk = leg.trunk,
        .dialog = {leg.dialog.call_id, leg.dialog.remote_tag,
                   leg.dialog.local_tag},  // as the phone sees it
        .direction = leg.role == LegRole::caller ? Direction::initiator : Direction::recipient,
        .state = leg.state,
        .ended_by = leg.ended_by,
        .resumed = leg.resumed,
        .held = leg.held,
        .holds = leg.holds,
        .discreet = leg.discreet,
        .place = leg.place,
        .local = {leg.phone, leg.phone.uri},
        .remote = {leg.other, leg.other.uri},
    };
}

std::vector<DialogSnapshot> CallEngine::dialogs_of(std::string_view extension) const
{
    std::vector<DialogSnapshot> dialogs;
    for (const auto& [ref, call] : calls_)
        for (const auto& leg : call->legs)
            if (leg.extension == extension && leg.state != LegState::terminated)
                dialogs.push_back(snapshot_of(leg));
    return dialogs;
}

void CallEngine::end_call(Call& call, LegId ended_by, LegInput own, LegInput others,
                          std::string_view reason, Moment now, Outbox& outbox)
{
    if (call.phase == CallPhase::ended) return;
    begin_end(call, now, outbox);
    if (call.transfer)
        report(call, 487, "Request Terminated", true, now, outbox);
    else
        refer_subscriptions_.report(call.id, 487, "Request Terminated", true, now, outbox);
    outbox.announce(CallEnded{call.id, ended_by ? 200U : 0U, std::string{reason}});
    call.transfer.reset();
    call.change.reset();
    cancel_branches(call, {}, reason, nullptr, outbox);

    for (auto& leg : call.legs) {
        if (!leg.invite_in) continue;  // of a picker that waits for the one it has picked up
        outbox.send(Reply{.transaction = std::exchange(leg.invite_in, {}), .status = 487});
        move(leg, LegInput::rejected, outbox);
    }
    call.reliable.clear();

    for (auto& leg : call.legs) {
        if (leg.state == LegState::terminated) continue;
        const bool told_us = leg.id == ended_by;
        leg.bye_exchanged = told_us;
        move(leg, told_us ? own : others, outbox);
        if (told_us && leg.ack_owed) {
            outbox.send(SendAck{leg.id, leg.ack_owed, nullptr});
            leg.ack_owed = {};
        }
        if (!told_us) hang_up(leg, reason, outbox);
    }
}

void CallEngine::give_up_relays(Call& call, unsigned status, Outbox& outbox)
{
    for (const auto& relay : call.relays) {
        if (relay.answered || relay.cancelled) continue;
        outbox.send(Reply{.transaction = relay.request,
                          .status = relay.method == Method::invite ? status : 481U});
        if (relay.replaces) move(*call.find(relay.from), LegInput::rejected, outbox);
    }
    call.relays.clear();
}

void CallEngine::hang_up(Leg& leg, std::string_view reason, Outbox& outbox)
{
    if (leg.closed || leg.bye_exchanged || leg.slot || leg.proxied) return;
    if (leg.ack_due) {  // no BYE before the ACK of our 2xx (RFC 3261 §15)
        leg.bye_owed = true;
        return;
    }
    if (leg.ack_owed) {
        outbox.send(SendAck{leg.id, leg.ack_owed, nullptr});
        leg.ack_owed = {};
    }
    leg.bye_owed = false;
    leg.bye_exchanged = true;
    leg.bye_out = transaction_ids_.next();
    SendRequest bye{.leg = leg.id, .transaction = leg.bye_out, .method = Method::bye};
    if (!reason.empty()) bye.headers.push_back({"Reason", std::string{reason}});
    request(leg, std::move(bye), outbox);
}

void CallEngine::request(Leg& leg, SendRequest request, Outbox& outbox)
{
    count_request(*by_leg_.at(leg.id), leg, leg.dialog_state.cseq + 1);
    request.leg = leg.id;
    if (request.method == Method::invite) leg.asks_offer = !has_body(request.payload);
    outbox.send(std::move(request));
}

void CallEngine::close_if_quiet(Leg& leg, Outbox& outbox)
{
    if (leg.closed || leg.state != LegState::terminated || !leg.quiet()) return;
    leg.closed = true;
    if (!leg.slot && !leg.proxied) outbox.send(CloseDialog{leg.id});
}

void CallEngine::remember_until()
{
    if (const auto end = ended_.next_end())
        timers_.set(CallRef{}, CallTimer::remembered, *end);
}

void CallEngine::begin_end(Call& call, Moment now, Outbox& outbox)
{
    leave_picker(call, {}, outbox);
    give_up_relays(call, 487, outbox);
    const bool remembers = ended_.next_end().has_value();
    for (const auto& leg : call.legs) {
        const bool ended =
            leg.ended_by == LegInput::local_bye || leg.ended_by == LegInput::remote_bye;
        if (!leg.slot && (leg.talking() || (leg.state == LegState::terminated && ended)))
            ended_.add(leg.dialog, now.mono);
    }
    if (!remembers) remember_until();
    call.phase = CallPhase::ended;
    call.hunting.reset();
    cards_.forget(call.id);
    ++counters_.calls_ended;
    forget(call, outbox);
    forget_ringing(call, outbox);
    timers_.cancel_all(call.id);
    set_timer(call, CallTimer::linger, now.mono + linger_time);
}

void CallEngine::sweep(Call& call, Outbox& outbox)
{
    give_up_lost_relays(call, outbox);
    for (auto& leg : call.legs) close_if_quiet(leg, outbox);
    if (!call.finished()) return keep(call, outbox);
    forget(call, outbox);
    timers_.cancel_all(call.id);
    for (const auto& leg : call.legs) {
        if (leg.adrift) no_longer_adrift(leg);
        by_leg_.erase(leg.id);
        index_.remove(leg);
    }
    calls_.erase(call.id);
    give_back_room(calls_);
    give_back_room(by_leg_);
}

void CallEngine::set_timer(const Call& call, CallTimer timer,
                           std::chrono::steady_clock::time_point deadline)
{
    timers_.set(call.id, timer, deadline);
}

bool CallEngine::wait_until(std::optional<std::chrono::steady_clock::time_point> deadline,
                            const Call& call, CallTimer timer)
{
    if (deadline) set_timer(call, timer, *deadline);
    return deadline.has_value();
}

}  // namespace lampline
