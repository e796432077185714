// Whether a call still goes on: sessions that are refreshed, phones that are asked whether they are
// there, and those that are gone.
#include <algorithm>

#include "core/dialog_end.hpp"
#include "core/extension_uri.hpp"
#include "engine/call_engine.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

constexpr std::chrono::seconds adrift_probe_interval{60};
/// A call for help ends where nothing was heard of anybody for so long.
constexpr auto unheard_for_help = 1h;

}  // namespace

bool CallEngine::is_for_help(const Call& call) const
{
    return is_emergency(call.dialled) ||
           std::ranges::any_of(call.legs, [this](const Leg& leg) {
               return !leg.trunk.empty() && leg.role == LegRole::callee &&
                      leg.state != LegState::terminated &&
                      is_emergency(extension_of(leg.phone.uri));
           });
}

bool CallEngine::is_forsaken(const Call& call, Moment now) const
{
    const auto may_be_there = [now](const Leg& leg) {
        if (!leg.talking() || leg.slot || leg.leaving) return false;
        const bool asked = leg.failed_probes > 0 || !can_be_probed(leg);
        return !asked || now.mono - leg.heard_at < unheard_for_help;
    };
    return std::ranges::none_of(call.legs, may_be_there) && is_for_help(call);
}

void CallEngine::probe(Call& call, Moment now, Outbox& outbox)
{
    if (call.phase != CallPhase::talking) return;
    if (is_forsaken(call, now))
        return end_call(call, {}, LegInput::timeout, LegInput::timeout,
                        "SIP;cause=408;text=\"Nobody has answered for an hour\"", now, outbox);
    restore_session(call, now, outbox);
    for (auto& leg : call.legs)
        if (now.mono - leg.heard_at >= settings_.probe_interval) ask(leg, outbox);
    if (settings_.probe_interval > 0s)
        set_timer(call, CallTimer::probe, now.mono + settings_.probe_interval);
}

void CallEngine::ask(Leg& leg, Outbox& outbox)
{
    if (!leg.talking() || leg.slot || leg.leaving || leg.probe_out || leg.ack_due || leg.ack_owed)
        return;
    if (leg.proxied) return probe_proxied(leg, outbox);
    leg.probe_out = transaction_ids_.next();
    request(leg, {.transaction = leg.probe_out, .method = Method::options}, outbox);
}

bool CallEngine::is_to_be_asked(Call& call, const Leg& leg, const ResponseReceived& silence)
{
    if (leg.proxied || !speaks_of_call(silence.method)) return false;
    // Of OPTIONS only what another phone has sent: all others are that question.
    return silence.method != Method::options || call.find_relay(silence.transaction);
}

void CallEngine::went_unanswered(LegId id, bool in_doubt, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(id);
    if (!call || !leg->talking()) return;
    leg->unsure = leg->unsure || (in_doubt && !is_for_help(*call));
    if (now.mono - leg->heard_at >= request_lifetime)
        ask(*leg, outbox);
    else if (std::exchange(leg->unsure, false))
        restore_session(*call, *leg, now, outbox);
    sweep(*call, now, outbox);
}

void CallEngine::receive(const AnsweredBefore& input, Moment now, Outbox& outbox)
{
    const auto [call, leg] = find(input.leg);
    if (!call || leg->proxied || !leg->talking()) return;
    leg->heard_at = now.mono;
    // The answer to the first one has reached the caller, or the call would not have been kept.
    if (input.cseq != initial_invite_cseq) restore_session(*call, *leg, now, outbox);
    sweep(*call, now, outbox);
}

void CallEngine::probe_answered(Call& call, Leg& leg, const ResponseReceived& response, Moment now,
                                Outbox& outbox)
{
    leg.probe_out = {};
    if (!response.generated && leg.adrift) is_back(call, leg);
    if (response.generated && follows_registration(leg)) {
        if (find_again(call, leg, now, outbox)) return;
        if (response.status == 503) leg.adrift = true;
    }
    // A refused connection may be a phone that reboots its network: only the second one counts.
    leg.failed_probes = response.generated ? leg.failed_probes + 1 : 0;
    // One whose connection is gone may be on its way back, so that counts alike.
    bool gone = ends_dialog(response) && !(response.generated && leg.adrift);
    if (gone && leg.proxied && response.generated) {
        // What the two send each other is theirs to repeat, so no other request has met silence.
        if (now.mono - leg.heard_at < request_lifetime) leg.failed_probes = 0;
        gone = leg.failed_probes >= 2;
        if (leg.failed_probes == 1) return ask(leg, outbox);
    }
    const bool silent = leg.failed_probes >= 2 && !is_for_help(call);
    if (!gone && !silent) {
        if (!response.generated && std::exchange(leg.unsure, false)) call.astray = leg.id;
        // Whoever has been asked is asked once more, also where nobody else is.
        if (leg.failed_probes > 0 && settings_.probe_interval == 0s)
            set_timer(call, CallTimer::probe, now.mono + adrift_probe_interval);
        return;
    }
    if (leg.proxied) {
        // What a caller says is about its dialog with one of those who have answered.
        const bool of_peer = leg.role == LegRole::caller && !response.generated;
        Leg* callee = of_peer ? call.find(leg.peer) : &leg;
        if (callee && goes_on_without(call, *callee, LegInput::timeout, outbox)) return;
    }
    lost(call, leg, "SIP;cause=408;text=\"Phone is gone\"", now, outbox);
}

