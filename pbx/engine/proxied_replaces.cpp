// Replaces where a dialog is shared by two phones (proxy mode): only the phone at its other end can
// put another call in its place, so the INVITE is passed on to that one, or sent to it.
#include "engine/call_engine.hpp"
#include "engine/leg_reach.hpp"

namespace lampline {
namespace {

/// The dialog that the phone at the other end of `leg` shares with it, as that phone compares it
/// (RFC 3891 §3): its own tag is the to-tag. 0 stands for that of a phone that gives none.
std::string replaced_by(const Leg& leg)
{
    const auto or_zero = [](const std::string& tag) { return tag.empty() ? "0" : tag; };
    return leg.dialog.call_id + ";to-tag=" + or_zero(leg.dialog.local_tag) +
           ";from-tag=" + or_zero(leg.dialog.remote_tag);
}

Target target_at(const Leg& leg)
{
    return {leg.dialog_state.target, leg.dialog_state.route, leg.flow};
}

}  // namespace

void CallEngine::replace_proxied(Leg& leg, const InviteReceived& input, Moment now, Outbox& outbox)
{
    Call& call = *find(leg.id).first;
    const bool early = !leg.talking();
    const Leg* other = early ? &call.caller() : call.find(leg.peer);
    // A phone that rings and has not spoken shares no dialog yet.
    const bool unheard = early && leg.dialog.remote_tag.empty();
    if (!other || other->state == LegState::terminated || unheard)
        return reject(input, 481, "No Such Dialog To Replace", outbox,
                      {addresses_.warning_of(unheard ? "Replaces: the phone has said nothing of the dialog yet"
                                                     : "Replaces: the other phone has left")});
    // A caller that does not know the header would ring as if it was called.
    const bool knows = !early || has(other->supported, OptionTag::replaces);
    if (!other->trunk.empty() || !knows)
        return reject(input, 488, "Call In Proxy Mode", outbox, {proxied_warning()});
    const CallRef replaced = call.id;
    const LegId own = other->id;
    const auto [next, rung] =
        pass_to_phone(input, *other, {"Replaces", replaced_by(leg)}, now, outbox);
    // A phone that has taken one of these refuses those that follow.
    if (early && !is_taken(call)) call.taken_by = rung;
    outbox.announce(CallReplacing{next, rung, replaced, own});
}

bool CallEngine::is_taken(const Call& call) const
{
    const auto found = by_leg_.find(call.taken_by);
    if (!call.taken_by || found == by_leg_.end()) return false;
    const Leg* leg = found->second->find(call.taken_by);
    return leg && leg->state != LegState::terminated;
}

/// The transferor's other call is one dialog with the target's phone: that one is called with
/// Replaces, and ends the other by itself.
void CallEngine::consult_proxied(Call& call, const Leg& consulted, std::vector<Header> headers,
                                 Moment now, Outbox& outbox)
{
    const Leg* target = find(consulted.peer).second;
    if (!consulted.talking() || !target || !target->talking() ||
        target->id == call.transfer->transferee)
        return transfer_failed(call, 481, "No Such Dialog To Replace", now, outbox);
    if (!target->trunk.empty())
        return transfer_failed(call, 488, "Call In Proxy Mode", now, outbox);
    const std::string extension = target->extension;
    const Leg& transferee = *call.find(call.transfer->transferee);
    headers.push_back({"Replaces", replaced_by(consulted)});
    Hunting hunting;
    hunting.caller = consulted.extension;
    hunting.own = address_of(transferee);
    hunting.dialled = extension;
    hunting.invitation = {
        .from = transferee.phone,
        .max_forwards = 70,
        .supported = transferee.supported & OptionTag::timer,
        .required = OptionTag::replaces,
        .session_timer = timer_to_forward({}, settings_.session_expires),
        .headers = std::move(headers),
        .extension = transferee.extension,
        .anonymous = transferee.anonymous,
    };
    const CallRef replaced = hunting.replaced = find(consulted.id).first->id;
    const LegId own = hunting.replaced_at = target->id;
    const LegId rung =
        call_phone(call, extension, target_at(*target), std::move(hunting), now, outbox);
    outbox.announce(CallReplacing{call.id, rung, replaced, own});
}

}  // namespace lampline
