// Join (RFC 3911): a third phone becomes a party of a call. The phone that is joined mixes; here
// its own dialog is named to it, and the INVITE goes to no other phone.
#include "base/text.hpp"
#include "engine/call_engine.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

/// Require, with what the sender requires of it that is known here.
Header requires_also(OptionTag required, std::string tag)
{
    if (has(required, OptionTag::timer)) tag += ", timer";
    if (has(required, OptionTag::reliable)) tag += ", 100rel";
    return {"Require", std::move(tag)};
}

}  // namespace

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
        if (!found || found->state == LegState::terminated)
            found = named;
        else if (found != named && named->state != LegState::terminated)
            return nullptr;  // more than one: as if there were none
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
                      {addresses_.warning_of("Join: contradicts the Replaces beside it")});
    if (input.join->to_tag.empty() || input.join->from_tag.empty())
        return reject(input, 400, "Bad Join", outbox,
                      {addresses_.warning_of("Join: expected a Call-ID, to-tag and from-tag")});
    Leg* joined = find_joined(*input.join);
    if (!joined && ended_.has(*input.join, now.mono))
        return reject(input, 603, "Call Has Ended", outbox);
    if (!joined || joined->slot) return reject(input, 481, "No Such Dialog To Join", outbox);
    if (!joined->trunk.empty() || !may_join(input.authenticated, *joined))
        return reject(input, 403, "Not Yours To Join", outbox);
    if (joined->state == LegState::terminated) return reject(input, 603, "Call Has Ended", outbox);
    const bool itself = locations_.are_same(
        address_of(*joined), {input.source, input.contact, input.authenticated});
    if (joined->dialog.remote_tag.empty() || itself)
        return reject(input, 481, "No Such Dialog To Join", outbox);
    const DialogId& own = joined->dialog;
    pass_to_phone(
        input, *joined,
        {"Join", own.call_id + ";to-tag=" + own.remote_tag + ";from-tag=" + own.local_tag}, now,
        outbox);
}

std::pair<CallRef, LegId> CallEngine::pass_to_phone(const InviteReceived& input, const Leg& to,
                                                    Header dialog, Moment now, Outbox& outbox)
{
    const bool proxied = to.proxied;
    const std::string extension = to.extension;
    Target target{to.dialog_state.target, to.dialog_state.route, to.flow};
    Call& call = open_call(input, proxied ? CallMode::proxy : CallMode::bridge, now, outbox);
    Leg& caller = call.caller();
    caller.other = addresses_.party_of(extension, {});
    announce(caller, outbox);

    Hunting hunting;
    hunting.caller = caller.extension;
    hunting.own = address_of(caller);
    hunting.dialled = call.dialled;
    hunting.invitation = {
        .from = caller.phone,
        .max_forwards = input.max_forwards - 1,
        .session_timer = timer_to_forward(input.session_timer, settings_.session_expires),
        .payload = input.payload,
        .extension = caller.extension,
    };
    auto& invitation = hunting.invitation;
    if (proxied) {
        // What else the sender says passes by itself.
        auto required = requires_also(input.required, lowered(dialog.name));
        invitation.headers = {std::move(dialog), std::move(required)};
    } else {
        constexpr auto end_to_end = OptionTag::timer | OptionTag::reliable | OptionTag::join;
        invitation.supported = (input.supported | input.required) & end_to_end;
        invitation.required = input.required & OptionTag::join;
        invitation.headers = {std::move(dialog)};
        invitation.anonymous = caller.anonymous;
        invitation.focus = input.focus;
    }
    const CallRef id = call.id;
    const LegId rung =
        call_phone(call, extension, std::move(target), std::move(hunting), now, outbox);
    sweep(call, now, outbox);
    return {id, rung};
}

}  // namespace lampline
