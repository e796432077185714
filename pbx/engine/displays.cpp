// Whom phones are told they talk to: P-Asserted-Identity or Remote-Party-ID (RFC 3325), in what is
// sent anyway, and in an UPDATE (RFC 3311), or for want of that a re-INVITE, where nothing is.
#include "engine/displays.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/sdp.hpp"
#include "core/trunk_identity.hpp"
#include "engine/call_engine.hpp"
#include "engine/call_words.hpp"
#include "engine/leg_pair.hpp"
#include "engine/leg_session.hpp"

namespace lampline {
namespace {

/// An INVITE that follows on the ACK of another one might overtake it (UDP), and who is moved on
/// at once needs none.
constexpr std::chrono::milliseconds pause_before_invite{500};
/// A phone that asks its user keeps everybody else from changing the session, and they wait no
/// longer than Glare::patience.
constexpr auto invite_answered_within = 4s;
/// Whoever had to wait for it has had its turn by then.
constexpr auto pause_after_cancel = Glare::patience;
/// The shortest that any phone is asked for (RFC 4028 §4).
constexpr auto shortest_session = 90s;

}  // namespace

NameAddr presented(const Leg& leg)
{
    return leg.anonymous ? anonymous_party() : leg.phone;
}

void CallEngine::note_abilities(Leg& leg, const ResponseReceived& response) const
{
    leg.supported = response.supported | response.required;
    leg.takes_update = response.allows_update;
    note_methods(leg, response);
    note_privacy(leg, response.payload);
    if (leg.trunk.empty()) leg.identity = identity_for(response.user_agent);
}

/// Whoever has once asked for it stays anonymous, whatever it says later (RFC 3323).
void note_privacy(Leg& leg, const PayloadRef& payload)
{
    leg.anonymous = leg.anonymous || wants_privacy({}, payload);
}

IdentityHeader CallEngine::identity_for(std::string_view user_agent) const
{
    return directory_->profile_for({}, user_agent)->identity;
}

std::vector<Header> CallEngine::asserted_to(const Leg& leg, const Leg& other) const
{
    const auto shown = shown_to(leg, other);
    return shown ? leg.identifies(*shown) : std::vector<Header>{};
}

void is_shown(Leg& leg, const Leg& other)
{
    leg.other = presented(other);
    leg.display.reset();
}

void CallEngine::show(Call& call, Leg& leg, const Leg& other, Moment now, Outbox& outbox)
{
    auto party = presented(other);
    const bool stale = write(leg.other) != write(party);
    leg.other = std::move(party);
    if (stale) show_again(call, leg, now, outbox);
}

void CallEngine::show_again(Call& call, Leg& leg, Moment now, Outbox& outbox)
{
    if (!leg.talking() || leg.slot || leg.proxied || !leg.trunk.empty()) return;
    if (!leg.display) leg.display = DisplayUpdate{};
    leg.display->changed = true;
    leg.display->repeated = false;
    if (leg.takes_update) update_display(call, leg, now, outbox);  // else plan_displays()
}

void CallEngine::show_own_party(Call& call, Leg& leg, Moment now, Outbox& outbox)
{
    if (leg.takes_update || !leg.trunk.empty()) return show_again(call, leg, now, outbox);
    call.astray = leg.id;
}

void CallEngine::hide(Call& call, Leg& leg, const Leg& party, Moment now, Outbox& outbox)
{
    if (!party.anonymous || write(leg.other) == write(presented(party))) return;
    call.unsaved = true;
    show(call, leg, party, now, outbox);
    announce(leg, outbox);
}

void CallEngine::update_display(Call& call, Leg& leg, Moment now, Outbox& outbox)
{
    DisplayUpdate& display = *leg.display;
    if (display.sent || display.again_at) return;
    if (!leg.takes_update) return repeat_session(call, leg, now, outbox);
    // A phone that has an UPDATE to answer refuses any other (RFC 3311 §5.2), and an INVITE may be
    // about to tell it something newer.
    const bool changes =
        call.session_pending(leg) || std::ranges::any_of(call.relays, [&](const Relay& relay) {
            return relay.method == Method::update && relay.to == leg.id;
        });
    if (changes) {
        display.again_at = display.glare.held_up(now.mono);
        if (!display.again_at) leg.display.reset();
        return wake_for_displays(call);
    }
    display.changed = false;
    display.sent = transaction_ids_.next();
    request(leg,
            {.transaction = display.sent,
             .method = Method::update,
             .supported = leg.supported & OptionTag::timer,
             .session_timer = timer_of_display(call, leg, now),
             .headers = leg.identifies(leg.other)},
            outbox);
}

/// With the next refresh of this phone the other's session is to be still there: each display alone
/// would put that off by half an interval.
SessionTimer CallEngine::timer_of_display(const Call& call, const Leg& leg, Moment now)
{
    if (!has(leg.supported, OptionTag::timer) && !leg.session_ends_at) return {};
    auto expires = call.session_expires;
    if (const Leg* other = call.find(leg.peer); other && other->session_ends_at) {
        const auto left = std::chrono::duration_cast<std::chrono::seconds>(
            other->session_ends_at->mono - now.mono);
        expires = std::min(expires, std::max<std::chrono::seconds>(left, shortest_session));
    }
    return timer_kept_by_phone(expires, leg.min_se);
}

bool CallEngine::may_repeat_session(const Call& call, const Leg& leg) const
{
    const Leg* other = call.find(leg.peer);
    const bool talks =
        call.phase == CallPhase::talking && !leg.proxied && !leg.leaving && call.is_connected(leg);
    if (!talks || other->slot || !has_body(other->sdp) || is_for_help(call)) return false;
    // On hold the two need not have been told what the other has said last, and old phones take any
    // INVITE for its end.
    if (leg.held || other->held || call.astray || call.early_answer || leg.adrift) return false;
    return !is_moving(call) && !call.pickup && !call.session_pending(leg) &&
           !call.session_pending(*other) &&
           std::ranges::none_of(call.relays,
                                [](const Relay& relay) { return changes_session(relay.method); });
}

void CallEngine::plan_displays(Call& call, Moment now)
{
    bool planned = false;
    for (auto& leg : call.legs) {
        if (!leg.display || leg.takes_update || leg.display->sent || leg.display->again_at ||
            !may_repeat_session(call, leg))
            continue;
        leg.display->again_at = now.mono + pause_before_invite;
        planned = true;
    }
    if (planned) wake_for_displays(call);
}

void CallEngine::repeat_session(Call& call, Leg& leg, Moment now, Outbox& outbox)
{
    DisplayUpdate& display = *leg.display;
    if (!may_repeat_session(call, leg)) return display.glare.over();  // planned anew at rest
    const auto& session = *call.find(leg.peer)->sdp;
    display.changed = false;
    display.sent = invite(
        leg,
        {.supported = leg.supported & OptionTag::timer,
         .session_timer = timer_of_display(call, leg, now),
         .headers = leg.identifies(leg.other),
         .payload =
             std::make_shared<const Payload>(Payload{session.content_type, session.body, {}})},
        invite_answered_within, now, outbox);
}

void CallEngine::session_repeated(Call& call, Leg& leg, const PayloadRef& answer, Moment now,
                                  Outbox& outbox)
{
    const Leg* other = call.find(leg.peer);
    if (!leg.talking() || !other || !has_body(answer)) return;
    // What the other phone was told stays what counts.
    if (has_body(leg.sdp) && answers_as_before(leg.sdp->body, body_of(other->sdp), answer->body))
        return;
    if (note_hold(leg, answer, SdpRole::answer)) announce(leg, outbox);
    call.unsaved = true;
    restore_session(call, leg, now, outbox);
}

void CallEngine::display_answered(Call& call, Leg& leg, const ResponseReceived& response,
                                  Moment now, Outbox& outbox)
{
    if (response.status < 200) return;
    DisplayUpdate& display = *leg.display;
    const bool success = response.status < 300;
    const bool by_invite = display.sent == leg.invite_out;
    display.sent = {};
    if (by_invite) {
        leg.invite_out = {};
        if (success) outbox.send(SendAck{leg.id, response.transaction, nullptr});
    }
    if (success) {
        note_target(call, leg, response);
        session_kept(call, leg, response, now);
    }
    if (!by_invite && (response.status == 405 || response.status == 501)) {
        // It has said otherwise, and is asked as any other phone without UPDATE.
        leg.takes_update = false;
        leg.refuses_update = true;
        display.changed = true;
    }
    display.again_at = sent_again_at(leg, display.glare, response, now);
    if (by_invite && response.status == 487 && !std::exchange(display.repeated, true))
        display.again_at = now.mono + pause_after_cancel;
    if (response.status != 491) display.glare.over();
    const bool owed = display.again_at || (display.changed && response.status != 491);
    if (!leg.talking() || !owed)
        leg.display.reset();
    else if (display.again_at)
        wake_for_displays(call);
    else if (leg.takes_update)
        update_display(call, leg, now, outbox);
    if (by_invite && success) session_repeated(call, leg, response.payload, now, outbox);
    if (ends_dialog(response)) lost(call, leg, peer_gone, now, outbox);
}

void CallEngine::displays_due(Call& call, Moment now, Outbox& outbox)
{
    for (auto& leg : call.legs) {
        if (!leg.display || !leg.display->again_at || *leg.display->again_at > now.mono) continue;
        leg.display->again_at.reset();
        if (leg.talking())
            update_display(call, leg, now, outbox);
        else
            leg.display.reset();
    }
    wake_for_displays(call);
}

void CallEngine::wake_for_displays(const Call& call)
{
    std::optional<std::chrono::steady_clock::time_point> first;
    for (const auto& leg : call.legs) {
        if (!leg.display || !leg.display->again_at) continue;
        first = std::min(first.value_or(*leg.display->again_at), *leg.display->again_at);
    }
    if (first) set_timer(call, CallTimer::display, *first);
}

}  // namespace lampline
