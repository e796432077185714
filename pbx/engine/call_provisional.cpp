// What a caller is told before the answer: provisional responses, reliable or not (RFC 3262), and the
// session that it has by then.
#include <algorithm>
#include <span>

#include "core/extension_uri.hpp"
#include "core/sdp.hpp"
#include "engine/call_engine.hpp"
#include "engine/displays.hpp"
#include "engine/early_answer.hpp"
#include "engine/leg_reach.hpp"
#include "engine/leg_session.hpp"

namespace lampline {
namespace {

/// How much a caller learns by a provisional response: that a phone rings is what it waits for.
int weight_of(unsigned status) noexcept
{
    switch (status) {
    case 180: return 3;
    case 182: return 2;
    case 181: return 1;
    default: return 0;
    }
}

/// As many early dialogs of one INVITE are told apart.
constexpr std::size_t most_early_dialogs = 32;

/// Whether a provisional response without a body changes anything for the caller, who may have
/// heard of other phones.
bool is_news(const Call& call, const Leg& leg, unsigned status) noexcept
{
    if (call.told_progress == status) return false;
    const Leg* teller = call.find(call.progress_of);
    const bool others = teller && teller->id != leg.id && teller->state != LegState::terminated;
    return !others || weight_of(status) > weight_of(call.told_progress);
}

/// A proxy before the phone may have forked the INVITE (RFC 3261 §13.2.2.4).
void note_early_dialog(Leg& leg, const std::string& tag)
{
    auto& tags = leg.early_tags;
    if (tags.size() > most_early_dialogs || std::ranges::find(tags, tag) != tags.end()) return;
    // One too many is nobody's, so that no 199 ends the last of them.
    tags.push_back(tags.size() < most_early_dialogs ? tag : std::string{});
}

/// Whether the early dialog of `tag` was the last of the phone. A 199 for one that has not begun is
/// discarded (RFC 6228 §4).
bool ends_last_early_dialog(Leg& leg, const std::string& tag)
{
    return !tag.empty() && std::erase(leg.early_tags, tag) != 0 && leg.early_tags.empty();
}

/// Once no phone rings but that of `leg`, and nobody is left to try.
bool is_last(const Call& call, const Leg& leg) noexcept
{
    if (call.transfer || call.pickup || !call.hunting) return false;
    const Hunting& hunting = *call.hunting;
    const Hunt& hunt = hunting.hunt;
    return hunting.wave + 1 >= hunt.waves.size() && hunting.waiting.empty() &&
           hunting.deflections.empty() && hunt.if_busy.empty() && hunt.if_no_answer.empty() &&
           hunt.if_unreachable.empty() && hunt.if_refused.empty() &&
           std::ranges::none_of(call.legs, [&](const Leg& other) {
               return other.role == LegRole::callee && other.id != leg.id &&
                      other.state != LegState::terminated;
           });
}

}  // namespace

void CallEngine::branch_provisional(Call& call, Leg& leg, const ResponseReceived& response,
                                    Moment now, Outbox& outbox)
{
    if (leg.via.empty() && !response.via.empty()) {
        leg.via = {response.via};
        if (call.ringing_kept) loose_ends_.keep(call, outbox);
    }
    if (leg.state == LegState::terminated) return;
    note_privacy(leg, response.payload);
    note_methods(leg, response);
    if (response.status == 199) return early_dialog_ended(call, leg, response, outbox);
    if (response.status == 100 || response.to_tag.empty()) {
        move(leg, LegInput::provisional, outbox);
        if (response.status == 100) return;
    } else {
        const bool new_tag = leg.dialog.remote_tag != response.to_tag;
        note_tag(leg, response.to_tag, outbox);
        if (leg.state == LegState::early && new_tag) announce(leg, outbox);
        if (!leg.proxied) note_early_dialog(leg, response.to_tag);
        move(leg, LegInput::provisional_with_tag, outbox);
    }

    if (leg.proxied) return passed_provisional(call, response, outbox);
    const bool reliable =
        response.reliable.rseq != 0 && has(call.caller().supported, OptionTag::reliable);
    if (response.reliable.rseq != 0 && !(reliable && call.caller().invite_in))
        acknowledge_provisional(call, leg, response, outbox);
    if (call.transfer && call.transfer->reported < response.status) {
        std::span<const Header> why;
        if (response.payload) why = response.payload->headers;
        report(call, response.status, response.phrase, false, now, outbox, why);
    }
    Leg& caller = call.caller();
    if (!caller.invite_in) return;
    auto payload = told_after_early(call, leg, response.payload);
    // What is told reliably counts, and the phone has not offered anything yet that way.
    const bool made_reliable = caller.needs_reliable && !reliable;
    if (made_reliable && !has_body(call.offer)) payload = without_body(payload);
    if ((reliable || made_reliable) && !call.early_answer && has_body(payload) &&
        call.reliable.size() < most_unacknowledged)
        call.early_answer =
            EarlyAnswer{.of = leg.id, .sdp = payload, .offers = !has_body(call.offer)};
    if (reliable) {
        if (call.reliable.size() >= most_unacknowledged) return;
        const bool told = call.early_answer && call.early_answer->of == leg.id;
        call.reliable.push_back({leg.id, response.transaction, response.reliable.rseq,
                                 response.to_tag,
                                 told ? nullptr : silent_answer(call, leg, response)});
    } else if (!has_body(payload)) {
        if (!is_news(call, leg, response.status)) return;
        call.told_progress = response.status;
        call.progress_of = leg.id;
    }
    std::vector<Header> headers;  // who rings, when it is not who was dialled
    if (const auto shown = shown_to(caller, leg); shown && extension_of(shown->uri) != call.dialled)
        headers = caller.identifies(*shown);
    tell_progress(call,
                  {.transaction = caller.invite_in,
                   .status = response.status,
                   .phrase = response.phrase,
                   .headers = std::move(headers),
                   .required = reliable ? OptionTag::reliable : OptionTag::none,
                   .reliable = reliable,
                   .allows_update = !leg.refuses_update,
                   .payload = payload},
                  outbox);
    move(caller, LegInput::provisional_with_tag, outbox);
}

/// A callee, or one behind a proxy, is out of the race before the final response of all (RFC 6228).
/// All that rings here is one early dialog to the caller, so it only learns of the last one.
void CallEngine::early_dialog_ended(Call& call, Leg& leg, const ResponseReceived& response,
                                    Outbox& outbox)
{
    Leg& caller = call.caller();
    if (leg.proxied) {
        if (caller.invite_in && response.message)
            outbox.send(ForwardResponse{.request = call.passed_on, .message = response.message});
        return;
    }
    if (response.reliable.rseq != 0) acknowledge_provisional(call, leg, response, outbox);
    if (!ends_last_early_dialog(leg, response.to_tag)) return;
    if (!caller.invite_in || !has(caller.supported, OptionTag::early_end) || !is_last(call, leg))
        return;
    call.told_progress = response.status;
    call.progress_of = leg.id;
    tell_progress(call,
                  {.transaction = caller.invite_in,
                   .status = response.status,
                   .phrase = response.phrase,
                   .allows_update = !leg.refuses_update},
                  outbox);
}

/// The phone of `leg` was asked for an offer, and has made one that the caller is not told, who has
/// one of another phone already: the answer, with nothing to hear. Null: it offers nothing.
PayloadRef CallEngine::silent_answer(const Call& call, Leg& leg,
                                     const ResponseReceived& response) const
{
    const bool asked = call.hunting && !has_body(call.hunting->invitation.payload);
    if (!asked || !has_body(response.payload) || has_body(leg.sdp)) return nullptr;
    leg.sdp = response.payload;
    return silence(response.payload->body);
}

/// The caller does not know how, so it is not told reliably, and will not do it.
void CallEngine::acknowledge_provisional(Call& call, Leg& leg, const ResponseReceived& response,
                                         Outbox& outbox)
{
    request(leg,
            {.transaction = transaction_ids_.next(),
             .method = Method::prack,
             .acknowledges = response.transaction,
             .rack_rseq = response.reliable.rseq,
             .early_tag = response.to_tag,
             .payload = silent_answer(call, leg, response)},
            outbox);
}

void CallEngine::relay_prack(Call& call, Leg& caller, const RequestReceived& input, Outbox& outbox)
{
    // The stack lets only the PRACK of the oldest unacknowledged response through, so they match in
    // order.
    if (caller.role != LegRole::caller || call.reliable.empty()) {
        outbox.send(Reply{.transaction = input.transaction, .status = 481});
        return;
    }
    const auto pending = call.reliable.front();
    call.reliable.erase(call.reliable.begin());
    const bool answers = pending.leg && call.early_answer &&
                         call.early_answer->of == pending.leg && call.early_answer->offers;
    const bool offers = has_body(input.payload) && !answers;
    auto* leg = call.find(pending.leg);
    // Of the exchange's own response, or of a phone that is gone: what it offers nobody answers, as
    // the 200 would have to (RFC 3262 §5).
    if (!leg || leg->state == LegState::terminated) {
        outbox.send(Reply{.transaction = input.transaction, .status = offers ? 488U : 200U});
        return;
    }
    auto payload = has_body(input.payload) ? input.payload : pending.answer;
    if (answers && has_body(payload) && !has_body(call.offer)) {
        call.offer = payload;  // from now on the caller's session is known, as if it had offered
        if (note_hold(caller, payload, SdpRole::answer)) announce(caller, outbox);
    }
    const auto forwarded = transaction_ids_.next();
    call.relays.push_back({.method = Method::prack,
                           .from = caller.id,
                           .request = input.transaction,
                           .to = leg->id,
                           .forwarded = forwarded,
                           .payload = payload,
                           .offers = offers});
    request(*leg,
            {.transaction = forwarded,
             .method = Method::prack,
             .acknowledges = pending.invite,
             .rack_rseq = pending.rseq,
             .early_tag = pending.to_tag,
             .payload = std::move(payload)},
            outbox);
}

}  // namespace lampline
