// Replaces and Join where a dialog is shared by two phones (proxy mode): only the phone at its
// other end can put another call in its place, so the INVITE is passed on to that one, or sent to
// it.
#include <algorithm>

#include "core/refer.hpp"
#include "engine/call_engine.hpp"

namespace lampline {
namespace {

/// For as long does who was referred call.
constexpr auto referral_lasts = 60s;
constexpr std::size_t max_referrals = 256;

/// The dialog that the phone at the other end of `leg` shares with it, as that phone compares it
/// (RFC 3891 §3): its own tag is the to-tag.
std::string replaced_by(const Leg& leg)
{
    return leg.dialog.call_id + ";to-tag=" + leg.dialog.local_tag +
           ";from-tag=" + leg.dialog.remote_tag;
}

Target target_at(const Leg& leg)
{
    return {leg.dialog_state.target, leg.dialog_state.route, leg.flow};
}

/// Require, with what the sender requires of it that is known here.
Header requires_also(OptionTag required, std::string_view tag)
{
    std::string value{tag};
    if (has(required, OptionTag::timer)) value += ", timer";
    if (has(required, OptionTag::reliable)) value += ", 100rel";
    return {"Require", value};
}

}  // namespace

void CallEngine::replace_proxied(Leg& leg, const InviteReceived& input, Moment now, Outbox& outbox)
{
    Call& call = *find(leg.id).first;
    const bool early = !leg.talking();
    const Leg* other = early ? &call.caller() : call.find(leg.peer);
    if (!other || other->state == LegState::terminated || leg.dialog.remote_tag.empty() ||
        leg.dialog.local_tag.empty())
        return reject(input, 481, "No Such Dialog To Replace", outbox);
    // A caller that does not know the header would ring as if it was called.
    const bool knows = !early || has(other->supported, OptionTag::replaces);
    if (!other->trunk.empty() || !knows)
        return reject(input, 488, "Call In Proxy Mode", outbox, {proxied_warning()});
    pass_to_phone(input, *other,
                  {{"Replaces", replaced_by(leg)}, requires_also(input.required, "replaces")}, now,
                  outbox);
}

void CallEngine::join_proxied(const Leg& joined, const InviteReceived& input, Moment now,
                              Outbox& outbox)
{
    const DialogId& own = joined.dialog;
    pass_to_phone(
        input, joined,
        {{"Join", own.call_id + ";to-tag=" + own.remote_tag + ";from-tag=" + own.local_tag},
         requires_also(input.required, "join")},
        now, outbox);
}

/// To just the phone of `to`, with these headers in place of the sender's own.
void CallEngine::pass_to_phone(const InviteReceived& input, const Leg& to,
                               std::vector<Header> headers, Moment now, Outbox& outbox)
{
    const std::string extension = to.extension;
    Target target = target_at(to);
    Call& call = open_call(input, CallMode::proxy, now, outbox);
    Leg& caller = call.caller();
    caller.other = party_of(extension, {});
    announce(caller, outbox);
    Hunting hunting;
    hunting.hunt.number = extension;
    hunting.hunt.waves = {{.members = {}}};
    hunting.caller = caller.extension;
    hunting.own = caller.flow;
    hunting.dialled = call.dialled;
    hunting.invitation = {
        .from = caller.phone,
        .max_forwards = input.max_forwards - 1,
        .session_timer = timer_to_forward(input.session_timer, settings_.session_expires),
        .headers = std::move(headers),
        .payload = input.payload,
        .extension = caller.extension,
    };
    hunting.asked = input.payload;
    if (settings_.ring_timeout > 0s) hunting.wave_ends = now.mono + settings_.ring_timeout;
    call.hunting = std::make_unique<Hunting>(std::move(hunting));
    ring(call, extension, call.hunting->invitation, std::move(target), false, now, outbox);
    wave_goes_on(call, now, outbox);
    sweep(call, outbox);
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
    hunting.hunt.number = extension;
    hunting.hunt.waves = {{.members = {}}};
    hunting.caller = consulted.extension;
    hunting.own = transferee.flow;
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
    if (settings_.ring_timeout > 0s) hunting.wave_ends = now.mono + settings_.ring_timeout;
    call.hunting = std::make_unique<Hunting>(std::move(hunting));
    ring(call, extension, call.hunting->invitation, target_at(*target), false, now, outbox);
    wave_goes_on(call, now, outbox);
}

void CallEngine::note_referral(const Leg& by, const Leg& to, const PayloadRef& payload, Moment now)
{
    std::erase_if(referrals_, [&](const Referred& each) { return each.until <= now.mono; });
    if (!payload || by.extension.empty() || to.extension.empty()) return;
    for (const auto& header : payload->headers) {
        const auto target = header.name == "Refer-To" ? parse_refer_to(header.value) : std::nullopt;
        if (!target || !target->replaces || referrals_.size() >= max_referrals) continue;
        referrals_.push_back(
            {to.extension, by.extension, target->replaces->call_id, now.mono + referral_lasts});
    }
}

bool CallEngine::was_referred(std::string_view extension, const Leg& leg, Moment now) const
{
    return std::ranges::any_of(referrals_, [&](const Referred& each) {
        return each.until > now.mono && each.extension == extension && each.by == leg.extension &&
               each.call_id == leg.dialog.call_id;
    });
}

}  // namespace lampline
