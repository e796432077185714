// What a transferor is told of its REFER: the subscription that comes with it, within the dialog of
// the call (RFC 3515 §2.4).
#include <algorithm>

#include "base/text.hpp"
#include "core/dialog_filter.hpp"
#include "core/refer.hpp"
#include "engine/call_engine.hpp"
#include "engine/sipfrag.hpp"

namespace lampline {
namespace {

/// As long as a phone may ring, and somebody take his time.
constexpr std::chrono::seconds report_lifetime{180};

std::string_view event_of(const PayloadRef& payload) noexcept
{
    if (payload)
        for (const auto& header : payload->headers)
            if (header.name == "Event") return header.value;
    return {};
}

std::string name_of(const Leg& transferor)
{
    return transferor.names_refer ? "refer;id=" + std::to_string(transferor.refer_cseq) : "refer";
}

}  // namespace

void CallEngine::report(Call& call, unsigned status, std::string_view phrase, bool final,
                        Moment now, Outbox& outbox, std::span<const Header> why)
{
    refer_subscriptions_.report(call.id, status, phrase, final, now, outbox, why);
    Transfer& transfer = *call.transfer;
    Leg* transferor = call.find(transfer.transferor);
    if (!transfer.reports || !transferor || transferor->state == LegState::terminated) return;
    transfer.reported = status;
    const auto transaction =
        notify_referrer(*transferor, status, phrase, final ? 0s : report_lifetime, outbox, why);
    if (final) transfer.last_report = transaction;
}

ClientTransactionId CallEngine::notify_referrer(Leg& transferor, unsigned status,
                                                std::string_view phrase, std::chrono::seconds left,
                                                Outbox& outbox, std::span<const Header> why)
{
    const auto transaction = transaction_ids_.next();
    request(transferor,
            {.transaction = transaction,
             .method = Method::notify,
             .headers = {{"Event", name_of(transferor)},
                         {"Subscription-State",
                          left == 0s ? "terminated;reason=noresource"
                                     : "active;expires=" + std::to_string(left.count())}},
             .payload = std::make_shared<const Payload>(
                 Payload{std::string{sipfrag_type}, sipfrag(status, phrase, why), {}})},
            outbox);
    return transaction;
}

void CallEngine::receive_subscribe(Call& call, Leg& leg, const RequestReceived& input,
                                   Outbox& outbox)
{
    Reply reply{.transaction = input.transaction, .status = 481};
    const auto event = event_of(input.payload);
    if (!same_word(trimmed(event.substr(0, event.find(';'))), "refer")) {
        reply.status = 501;
        reply.phrase = "Not Handled In A Call";
        return outbox.send(std::move(reply));
    }
    const auto id = event_id(event);
    const bool named = id.empty() || id == std::to_string(leg.refer_cseq);
    if (!named || !call.transfer || call.transfer->transferor != leg.id || !call.transfer->reports)
        return outbox.send(std::move(reply));
    Transfer& transfer = *call.transfer;
    const auto left = std::min(input.expires.value_or(report_lifetime), report_lifetime);
    reply.status = 200;
    reply.headers.push_back({"Expires", std::to_string(left.count())});
    outbox.send(std::move(reply));
    notify_referrer(leg, transfer.reported, words_of_progress(transfer.reported), left, outbox);
    transfer.reports = left > 0s;
}

}  // namespace lampline
