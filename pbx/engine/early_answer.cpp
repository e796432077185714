#include "engine/early_answer.hpp"

#include "core/sdp.hpp"

namespace lampline {

PayloadRef without_body(const PayloadRef& payload)
{
    if (!payload || payload->headers.empty()) return nullptr;
    return std::make_shared<const Payload>(Payload{{}, {}, payload->headers});
}

void tell_progress(Call& call, Reply reply, Outbox& outbox)
{
    if (call.caller().needs_reliable && !reply.reliable) {
        if (call.reliable.size() >= most_unacknowledged) return;
        call.reliable.push_back({});
        reply.required = reply.required | OptionTag::reliable;
        reply.reliable = true;
    }
    outbox.send(std::move(reply));
}

PayloadRef told_after_early(Call& call, const Leg& leg, const PayloadRef& payload)
{
    if (!call.early_answer) return payload;
    auto& early = *call.early_answer;
    const bool others = early.of != leg.id;
    if (!has_body(payload)) {
        early.stale = others;
        return payload;
    }
    const bool same = payload->body == early.sdp->body;
    if (same && !(others && early.offers)) {
        early.stale = false;
        return payload;
    }
    early.stale = others && early.offers;
    if (!early.stale && (others || !early.moved))
        early.stale = !same_media(payload->body, early.sdp->body);
    return without_body(payload);
}

}  // namespace lampline
