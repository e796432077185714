// Join (RFC 3911): a third phone becomes a party of a call. The phone that is joined mixes; here
// its own dialog is named to it, and the INVITE goes to no other phone.
#include "engine/call_engine.hpp"

namespace lampline {

Leg* CallEngine::find_joined(const Replaces& join)
{
    Leg* found = nullptr;
    for (const auto id : index_.by_call_id(join.call_id)) {
        const auto [call, leg] = find(id);
        const DialogId& dialog = leg->dialog;
        Leg* named = nullptr;
        // The to-tag is that of whoever is joined (§4): a phone's own, as its lamp shows it. Ours
        // stands for whom that phone talks to.
        if (join.to_tag == dialog.remote_tag && join.from_tag == dialog.local_tag)
            named = leg;
        else if (join.to_tag == dialog.local_tag && join.from_tag == dialog.remote_tag)
            named = call->peer_of(*leg);
        if (!named) continue;
        if (found && found != named) return nullptr;  // more than one: as if there were none
        found = named;
    }
    return found;
}

bool CallEngine::may_join(std::string_view extension, const Leg& leg) const
{
    if (extension == leg.extension) return true;
    const auto* right = directory_->right(extension, leg.extension);
    return right && right->rights.join;
}

void CallEngine::receive_join(const InviteReceived& input, Moment now, Outbox& outbox)
{
    if (input.replaces)
        return reject(input, 400, "Join Or Replaces", outbox,
                      {warning_of("Join: contradicts the Replaces beside it")});
    if (input.join->to_tag.empty() || input.join->from_tag.empty())
        return reject(input, 400, "Bad Join", outbox,
                      {warning_of("Join: expected a Call-ID, to-tag and from-tag")});
    Leg* joined = find_joined(*input.join);
    if (!joined || joined->slot) return reject(input, 481, "No Such Dialog To Join", outbox);
    if (!joined->trunk.empty() || !may_join(input.authenticated, *joined))
        return reject(input, 403, "Not Yours To Join", outbox);
    if (joined->state == LegState::terminated) return reject(input, 603, "Call Has Ended", outbox);
    if (joined->dialog.remote_tag.empty() || joined->flow == input.source)
        return reject(input, 481, "No Such Dialog To Join", outbox);
    if (joined->proxied) return join_proxied(*joined, input, now, outbox);

    const DialogId own = joined->dialog;
    const std::string extension = joined->extension;
    const Target target{joined->dialog_state.target, joined->dialog_state.route, joined->flow};
    Call& call = open_call(input, CallMode::bridge, now, outbox);
    Leg& caller = call.caller();
    caller.other = party_of(extension, {});
    announce(caller, outbox);

    constexpr auto end_to_end = OptionTag::timer | OptionTag::reliable | OptionTag::join;
    Hunting hunting;
    hunting.hunt.number = extension;
    hunting.hunt.waves = {{.members = {}}};
    hunting.caller = caller.extension;
    hunting.own = caller.flow;
    hunting.dialled = call.dialled;
    hunting.invitation = {
        .from = caller.phone,
        .max_forwards = input.max_forwards - 1,
        .supported = (input.supported | input.required) & end_to_end,
        .required = input.required & end_to_end,
        .session_timer = timer_to_forward(input.session_timer, settings_.session_expires),
        .headers = {{"Join",
                     own.call_id + ";to-tag=" + own.remote_tag + ";from-tag=" + own.local_tag}},
        .payload = input.payload,
        .extension = caller.extension,
        .anonymous = caller.anonymous,
    };
    hunting.asked = input.payload;
    if (settings_.ring_timeout > 0s) hunting.wave_ends = now.mono + settings_.ring_timeout;
    call.hunting = std::make_unique<Hunting>(std::move(hunting));
    ring(call, extension, call.hunting->invitation, target, input.focus, now, outbox);
    wave_goes_on(call, now, outbox);
    sweep(call, outbox);
}

}  // namespace lampline
