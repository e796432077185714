// Whom phones are told they talk to: P-Asserted-Identity or Remote-Party-ID (RFC 3325), in what is
// sent anyway, and in an UPDATE (RFC 3311), or for want of that a re-INVITE, where nothing is.
#include "engine/displays.hpp"

#include <algorithm>

#include "core/trunk_identity.hpp"
#include "engine/call_engine.hpp"
#include "engine/leg_session.hpp"

namespace lampline {

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
    if (!leg.takes_update || !leg.talking() || leg.slot || !leg.trunk.empty()) return;
    if (!leg.display) leg.display = DisplayUpdate{};
    leg.display->changed = true;
    update_display(call, leg, now, outbox);
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
             .session_timer = has(leg.supported, OptionTag::timer) || leg.session_ends_at
                                  ? timer_kept_by_phone(call.session_expires, leg.min_se)
                                  : SessionTimer{},
             .headers = leg.identifies(leg.other)},
            outbox);
}

void CallEngine::display_answered(Call& call, Leg& leg, const ResponseReceived& response,
                                  Moment now, Outbox& outbox)
{
    if (response.status < 200) return;
    DisplayUpdate& display = *leg.display;
    display.sent = {};
    if (response.status < 300) {
        note_target(call, leg, response);
        session_kept(call, leg, response, now);
    }
    display.again_at = sent_again_at(leg, display.glare, response, now);
    if (response.status != 491) display.glare.over();
    if (!leg.talking() || !(display.again_at || (display.changed && response.status != 491)))
        return leg.display.reset();
    if (display.again_at) return wake_for_displays(call);
    update_display(call, leg, now, outbox);
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
    for (const auto& leg : call.legs)
        if (leg.display && leg.display->again_at && (!first || *leg.display->again_at < *first))
            first = leg.display->again_at;
    if (first) set_timer(call, CallTimer::display, *first);
}

}  // namespace lampline