void CallEngine::lost(Call& call, Leg& leg, std::string_view reason, Moment now, Outbox& outbox)
{
    if (takes_part(call, leg))
        return end_call(call, {}, LegInput::timeout, LegInput::timeout, reason, now, outbox);
    if (!leg.talking() || leg.leaving) return;
    move(leg, LegInput::timeout, outbox);
    hang_up(leg, reason, outbox);
}

void CallEngine::phones_expelled(std::string_view aor, Moment now, Outbox& outbox)
{
    const auto rings_there = [aor](const Leg& leg) {
        return leg.extension == aor && leg.role == LegRole::callee && !leg.peer &&
               leg.state < LegState::confirmed;
    };
    for (const auto ref : occupancy_.calls_of(aor)) {
        const auto found = calls_.find(ref);  // the end of one may have been that of another
        if (found == calls_.end()) continue;
        Call& call = *found->second;
        if (std::ranges::none_of(call.legs, rings_there)) continue;
        cancel_branches(call, {}, "SIP;cause=480;text=\"Registration is over\"", nullptr, outbox,
                        aor);
        if (call.hunting && !wave_goes_on(call, now, outbox)) {
            ++call.hunting->wave;
            ring_wave(call, now, outbox);
        }
        sweep(call, now, outbox);
    }
}

void CallEngine::extensions_removed(const Directory& before, Moment now, Outbox& outbox)
{
    for (const auto* extension : before.extensions())
        if (!directory_->find(extension->number)) phones_expelled(extension->number, now, outbox);
}

void CallEngine::note_session(Leg& leg, std::chrono::seconds expires, Moment now)
{
    leg.session_ends_at.reset();
    if (expires > 0s) leg.session_ends_at = Moment{now.mono + expires, now.wall + expires};
}

void CallEngine::follow_session(Call& call)
{
    if (call.phase != CallPhase::talking) return;
    call.unsaved = true;
    const auto counts = [&call](const Leg& leg) {
        return leg.proxied ? leg.role == LegRole::callee && leg.talking() : takes_part(call, leg);
    };
    std::optional<std::chrono::steady_clock::time_point> first;
    for (const auto& leg : call.legs)
        if (leg.session_ends_at && counts(leg))
            first = std::min(first.value_or(leg.session_ends_at->mono), leg.session_ends_at->mono);
    if (first)
        set_timer(call, CallTimer::session, *first);
    else
        timers_.cancel(call.id, CallTimer::session);
}

void CallEngine::session_over(Call& call, Moment now, Outbox& outbox)
{
    bool goes_on = call.mode == CallMode::proxy;
    for (auto& leg : call.legs) {
        const bool over = leg.role == LegRole::callee && leg.talking() && leg.session_ends_at &&
                          leg.session_ends_at->mono <= now.mono;
        if (goes_on && over) goes_on = goes_on_without(call, leg, LegInput::timeout, outbox);
    }
    if (goes_on) return follow_session(call);
    end_call(call, {}, LegInput::timeout, LegInput::timeout,
             "SIP;cause=408;text=\"Session expired\"", now, outbox);
}

void CallEngine::drop_sessions(Call& call)
{
    call.session_expires = {};
    for (auto& leg : call.legs) leg.session_ends_at.reset();
    follow_session(call);
}

void CallEngine::session_kept(Call& call, Leg& leg, const ResponseReceived& success, Moment now)
{
    const auto& timer = success.session_timer;
    const bool kept = timer.refresher == Refresher::uas && timer.expires > 0s;
    if (!kept && !leg.session_ends_at) return;
    note_session(leg, kept ? timer.expires : 0s, now);  // without, it has none any more (§7.2)
    follow_session(call);
}

}  // namespace lampline
